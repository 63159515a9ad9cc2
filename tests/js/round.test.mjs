import assert from "node:assert/strict";
import { test } from "node:test";

import {
  SIDES,
  begin,
  heardEnough,
  heardReport,
  isLoaded,
  mayAnswer,
  mayPlay,
  playNote,
  revealed,
  step,
  unknown,
} from "../../static/js/lib/round.js";

const ROUND = {
  id: "r1",
  number: 2,
  listen_seconds: 5,
  clips: [
    { side: "left", url: "/clips/a.mp3", seconds: 20 },
    { side: "right", url: "/clips/b.mp3", seconds: 20 },
  ],
};
const run = (events, state = begin(ROUND)) => events.reduce(step, state);
const ready = [{ type: "ready", side: "left" }, { type: "ready", side: "right" }];
const heard = (side, seconds) => ({ type: "heard", side, seconds });
const bothHeard = [...ready, heard("left", 5), heard("right", 5)];
const chosen = { type: "chosen", side: "left" };

test("a round listens only once both clips are ready", () => {
  assert.equal(run(ready.slice(0, 1)).phase, "loading");
  assert.equal(run(ready).phase, "listening");
});

test("a clip plays only when it is ready", () => {
  const state = run([ready[0], { type: "playing", side: "right", fromStart: true }]);
  assert.equal(state.playing, null);
  assert.equal(mayPlay(state, "left"), true);
  assert.equal(mayPlay(state, "right"), false);
});

test("one clip plays at a time and a late stop of the other changes nothing", () => {
  const state = run([
    ...ready,
    { type: "playing", side: "left", fromStart: true },
    { type: "playing", side: "right", fromStart: true },
    { type: "stopped", side: "left" },
  ]);
  assert.equal(state.playing, "right");
});

test("only starts from the beginning count as plays", () => {
  const state = run([
    ...ready,
    { type: "playing", side: "left", fromStart: true },
    { type: "stopped", side: "left" },
    { type: "playing", side: "left", fromStart: false },
  ]);
  assert.equal(state.clips.left.starts, 1);
});

test("answering is locked until each clip was heard long enough", () => {
  assert.equal(mayAnswer(run([...ready, heard("left", 60)])), false);
  assert.equal(mayAnswer(run([...ready, heard("left", 5), heard("right", 4.9)])), false);
  assert.equal(mayAnswer(run(bothHeard)), true);
});

test("even where no time is asked for, each clip must have sounded", () => {
  const state = run([...ready, heard("left", 0.1)], begin({ ...ROUND, listen_seconds: 0 }));
  assert.equal(heardEnough(state, "left"), true);
  assert.equal(heardEnough(state, "right"), false);
});

const ended = { type: "ended", side: "left" };

test("hearing a short clip to its end is enough", () => {
  const clips = ROUND.clips.map((clip) => ({ ...clip, seconds: 2.4 }));
  const state = run([...ready, heard("left", 2), ended], begin({ ...ROUND, clips }));
  assert.equal(heardEnough(state, "left"), true);
  assert.equal(heardEnough(state, "right"), false);
});

test("a jump to the end is no listening", () => {
  assert.equal(heardEnough(run([...ready, ended]), "left"), false);
  assert.equal(heardEnough(run([...ready, heard("left", 1), ended]), "left"), false);
  assert.equal(heardEnough(run([...ready, heard("left", 1), ended, heard("left", 4)]), "left"), true);
});

test("a locked answer changes nothing", () => {
  const state = run(ready);
  assert.equal(step(state, chosen), state);
});

test("an answer stops the music, waits, and cannot be given twice", () => {
  const state = run([...bothHeard, { type: "playing", side: "left", fromStart: true }, chosen]);
  assert.deepEqual([state.phase, state.chosen, state.playing], ["answered", "left", null]);
  assert.equal(step(state, { type: "chosen", side: "right" }), state);
});

test("the reveal is taken only after an answer", () => {
  const reveal = { correct: true };
  assert.equal(run([...bothHeard, { type: "revealed", reveal }]).reveal, null);
  const state = run([...bothHeard, chosen, { type: "revealed", reveal }]);
  assert.deepEqual([state.phase, state.reveal], ["feedback", reveal]);
});

test("a refused answer gives the choice back with the reason, and the next choice clears it", () => {
  const problem = { code: "too_early" };
  const state = run([...bothHeard, chosen, { type: "refused", problem }]);
  assert.deepEqual([state.phase, state.chosen, state.problem], ["listening", null, problem]);
  assert.equal(step(state, chosen).problem, null);
});

test("after the reveal clips play on but no more seconds are counted", () => {
  const state = run([...bothHeard, chosen, { type: "revealed", reveal: {} }]);
  assert.equal(mayPlay(state, "right"), true);
  assert.equal(step(state, heard("right", 3)).clips.right.heard, 5);
});

test("no clip plays while the answer is on its way", () => {
  assert.equal(mayPlay(run([...bothHeard, chosen]), "left"), false);
});

test("jumps backwards are never counted as heard", () => {
  const state = run([...ready, heard("left", -3), heard("left", Number.NaN)]);
  assert.equal(state.clips.left.heard, 0);
});

test("the report has the seconds of each side to the tenth", () => {
  assert.deepEqual(heardReport(run([...ready, heard("left", 5.04), heard("right", 7.26)])), {
    left: 5,
    right: 7.3,
  });
});

test("a failure is kept until it is cleared, in whatever phase", () => {
  const problem = { code: "network" };
  const state = run([{ type: "failed", problem }]);
  assert.equal(state.problem, problem);
  assert.equal(step(state, { type: "cleared" }).problem, null);
});

test("an unknown event is a bug and says so", () => {
  assert.throws(() => step(begin(ROUND), { type: "nonsense" }), /nonsense/);
});

test("no event changes the state it was given", () => {
  const frozen = Object.freeze(begin(ROUND));
  Object.freeze(frozen.clips.left);
  assert.doesNotThrow(() => run(bothHeard, frozen));
  assert.equal(frozen.clips.left.ready, false);
});

test("what was heard before a reload counts, and the next start has the next number", () => {
  const before = [{ side: "left", plays: 2, seconds: 5 }, { side: "right", plays: 1, seconds: 4.94 }];
  const state = run(ready, begin({ ...ROUND, heard: before }));
  assert.equal(heardEnough(state, "left"), true);
  assert.equal(heardEnough(state, "right"), false);
  const next = step(state, { type: "playing", side: "left", fromStart: true });
  assert.deepEqual(playNote(next, "left"), { side: "left", number: 3, heard: 5 });
  assert.deepEqual(playNote(next, "right"), { side: "right", number: 1, heard: 4.9 });
});

test("a clip that goes on from its middle counts as started once", () => {
  const state = run([...ready, heard("left", 1)]);
  assert.equal(playNote(state, "left").number, 1);
});

test("a reveal that was not seen comes up as feedback, with clips that can be played", () => {
  const reveal = { round: "r9", number: 3, clips: ROUND.clips, chosen: "right", bach: "left" };
  const state = revealed(reveal);
  assert.deepEqual([state.id, state.number, state.phase, state.chosen], ["r9", 3, "feedback", "right"]);
  assert.equal(state.reveal, reveal);
  assert.equal(isLoaded(state), false);
  const loaded = run(ready, state);
  assert.equal(loaded.phase, "feedback");
  assert.equal(mayPlay(loaded, "left"), true);
  assert.equal(mayAnswer(loaded), false);
});

test("before the server has said which round it is, nothing can be played or answered", () => {
  assert.equal(SIDES.some((side) => mayPlay(unknown(), side)), false);
  assert.equal(mayAnswer(unknown()), false);
});

test("what this tab heard counts too where the server knows less", () => {
  const before = [{ side: "left", plays: 1, seconds: 2 }, { side: "right", plays: 1, seconds: 4 }];
  const state = begin({ ...ROUND, heard: before }, { left: 5, right: 3 });
  assert.deepEqual(heardReport(state), { left: 5, right: 4 });
});

test("a choice of before a reload is sent again before the clips are loaded", () => {
  const state = run([{ type: "resumed", side: "right" }]);
  assert.deepEqual([state.phase, state.chosen], ["answered", "right"]);
  assert.equal(run(ready, state).phase, "answered");
  const refused = { type: "refused", problem: { code: "too_early" } };
  assert.equal(step(state, refused).phase, "loading");
  assert.equal(run([...ready, refused], state).phase, "listening");
});

test("clips that arrive take away what was said about them, but nothing about an answer", () => {
  const problem = { code: "loading" };
  const loaded = { received: 1, size: 2 };
  assert.equal(run([{ type: "failed", problem }, { type: "arrived", loaded }]).problem, null);
  const events = [{ type: "resumed", side: "left" }, { type: "failed", problem }, { type: "arrived", loaded }];
  assert.equal(run(events).problem, problem);
});
