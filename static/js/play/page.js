// What the scripts of the play page share: the round's state, and the page that shows it.

import { keep } from "../kept.js";
import { SIDES, heardReport, isLoaded, isOpen, mayAnswer, step, unheard, unknown } from "../lib/round.js";
import { codeOf } from "../lib/trouble.js";
import { lockedLine } from "../lib/words.js";
import { Backoff } from "../network/backoff.js";
import { PlayNotes } from "../network/notes.js";
import { showProblem } from "../problem.js";

export const page = document.querySelector("[data-play-page]");
export const part = (name) => page.querySelector(`[data-${name}]`);

// `ahead`: the next game and its clips, while the reveal is read.
export const play = {
  state: unknown(),
  clips: {},
  loading: null,
  ahead: null,
  asking: new Backoff(),
  lastPlayed: "left",
  refetched: false,
  leaving: false,
};

export const failed = (code) => dispatch({ type: "failed", problem: { code } });
export const failedAt = (doing) => (error) => failed(codeOf(error, doing, { isOnline: navigator.onLine !== false }));
export const notes = new PlayNotes({ isCurrent: (round) => play.state.id === round && isOpen(play.state), tooLate: failedAt("note") });

export function dispatch(event) {
  const couldAnswer = mayAnswer(play.state);
  play.state = step(play.state, event);
  if (event.type === "heard" || event.type === "chosen" || event.type === "refused") remember();
  render();
  if (!couldAnswer && mayAnswer(play.state)) say("You can answer now.");
}

function remember() {
  keep(play.state.id, { heard: heardReport(play.state), chosen: play.state.chosen });
}

export function render() {
  for (const side of SIDES) play.clips[side].render(play.state, side);
  const line = isOpen(play.state)
    ? lockedLine({ isLoaded: isLoaded(play.state), unheard: unheard(play.state), needed: play.state.listenSeconds })
    : "";
  if (part("locked").textContent !== line) part("locked").textContent = line;
  showProblem(page, play.state.problem);
}

// Once, and politely.
export function say(text) {
  part("announce").textContent = text;
}
