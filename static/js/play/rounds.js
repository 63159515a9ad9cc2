// How a round comes up, with its clips, and how its answer is sent.

import { kept } from "../kept.js";
import { SIDES, begin, heardReport, revealed } from "../lib/round.js";
import { codeOf, mayPass } from "../lib/trouble.js";
import { Answering } from "../network/answering.js";
import * as api from "../network/api.js";
import { Backoff } from "../network/backoff.js";
import { Loading } from "../network/loading.js";
import { leave } from "../problem.js";
import { showProgress } from "../progress.js";
import { hideReveal, showReveal } from "../reveal.js";
import { dispatch, failedAt, notes, page, part, play, render, say } from "./page.js";

export const answering = new Answering();

function adopt(next) {
  if (next.reveal) showAgain(next);
  else if (next.finished || !next.round) window.location.assign(page.dataset.home);
  else takeUp(next);
}

function takeUp({ round, rounds }) {
  const { heard, chosen } = kept(round.id);
  comeUp(begin(round, heard), rounds);
  if (chosen) {
    dispatch({ type: "resumed", side: chosen });
    send();
  }
}

// The answer counts, but its reveal may not have been seen: its reply was lost, or the page reloaded.
export function showAgain({ reveal, rounds }) {
  comeUp(revealed(reveal), rounds);
  showReveal(page, reveal);
  fetchAhead();
}

function comeUp(round, rounds) {
  play.state = round;
  notes.begin();
  say("");
  hideReveal(page);
  showProgress(page, { number: round.number, rounds });
  for (const side of SIDES) play.clips[side].reset();
  render();
  loadClips();
}

const clipsOf = (round) => SIDES.map((side) => round.clips[side]);

// Both are fetched whole, at the same time and in the same way.
async function loadClips() {
  const round = play.state.id;
  startLoading();
  try {
    const blobs = await play.loading.blobs();
    if (play.state.id !== round) return;
    SIDES.forEach((side, index) => {
      play.clips[side].player.load(blobs[index], play.state.clips[side].seconds);
      dispatch({ type: "ready", side });
    });
    play.refetched = false;
  } catch (error) {
    if (play.state.id === round) await clipsFailed(error);
  }
}

// What was fetched ahead is taken, as far as it is.
function startLoading() {
  const fetched = play.ahead?.loading;
  play.ahead = null;
  if (play.loading) play.loading.drop();
  play.loading = fetched?.isOf(clipsOf(play.state)) ? fetched : new Loading(clipsOf(play.state));
  if (fetched && fetched !== play.loading) fetched.drop();
  play.loading.watch({
    progress: (loaded) => dispatch({ type: "arrived", loaded }),
    stuck: (error) => play.state.phase === "answered" || failedAt("loading")(error),
  });
}

// Clip addresses expire. Try once with fresh ones before telling the listener.
async function clipsFailed(error) {
  if (error.code === "clip" && !play.refetched && play.state.phase === "loading") {
    play.refetched = true;
    await refresh();
    return;
  }
  failedAt("loading")(error);
}

// Asks the server for the round to play, until it says.
export async function refresh() {
  const round = play.state.id;
  play.asking = new Backoff();
  const next = await askForRound(round);
  if (!next || play.state.id !== round) return;
  // Whoever goes on from a reveal has seen it, even if the server could not be told.
  adopt(next.reveal?.round === round && play.leaving ? { ...next, reveal: null } : next);
  part("title").focus({ preventScroll: true });
}

async function askForRound(round) {
  while (play.state.id === round) {
    try {
      return await api.fetchRound(page.dataset.study);
    } catch (error) {
      if (leave(page, error)) return null;
      if (mayPass(error) && play.leaving && play.ahead) return { ...play.ahead.game, reveal: null };
      failedAt("round")(error);
      if (!mayPass(error)) return null;
    }
    await play.asking.wait();
  }
  return null;
}

// While the reveal is read, the next round's clips are fetched. Its button asks the server again.
async function fetchAhead() {
  const round = play.state.id;
  const isRead = () => play.state.id === round && !play.leaving;
  const backoff = new Backoff();
  while (isRead() && !play.state.reveal.game_finished) {
    try {
      const game = await api.fetchRound(page.dataset.study);
      if (!isRead() || !game.round) return;
      play.ahead = { game, loading: new Loading(game.round.clips) };
      await play.ahead.loading.blobs();
      return;
    } catch (error) {
      // The next round says what is wrong.
      if (!mayPass(error)) return;
    }
    await backoff.wait();
  }
}

export async function send() {
  const round = play.state.id;
  const answer = () => ({ chosen: play.state.chosen, heard: heardReport(play.state), notes: notes.unconfirmed });
  try {
    const reveal = await answering.reveal(round, answer, failedAt("answer"));
    dispatch({ type: "revealed", reveal });
    showReveal(page, reveal);
    fetchAhead();
  } catch (error) {
    dispatch({ type: "refused", problem: { code: codeOf(error, "answer") } });
    part("problem-action").focus();
  }
}
