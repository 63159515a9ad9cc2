// "Did you know this piece?": three buttons, saved at once; the choice can be changed at any time.

import { sendKnew } from "./network/api.js";

const options = (question) => question.querySelectorAll("[data-value]");

function note(question, text) {
  question.querySelector("[data-knew-note]").textContent = text;
}

export function showKnew(question, value, text = "") {
  for (const option of options(question)) {
    option.setAttribute("aria-pressed", String(option.dataset.value === value));
  }
  note(question, text);
}

const pressed = (question) =>
  question.querySelector('[aria-pressed="true"]')?.dataset.value ?? "";

let saved = Promise.resolve();

// Before the next round: waits for an answer on its way, or says that none was given. From then on
// the reveal is not shown again. If that cannot be said now, the listener goes on all the same.
export async function settle(question, round) {
  await (pressed(question) ? saved : sendKnew(round, "passed")).catch(() => {});
}

export function bindKnew(question, roundId) {
  const save = async (value) => {
    const before = pressed(question);
    const round = roundId();
    showKnew(question, value);
    try {
      saved = sendKnew(round, value);
      await saved;
      if (roundId() === round) note(question, "Noted, thank you.");
    } catch {
      if (roundId() === round) showKnew(question, before, "That was not saved. Please try again.");
    }
  };
  for (const option of options(question)) {
    option.addEventListener("click", () => save(option.dataset.value));
  }
}
