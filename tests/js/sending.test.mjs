import assert from "node:assert/strict";
import { test } from "node:test";

import { kindOf, problemWords, sentWords, slugOf, stageWords } from "../../static/js/lib/sending.js";

test("how much was sent", () => {
  assert.equal(sentWords(1_250_000, 26_000_000), "1.3 of 26 MB sent");
});

test("a short name from the name of a file", () => {
  assert.equal(slugOf("Mein Größtes Modell (v2).safetensors"), "Mein-Gro-tes-Modell-v2");
  assert.equal(slugOf("__a__.ZIP"), "__a__");
  assert.equal(slugOf("x".repeat(80)).length, 50);
});

test("the kind follows from the ending", () => {
  assert.equal(kindOf("a.Safetensors"), "checkpoint");
  assert.equal(kindOf("pieces.zip"), "collection");
  assert.equal(kindOf("weights.pt"), "");
});

test("the server's own words come first", () => {
  assert.equal(problemWords(413, '{"error": {"message": "Too large."}}'), "Too large.");
  assert.equal(problemWords(502, "<html>"), "The server refused it (502).");
  assert.match(problemWords(0, ""), /connection broke/);
});

test("what is happening", () => {
  const upload = { status: "checked", stage: "", done: 0, total: 0, ahead: 2, received: 5, length: 5 };
  assert.equal(stageWords(upload), "Waiting for a worker; 2 uploads come first.");
  assert.equal(stageWords({ ...upload, ahead: 1 }), "Waiting for a worker; 1 upload comes first.");
  assert.equal(stageWords({ ...upload, ahead: 0 }), "Waiting for a worker.");
  assert.equal(stageWords({ ...upload, stage: "ATB", done: 3, total: 79 }), "Now: ATB, 3 of 79");
  assert.equal(stageWords({ ...upload, stage: "checks" }), "Now: checks");
  assert.match(stageWords({ ...upload, status: "receiving" }), /0.0 of 0.0 MB sent/);
  assert.equal(stageWords({ ...upload, status: "published" }), "Published.");
});
