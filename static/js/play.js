// Wires the play page: events go through the state machine, the page shows the state.
// The server decides which round this is. Whenever in doubt, ask it again.

import * as api from "./api.js";
import { Clip } from "./clip.js";
import { bindKeys } from "./keys.js";
import { bindKnew, settle } from "./knew.js";
import { SIDES, begin, heardReport, isLoaded, isOpen, mayAnswer, other, playNote, revealed, step, unknown } from "./lib/round.js";
import { troubleOf } from "./lib/trouble.js";
import { PlayNotes } from "./notes.js";
import { leave, showProblem } from "./problem.js";
import { showProgress } from "./progress.js";
import { hideReveal, showReveal } from "./reveal.js";

const page = document.querySelector("[data-play-page]");
const part = (name) => page.querySelector(`[data-${name}]`);

let state = unknown();
let lastPlayed = "left";
let [refetched, leaving] = [false, false];

const clips = Object.fromEntries(
  SIDES.map((side) => [
    side,
    new Clip(page.querySelector(`[data-clip="${side}"]`), {
      play: (fromStart) => played(side, fromStart),
      stop: () => stopped(side),
      heard: (seconds) => dispatch({ type: "heard", side, seconds }),
      end: () => dispatch({ type: "ended", side }),
      fail: () => failed("sound"),
      choose: () => choose(side),
    }),
  ]),
);

const failed = (code) => dispatch({ type: "failed", problem: { code } });
const notes = new PlayNotes({ isCurrent: (round) => state.id === round && isOpen(state), tooLate: failed });

function dispatch(event) {
  state = step(state, event);
  render();
}

function render() {
  for (const side of SIDES) clips[side].render(state, side);
  showProblem(page, state.problem);
}

// --- a round comes up ---------------------------------------------------------------------------

function adopt(next) {
  if (next.reveal) showAgain(next);
  else if (next.finished || !next.round) window.location.assign(page.dataset.home);
  else comeUp(begin(next.round), next.rounds);
}

// The answer counts, but its reveal may not have been seen: its reply was lost, or the page reloaded.
function showAgain({ reveal, rounds }) {
  comeUp(revealed(reveal), rounds);
  showReveal(page, reveal);
}

function comeUp(round, rounds) {
  state = round;
  notes.begin();
  hideReveal(page);
  showProgress(page, { number: round.number, rounds });
  for (const side of SIDES) clips[side].reset();
  render();
  loadClips();
}

// Both are fetched whole, at the same time and in the same way.
async function loadClips() {
  const round = state.id;
  try {
    const blobs = await Promise.all(SIDES.map((side) => api.clip(state.clips[side].url)));
    if (state.id !== round) return;
    SIDES.forEach((side, index) => {
      clips[side].player.load(blobs[index], state.clips[side].seconds);
      dispatch({ type: "ready", side });
    });
    refetched = false;
  } catch (error) {
    if (state.id === round) await clipsFailed(error);
  }
}

// Clip addresses expire. Try once with fresh ones before telling the listener.
async function clipsFailed(error) {
  if (error.code === "clip" && !refetched && state.phase === "loading") {
    refetched = true;
    await refresh();
    return;
  }
  failed(error.code === "clip" ? "expired" : "loading");
}

async function refresh() {
  let next;
  try {
    next = await api.fetchRound(page.dataset.study);
  } catch (error) {
    if (!leave(page, error)) failed("loading");
    return;
  }
  adopt(next);
  part("title").focus({ preventScroll: true });
}
// --- listening ----------------------------------------------------------------------------------

function played(side, fromStart) {
  clips[other(side)].player.pause();
  lastPlayed = side;
  dispatch({ type: "playing", side, fromStart });
  if (state.phase !== "listening") return;
  if (fromStart) notes.started(side);
  noteHeard(side);
}

function stopped(side) {
  dispatch({ type: "stopped", side });
  noteHeard(side);
}

function noteHeard(side) {
  if (state.phase === "listening") notes.send(state.id, playNote(state, side));
}

// --- answering ----------------------------------------------------------------------------------

async function choose(side) {
  if (!mayAnswer(state)) return;
  for (const each of SIDES) clips[each].player.pause();
  dispatch({ type: "chosen", side });
  try {
    const reveal = await api.sendAnswer(state.id, { chosen: side, heard: heardReport(state) });
    dispatch({ type: "revealed", reveal });
    showReveal(page, reveal);
  } catch (error) {
    dispatch({ type: "refused", problem: { code: error.code, side } });
    part("problem-action").focus();
  }
}

async function next() {
  if (state.phase !== "feedback" || leaving) return;
  leaving = true;
  await settle(part("knew"), state.id);
  const { game_finished, result_url } = state.reveal;
  if (game_finished) return window.location.assign(result_url);
  await refresh();
  leaving = false;
  window.scrollTo({ top: 0 });
}

// --- recovering from problems -------------------------------------------------------------------

function wayOut() {
  const { code, side } = state.problem;
  const { retry } = troubleOf(state.problem);
  dispatch({ type: "cleared" });
  if (retry === "answer") choose(side);
  else if (retry === "page") window.location.assign(page.dataset.home);
  else if (code === "loading" && state.id && !isLoaded(state)) loadClips();
  else refresh();
}

// Notices a round answered in another tab when this tab comes back to the front.
async function catchUp() {
  if (document.visibilityState !== "visible" || !isOpen(state)) return;
  const round = state.id;
  try {
    const current = await api.currentGame(page.dataset.study);
    if (state.id !== round || !isOpen(state)) return;
    if (current.round?.id === round) return;
    await refresh();
    part("announce").textContent = "You continued this game in another tab. Here is where it stands.";
  } catch (error) {
    leave(page, error);
  }
}

// --- start --------------------------------------------------------------------------------------

part("next").addEventListener("click", next);
part("problem-action").addEventListener("click", wayOut);
bindKnew(part("knew"), () => state.id);
bindKeys({
  toggle: (side) => clips[side].player.toggleButton.click(),
  space: () => clips[lastPlayed].player.toggleButton.click(),
  choose,
  onward: next,
});
document.addEventListener("visibilitychange", catchUp);
window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
window.addEventListener("pagehide", () => state.playing && noteHeard(state.playing));
const stored = JSON.parse(document.getElementById("round-data").textContent);
if (stored.reveal) showAgain(stored);
else refresh();
