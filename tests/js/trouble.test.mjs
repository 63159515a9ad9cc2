import assert from "node:assert/strict";
import { test } from "node:test";

import { troubleOf } from "../../static/js/lib/trouble.js";

test("an answer that was lost may be sent again; one that counted may not", () => {
  assert.equal(troubleOf({ code: "network" }).retry, "answer");
  assert.equal(troubleOf({ code: "busy" }).retry, "answer");
  assert.notEqual(troubleOf({ code: "answered" }).retry, "answer");
});

test("every trouble says something, and all but a wait has a way out", () => {
  for (const code of ["network", "busy", "answered", "withdrawn", "loading", "expired", "sound", "whatever else"]) {
    const trouble = troubleOf({ code });
    assert.ok(trouble.text.length > 20, code);
    assert.ok(trouble.action && trouble.retry, code);
  }
  assert.equal(troubleOf({ code: "too_early" }).action, undefined);
});
