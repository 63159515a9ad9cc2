// Says on the page what went wrong, or leaves for the page that explains it.

import { troubleOf } from "./lib/trouble.js";

// Written only when it changes, so that a screen reader hears it once.
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function showProblem(page, problem) {
  const part = (name) => page.querySelector(`[data-${name}]`);
  part("problem").hidden = !problem;
  if (!problem) return;
  const { text, action } = troubleOf(problem);
  write(part("problem-text"), text);
  write(part("problem-action"), action ?? "");
  part("problem-action").hidden = !action;
}

// Whether another page explains the error; if so, the browser goes there.
export function leave(page, { code }) {
  const { home, waiting, heardAll } = page.dataset;
  const address = { no_game: home, no_pairs: waiting, heard_all: heardAll }[code];
  if (address) window.location.assign(address);
  return Boolean(address);
}
