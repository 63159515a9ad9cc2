import assert from "node:assert/strict";
import { test } from "node:test";

import { codeOf, mayPass, troubleOf } from "../../static/js/lib/trouble.js";

const CODES = [
  ...["offline", "network", "busy", "too_early", "answered", "withdrawn", "loading", "loading_busy"],
  ...["round", "round_busy", "expired", "sound", "gone", "whatever else"],
];

test("every trouble says something, and all but a wait has a way out", () => {
  for (const code of CODES) {
    const { text, action, retry } = troubleOf({ code });
    assert.ok(text.length > 15, code);
    assert.equal(Boolean(action), code !== "too_early", code);
    assert.equal(Boolean(retry), Boolean(action), code);
  }
});

test("no trouble promises that anything is safe on the server", () => {
  for (const code of CODES) assert.doesNotMatch(troubleOf({ code }).text, /safe|nothing is lost/i);
});

test("what may pass is tried again; a refusal is not", () => {
  assert.equal(mayPass({ code: "network" }), true);
  assert.equal(mayPass({ code: "busy", status: 503 }), true);
  assert.equal(mayPass({ code: "throttled", status: 429 }), true);
  for (const status of [400, 403, 404, 409]) assert.equal(mayPass({ code: "server", status }), false);
});

test("each failure has words of its own, by what was being done", () => {
  const network = { code: "network" };
  const broken = { code: "server", status: 502 };
  assert.equal(codeOf(network, "answer"), "network");
  assert.equal(codeOf(network, "answer", { isOnline: false }), "offline");
  assert.equal(codeOf(broken, "answer"), "busy");
  assert.equal(codeOf(network, "loading"), "loading");
  assert.equal(codeOf(broken, "loading"), "loading_busy");
  assert.equal(codeOf(broken, "round"), "round_busy");
  assert.equal(codeOf({ code: "clip", status: 404 }, "loading"), "expired");
  assert.equal(codeOf({ code: "answered", status: 409 }, "answer"), "answered");
});

test("data that was deleted, or a cookie that was lost, is said to be gone", () => {
  for (const code of ["no_listener", "not_found"]) {
    for (const doing of ["answer", "round", "note"]) assert.equal(codeOf({ code, status: 404 }, doing), "gone");
  }
});
