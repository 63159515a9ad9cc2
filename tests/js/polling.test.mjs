import assert from "node:assert/strict";
import { test } from "node:test";

import { isFinal, news, problemLine, waitAfter } from "../../static/js/lib/polling.js";

test("the page asks every second, and less often after failures", () => {
  assert.deepEqual([0, 1, 2, 3].map(waitAfter), [1000, 2000, 4000, 8000]);
  assert.equal(waitAfter(100), 30_000);
});

test("only a refusal ends the asking", () => {
  assert.equal(isFinal({ status: 403 }), true);
  assert.equal(isFinal({ status: 404 }), true);
  assert.equal(isFinal({ status: 0 }), false);
  assert.equal(isFinal({ status: 503 }), false);
  assert.equal(isFinal(new TypeError("a bug")), false);
});

test("a problem that may pass says that the export goes on", () => {
  assert.match(problemLine({ status: 0, message: "No connection." }), /^No connection\. The export goes on/);
  assert.equal(problemLine({ status: 403, message: "Log in again." }), "Log in again.");
});

test("a screen reader hears the steps and not each percent", () => {
  assert.equal(news(null, { status: "running", line: "Being written, 1%" }), "Being written, 1%");
  assert.equal(news("running", { status: "running", line: "Being written, 2%" }), null);
  assert.equal(news("running", { status: "done", line: "Ready" }), "Ready");
});
