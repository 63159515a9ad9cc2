// Wires the play page: events go through the state machine, the page shows the state.
// The server decides which round this is. Whenever in doubt, ask it again.

import * as api from "./api.js";
import { Clip } from "./clip.js";
import { bindKeys } from "./keys.js";
import { bindKnew } from "./knew.js";
import { SIDES, begin, heardReport, mayAnswer, other, step } from "./lib/round.js";
import { troubleOf } from "./lib/trouble.js";
import { showProgress } from "./progress.js";
import { hideReveal, showReveal } from "./reveal.js";

const RETRY_MS = 2000;
// The server sends these visitors to a page that explains what has happened.
const HANDLED_BY_SERVER = ["no_game", "no_pairs", "heard_all"];

const page = document.querySelector("[data-play-page]");
const part = (name) => page.querySelector(`[data-${name}]`);
const home = page.dataset.home;

let state = null;
let lastPlayed = "left";
let refetched = false;

const clips = Object.fromEntries(
  SIDES.map((side) => [
    side,
    new Clip(page.querySelector(`[data-clip="${side}"]`), {
      play: (fromStart) => played(side, fromStart),
      stop: () => dispatch({ type: "stopped", side }),
      heard: (seconds) => dispatch({ type: "heard", side, seconds }),
      end: () => dispatch({ type: "ended", side }),
      fail: () => dispatch({ type: "failed", problem: { code: "sound" } }),
      choose: () => choose(side),
    }),
  ]),
);

function dispatch(event) {
  state = step(state, event);
  render();
}

function render() {
  for (const side of SIDES) clips[side].render(state, side);
  const trouble = state.problem && troubleOf(state.problem);
  part("problem").hidden = !trouble;
  if (!trouble) return;
  part("problem-text").textContent = trouble.text;
  part("problem-action").textContent = trouble.action ?? "";
  part("problem-action").hidden = !trouble.action;
}

function announce(text) {
  part("announce").textContent = text;
}

// --- a round comes up ---------------------------------------------------------------------------

function adopt(next) {
  if (next.finished || !next.round) {
    window.location.assign(home);
    return;
  }
  state = begin(next.round);
  hideReveal(page);
  showProgress(page, next);
  for (const side of SIDES) clips[side].reset();
  render();
  loadClips();
}

// Both clips are fetched whole, at the same time and in the same way.
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
  if (error.code === "clip" && !refetched) {
    refetched = true;
    await refresh();
    return;
  }
  dispatch({ type: "failed", problem: { code: error.code === "clip" ? "expired" : "loading" } });
}

async function refresh() {
  try {
    adopt(await api.currentGame());
    part("title").focus({ preventScroll: true });
  } catch (error) {
    if (HANDLED_BY_SERVER.includes(error.code)) window.location.assign(home);
    else dispatch({ type: "failed", problem: { code: "loading" } });
  }
}

// --- listening ----------------------------------------------------------------------------------

function played(side, fromStart) {
  clips[other(side)].player.pause();
  lastPlayed = side;
  dispatch({ type: "playing", side, fromStart });
  if (fromStart && state.phase === "listening") notePlay(state.id, side);
}

// The server counts by its own clock, so a lost note is sent again.
async function notePlay(round, side) {
  try {
    await api.notePlay(round, side);
  } catch (error) {
    if (state.id !== round) return;
    if (error.code === "answered") dispatch({ type: "failed", problem: { code: "answered" } });
    if (error.code === "network") setTimeout(() => notePlay(round, side), RETRY_MS);
  }
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
  if (state.phase !== "feedback") return;
  if (state.reveal.game_finished) {
    window.location.assign(state.reveal.result_url);
    return;
  }
  await refresh();
  window.scrollTo({ top: 0 });
}

// --- recovering from problems -------------------------------------------------------------------

function wayOut() {
  const { code, side } = state.problem;
  const { retry } = troubleOf(state.problem);
  dispatch({ type: "cleared" });
  if (retry === "answer") choose(side);
  else if (retry === "page") window.location.assign(home);
  else if (code === "loading" && state.phase === "loading") loadClips();
  else refresh();
}

// Notices a round answered in another tab when this tab comes back to the front.
async function catchUp() {
  if (document.visibilityState !== "visible" || !["loading", "listening"].includes(state.phase)) return;
  const round = state.id;
  try {
    const current = await api.currentGame();
    if (state.id !== round || state.phase === "answered") return;
    if (current.round?.id === round) return;
    adopt(current);
    announce("You continued this game in another tab. Here is its current round.");
  } catch (error) {
    if (HANDLED_BY_SERVER.includes(error.code)) window.location.assign(home);
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
window.addEventListener("pageshow", (event) => event.persisted && refresh());
adopt(JSON.parse(document.getElementById("round-data").textContent));
