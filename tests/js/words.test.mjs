import assert from "node:assert/strict";
import { test } from "node:test";

import { about, bachLine, clock, heardLine, listed, loadingLine, lockedLine, othersLine, verdict, voiceAuthor, writtenLine } from "../../static/js/lib/words.js";

const REVEAL = { bach: "right", composer: "Flagship", written: ["alto", "tenor", "bass"], correct: false };

test("lists read as English", () => {
  assert.equal(listed([]), "");
  assert.equal(listed(["alto"]), "alto");
  assert.equal(listed(["alto", "tenor"]), "alto and tenor");
  assert.equal(listed(["alto", "tenor", "bass"]), "alto, tenor and bass");
});

test("a clock shows whole seconds", () => {
  assert.equal(clock(7.9), "0:07");
  assert.equal(clock(71), "1:11");
  assert.equal(clock(-1), "0:00");
});

test("the time heard never claims the goal too early", () => {
  assert.equal(heardLine(4.9, 5, false), "Heard 4 of 5 seconds");
  assert.equal(heardLine(5, 5, true), "Heard enough to answer");
});

test("loading says how far both clips are, and how long the rest takes where that is long", () => {
  assert.equal(loadingLine(), "Loading");
  assert.equal(loadingLine({ received: 5, size: null }), "Loading");
  assert.equal(loadingLine({ received: 120, size: 480, speed: 8, seconds: 15 }), "Loading 25%, about 45 seconds left");
  assert.equal(loadingLine({ received: 120, size: 480, speed: 120, seconds: 1 }), "Loading 25%");
  assert.equal(loadingLine({ received: 400, size: 480, speed: 80, seconds: 5 }), "Loading 83%");
  assert.equal(loadingLine({ received: 0, size: 480, speed: 0, seconds: 9 }), "Loading 0%");
  assert.equal(about(3), "about 5 seconds");
  assert.equal(about(200), "about 3 minutes");
});

test("a locked answer says what is missing", () => {
  const needed = 5;
  assert.match(lockedLine({ isLoaded: false, unheard: [], needed }), /as soon as both clips are loaded/);
  assert.equal(lockedLine({ isLoaded: true, unheard: ["left", "right"], needed }), "Listen to 5 seconds of each clip, then choose.");
  assert.equal(lockedLine({ isLoaded: true, unheard: ["right"], needed: 0.5 }), "Listen to 1 second of clip 2 too, then choose.");
  assert.equal(lockedLine({ isLoaded: true, unheard: [], needed }), "");
});

test("the reveal names Bach's clip, and the machine's with its voices", () => {
  assert.equal(bachLine(REVEAL), "Clip 2 is Bach");
  assert.equal(writtenLine(REVEAL), "In clip 1, Flagship wrote the alto, tenor and bass; the rest is Bach.");
  assert.equal(verdict(REVEAL), "Not this time.");
  assert.equal(verdict({ correct: true }), "You got it right.");
});

test("an answer that is neither right nor wrong gets no verdict", () => {
  assert.match(verdict({ correct: null, chosen: "left" }), /no answer was right or wrong/);
  assert.equal(verdict({ correct: null, chosen: null }), "You had no idea.");
});

test("a pair of two pieces by Bach names no machine", () => {
  const both = { ...REVEAL, bach: null, composer: null, written: [], part: "", condition: "" };
  assert.equal(bachLine(both), "Both clips are Bach");
  assert.equal(writtenLine(both), "");
});

test("a machine that wrote everything is said to have", () => {
  const all = { ...REVEAL, written: ["soprano", "alto", "tenor", "bass"] };
  assert.equal(writtenLine(all), "In clip 1, Flagship wrote all four voices.");
});

test("a machine that wrote a part of the time is said to have", () => {
  const all = { ...REVEAL, written: ["soprano", "alto", "tenor", "bass"] };
  const next = { ...all, condition: "NEXT", part: "the second half" };
  assert.equal(writtenLine(next), "In clip 1, Flagship wrote the second half; the rest is Bach.");
  assert.equal(voiceAuthor(next), "Bach, then Flagship");
  const gap = { ...all, condition: "GAP", part: "a gap in the middle" };
  assert.equal(writtenLine(gap), "In clip 1, Flagship filled a gap in the middle; the rest is Bach.");
  assert.equal(voiceAuthor(gap), "Bach, Flagship, Bach");
  assert.equal(voiceAuthor({ ...all, condition: "SATB", part: "" }), "Flagship");
});

test("how others did is a count and a percentage", () => {
  assert.equal(othersLine({ answers: 0, correct: 0 }), "You are the first to answer this pair.");
  assert.match(othersLine({ answers: 1, correct: 1 }), /One other listener .* right/);
  assert.match(othersLine({ answers: 1, correct: 0 }), /One other listener .* wrong/);
  assert.equal(othersLine({ answers: 12, correct: 8 }), "8 of 12 other listeners got it right (67%).");
});
