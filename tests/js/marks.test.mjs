import assert from "node:assert/strict";
import { test } from "node:test";

import { marksLead, openAndMore } from "../../static/js/lib/marks.js";

const marks = (count) => Array.from({ length: count }, (_, index) => ({ sentence: `Bar ${index + 1}` }));
const reveal = (changes = {}, counts = [1, 0]) => ({
  ...{ paired: true, bach: "left", written: ["alto", "tenor"], part: "" },
  ...changes,
  notes: counts.map((count) => ({ marks: marks(count) })),
});

test("the sentence above names the voices that both clips are looked at in", () => {
  const ending = "each clip. Bach broke these rules too, now and then.";
  assert.equal(marksLead(reveal()), `What a counterpoint teacher would mark in the alto and tenor of ${ending}`);
  const all = { written: ["soprano", "alto", "tenor", "bass"] };
  const everywhere = `What a counterpoint teacher would mark in ${ending}`;
  for (const changes of [all, { paired: false }, { bach: null, written: [] }]) {
    assert.equal(marksLead(reveal(changes)), everywhere);
  }
  const half = marksLead(reveal({ ...all, part: "the second half" }));
  assert.equal(half, `What a counterpoint teacher would mark in the second half of ${ending}`);
});

test("where there is nothing to mark, it says so in a sentence", () => {
  const words = "A counterpoint teacher would mark nothing in the bass of either clip.";
  assert.equal(marksLead(reveal({ written: ["bass"] }, [0, 0])), words);
});

test("three sentences are open, or all four", () => {
  const counts = [0, 3, 4, 5, 9].map((count) => openAndMore(marks(count)).map(({ length }) => length));
  assert.deepEqual(counts, [[0, 0], [3, 0], [4, 0], [3, 2], [3, 6]]);
});
