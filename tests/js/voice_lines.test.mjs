import assert from "node:assert/strict";
import { test } from "node:test";

import { barsOf, laneWords, marksOf, merged, notesOf, pictures, stepAt, sumWords } from "../../static/js/lib/voice_lines.js";

const BARS = { steps: 40, bars: [8, 24], lead: 0.25, step: 0.2 };
const held = [[40, 60]];
const clip = (side, alto) => ({ side, ...BARS, voices: { soprano: held, alto, tenor: held, bass: held } });
const LEFT = clip("left", [[8, 65], [8, 67], [8, -1], [16, 65]]);
const RIGHT = clip("right", [[8, 65], [4, 67], [4, 69], [8, -1], [16, 64]]);
const REVEAL = { paired: true, notes: [LEFT, RIGHT], bach: "left", composer: "Flagship" };
const alto = (picture) => picture.lanes[1];

test("runs become notes, and rests become room between them", () => {
  assert.deepEqual(notesOf([[4, 60], [2, -1], [6, 62]]), [
    { start: 0, length: 4, pitch: 60 },
    { start: 6, length: 6, pitch: 62 },
  ]);
});

test("stretches that touch or overlap are one", () => {
  const notes = [[8, 4], [0, 4], [2, 4], [12, 1]].map(([start, length]) => ({ start, length }));
  assert.deepEqual(merged(notes), [[0, 6], [8, 13]]);
});

test("a note is the same in both clips if it begins, ends and sounds alike", () => {
  const [picture] = pictures(REVEAL);
  const shared = alto(picture).lines.map(({ notes }) => notes.map((note) => note.shared));
  assert.deepEqual(shared, [[true, false, false], [true, false, false, false]]);
  assert.deepEqual(alto(picture).spans, [[8, 16], [24, 40]]);
  assert.deepEqual(picture.lanes[0].spans, []);
});

test("clips of different pieces get a picture each, in which nothing is marked", () => {
  const drawn = pictures({ ...REVEAL, paired: false });
  assert.deepEqual(drawn.map(({ sides }) => sides), [["left"], ["right"]]);
  assert.deepEqual(drawn.flatMap(({ lanes }) => lanes.flatMap(({ spans }) => spans)), []);
  assert.equal(laneWords(alto(drawn[1]), drawn[1], "right"), "Alto of clip 2: 4 notes.");
});

test("without notes there is no picture", () => {
  assert.deepEqual(pictures({ ...REVEAL, notes: [] }), []);
});

test("each lane is told in words, by the machine's clip", () => {
  const [picture] = pictures(REVEAL);
  assert.equal(laneWords(picture.lanes[0], picture, "right"), "Soprano: the same in both clips.");
  const words = "Alto: 3 of the 4 notes of clip 2 differ, in bars 1 and 2.";
  assert.equal(laneWords(alto(picture), picture, "right"), words);
  assert.equal(sumWords(picture, REVEAL), "3 of the 7 notes in Flagship’s clip are not Bach’s.");
});

test("where the machine only leaves out notes, Bach's are counted", () => {
  const right = clip("right", [[8, 65], [16, -1], [16, 65]]);
  const [picture] = pictures({ ...REVEAL, notes: [LEFT, right] });
  const words = "Alto: 1 of the 3 notes of clip 1 differ, in bar 1.";
  assert.equal(laneWords(alto(picture), picture, "right"), words);
});

test("bars count from the first bar line; before it is the upbeat", () => {
  assert.deepEqual(barsOf([[0, 9]], BARS.bars, BARS.steps), [0, 1]);
  assert.deepEqual(barsOf([[24, 25]], [0, 16, 32], 40), [2]);
  const [all] = pictures({ ...REVEAL, notes: [LEFT, clip("right", [[40, 70]])] });
  assert.match(laneWords(alto(all), all, "right"), /in every bar\.$/);
});

test("the place in the music is a step, and stays inside", () => {
  assert.equal(stepAt(BARS, 0), 0);
  assert.equal(stepAt(BARS, 2.25), 10);
  assert.equal(stepAt(BARS, 100), 40);
});

test("a lane has room for the highest and the lowest note, and is never too narrow", () => {
  const [picture] = pictures(REVEAL);
  assert.ok(alto(picture).low <= 64 && alto(picture).high >= 69);
  assert.ok(picture.lanes[0].high - picture.lanes[0].low >= 7);
});

test("a voice is marked on the note that sounds there, once for each step, and on no rest", () => {
  const notes = notesOf([[4, 60], [4, 62], [4, -1], [4, 64]]);
  const mark = (step, ...voices) => ({ step, voices });
  const marks = [mark(4, "alto", "bass"), mark(6, "alto"), mark(4, "alto"), mark(8, "alto"), mark(12, "bass")];
  assert.deepEqual(marksOf("alto", notes, marks), [{ step: 4, pitch: 62 }, { step: 6, pitch: 62 }]);
  assert.deepEqual(marksOf("tenor", notes, marks), []);
  assert.deepEqual(marksOf("alto", notes), []);
});
