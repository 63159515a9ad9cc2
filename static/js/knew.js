// "Did you know this piece?": three buttons, saved at once; the choice can be changed at any time.

import { sendKnew } from "./api.js";

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

// Whoever goes on without an answer passes: from then on the reveal is not shown again.
export function pass(question, round) {
  if (!pressed(question)) sendKnew(round, "passed").catch(() => {});
}

export function bindKnew(question, roundId) {
  const save = async (value) => {
    const before = pressed(question);
    const round = roundId();
    showKnew(question, value);
    try {
      await sendKnew(round, value);
      if (roundId() === round) note(question, "Noted, thank you.");
    } catch {
      if (roundId() === round) showKnew(question, before, "That was not saved. Please try again.");
    }
  };
  for (const option of options(question)) {
    option.addEventListener("click", () => save(option.dataset.value));
  }
}
