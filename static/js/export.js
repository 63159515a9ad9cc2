// How far an export is: asks the server every second until it has ended.

import { progressOf } from "./network/api.js";
import { isFinal, news, problemLine, waitAfter } from "./lib/polling.js";

const page = document.querySelector("[data-export]");
const part = (name) => page.querySelector(`[data-${name}]`);
let status = null;
let failures = 0;

function showProblem(error) {
  part("problem").hidden = !error;
  part("problem").textContent = error ? problemLine(error) : "";
}

function show(job) {
  part("bar").value = job.percent;
  part("line").textContent = job.line;
  const told = news(status, job);
  if (told !== null) part("news").textContent = told;
  status = job.status;
  if (!job.ended) return;
  part("file").hidden = !job.file;
  part("link").href = job.file;
  document.querySelector("[data-start]").hidden = false;
}

async function ask() {
  let ended = false;
  try {
    const job = await progressOf(page.dataset.url);
    failures = 0;
    showProblem(null);
    show(job);
    ended = job.ended;
  } catch (error) {
    failures += 1;
    showProblem(error);
    ended = isFinal(error);
  }
  if (!ended) setTimeout(ask, waitAfter(failures));
}

if (page?.dataset.url) ask();
