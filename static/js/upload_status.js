// The page of an upload follows it: asks every two seconds, and loads again when it has moved on.

import { progressOf } from "./network/api.js";
import { isFinal, waitAfter } from "./lib/polling.js";
import { stageWords } from "./lib/sending.js";

const EVERY_MS = 2000;
const MOVING = ["receiving", "quarantined", "checked"];

const card = document.querySelector("[data-upload]");
const bar = card.querySelector("[data-bar]");
let failures = 0;

async function look() {
  try {
    show(await progressOf(card.dataset.upload));
    failures = 0;
  } catch (error) {
    if (isFinal(error)) return;
    failures += 1;
  }
  follow();
}

function show(upload) {
  const hasFailed = Boolean(upload.failure) !== Boolean(card.dataset.failed);
  if (upload.status !== card.dataset.status || hasFailed) return location.reload();
  card.querySelector("[data-now]").textContent = stageWords(upload);
  bar.hidden = !upload.stage;
  bar.max = upload.total || 1;
  bar.value = upload.done;
}

function follow() {
  if (MOVING.includes(card.dataset.status)) setTimeout(look, failures ? waitAfter(failures) : EVERY_MS);
}

follow();
