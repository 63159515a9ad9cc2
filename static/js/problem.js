// Says on the page what went wrong, or leaves for the page that explains it.

import { troubleOf } from "./lib/trouble.js";

export function showProblem(page, problem) {
  const part = (name) => page.querySelector(`[data-${name}]`);
  part("problem").hidden = !problem;
  if (!problem) return;
  const { text, action } = troubleOf(problem);
  part("problem-text").textContent = text;
  part("problem-action").textContent = action ?? "";
  part("problem-action").hidden = !action;
}

// Whether another page explains the error; if so, the browser goes there.
export function leave(page, { code }) {
  const { home, waiting, heardAll } = page.dataset;
  const address = { no_game: home, no_pairs: waiting, heard_all: heardAll }[code];
  if (address) window.location.assign(address);
  return Boolean(address);
}
