// Wires the play page: events go through the state machine, the page shows the state.
// The server decides which round this is. Whenever in doubt, ask it again.

import { Clip } from "./clip.js";
import { bindKeys } from "./keys.js";
import { bindKnew, settle } from "./knew.js";
import { SIDES, isOpen, mayAnswer, other, playNote } from "./lib/round.js";
import { codeOf, troubleOf } from "./lib/trouble.js";
import * as api from "./network/api.js";
import { dispatch, failed, notes, page, part, play, say } from "./play/page.js";
import { answering, refresh, send, showAgain } from "./play/rounds.js";
import { leave } from "./problem.js";

play.clips = Object.fromEntries(
  SIDES.map((side) => [
    side,
    new Clip(page.querySelector(`[data-clip="${side}"]`), {
      play: (fromStart) => played(side, fromStart),
      stop: () => stopped(side),
      heard: (seconds) => dispatch({ type: "heard", side, seconds }),
      end: () => dispatch({ type: "ended", side }),
      fail: () => failed("sound"),
      choose: () => choose(side),
      locked: () => say("The clips are still loading."),
    }),
  ]),
);

// --- listening ----------------------------------------------------------------------------------

function played(side, fromStart) {
  play.clips[other(side)].player.pause();
  play.lastPlayed = side;
  dispatch({ type: "playing", side, fromStart });
  if (play.state.phase !== "listening") return;
  if (fromStart) notes.started(side);
  noteHeard(side);
}

function stopped(side) {
  dispatch({ type: "stopped", side });
  noteHeard(side);
}

function noteHeard(side) {
  if (play.state.phase === "listening") notes.send(play.state.id, playNote(play.state, side));
}

// --- answering ----------------------------------------------------------------------------------

function choose(side) {
  if (!mayAnswer(play.state)) {
    say(isOpen(play.state) ? part("locked").textContent : "");
    return;
  }
  for (const each of SIDES) play.clips[each].player.pause();
  dispatch({ type: "chosen", side });
  send();
}

async function next() {
  if (play.state.phase !== "feedback" || play.leaving) return;
  play.leaving = true;
  await settle(part("knew"), play.state.id);
  const { game_finished, result_url } = play.state.reveal;
  if (game_finished) return window.location.assign(result_url);
  await refresh();
  play.leaving = false;
  window.scrollTo({ top: 0 });
}

// --- recovering from problems -------------------------------------------------------------------

function wayOut() {
  const { retry } = troubleOf(play.state.problem);
  if (retry === "now") return hurry();
  dispatch({ type: "cleared" });
  if (retry === "start") window.location.assign(page.dataset.start);
  else if (retry === "page") window.location.assign(page.dataset.home);
  else refresh();
}

// Whatever waits for its next try tries now.
function hurry() {
  answering.hurry();
  play.asking.now();
  if (play.loading) play.loading.hurry();
}

// Notices a round answered in another tab when this tab comes back to the front.
async function catchUp() {
  if (document.visibilityState !== "visible" || !isOpen(play.state)) return;
  const round = play.state.id;
  try {
    const current = await api.currentGame(page.dataset.study);
    if (play.state.id !== round || !isOpen(play.state)) return;
    if (current.round?.id === round) return;
    await refresh();
    say("You continued this game in another tab. Here is where it stands.");
  } catch (error) {
    if (!leave(page, error) && codeOf(error, "round") === "gone") failed("gone");
  }
}

// --- start --------------------------------------------------------------------------------------

part("next").addEventListener("click", next);
part("problem-action").addEventListener("click", wayOut);
bindKnew(part("knew"), () => play.state.id);
bindKeys({
  toggle: (side) => play.clips[side].player.toggleButton.click(),
  space: () => play.clips[play.lastPlayed].player.toggleButton.click(),
  choose,
  onward: next,
});
document.addEventListener("visibilitychange", catchUp);
window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
window.addEventListener("pagehide", () => play.state.playing && noteHeard(play.state.playing));
document.documentElement.dataset.started = "";
const stored = JSON.parse(document.getElementById("round-data").textContent);
if (stored.reveal) showAgain(stored);
else refresh();
