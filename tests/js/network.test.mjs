import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { rangeHeaders, rangeOf, sizeOf } from "../../static/js/lib/ranges.js";
import { readClip } from "../../static/js/network/api.js";
import { Download } from "../../static/js/network/download.js";
import { Loading } from "../../static/js/network/loading.js";

const CLIP = Uint8Array.from({ length: 100 }, (_, index) => index);
const realFetch = globalThis.fetch;
const realTimeout = globalThis.setTimeout;
globalThis.window = new EventTarget();

afterEach(() => {
  globalThis.fetch = realFetch;
  globalThis.setTimeout = realTimeout;
});

// A body that ends, or breaks, after the pieces given.
function body(pieces, { breaks = false } = {}) {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      if (!breaks) controller.close();
    },
    // After the pieces, which an error at the start would take along.
    pull(controller) {
      controller.error(new TypeError("network"));
    },
  });
}

const whole = (pieces, options) =>
  new Response(body(pieces, options), { headers: { "Content-Length": "100", ETag: '"r"' } });

const rest = (from) =>
  new Response(body([CLIP.slice(from)]), {
    status: 206,
    headers: { "Content-Range": `bytes ${from}-99/100`, "Content-Length": String(100 - from), ETag: '"r"' },
  });

// Answers one request after the other, and keeps the headers that were asked with.
function serve(...replies) {
  const asked = [];
  globalThis.fetch = async (url, { headers }) => {
    asked.push(headers);
    return replies.shift()();
  };
  return asked;
}

const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());

test("the next try goes on where the last one broke", async () => {
  const asked = serve(() => whole([CLIP.slice(0, 30), CLIP.slice(30, 60)], { breaks: true }), () => rest(60));
  const download = new Download("/clips/a.mp3");
  await assert.rejects(download.run(), { code: "network" });
  assert.deepEqual([download.received, download.size, download.isComplete], [60, 100, false]);
  await download.run();
  assert.deepEqual(asked, [{}, { Range: "bytes=60-", "If-Range": '"r"' }]);
  assert.deepEqual(await bytesOf(download.blob), CLIP);
});

test("a server that sends the whole clip again is taken at its word", async () => {
  serve(() => whole([CLIP.slice(0, 60)], { breaks: true }), () => whole([CLIP]));
  const download = new Download("/clips/a.mp3");
  await assert.rejects(download.run());
  await download.run();
  assert.deepEqual(await bytesOf(download.blob), CLIP);
});

test("a clip that ends too early, or a range from elsewhere, is no clip", async () => {
  serve(() => whole([CLIP.slice(0, 60)]), () => rest(50), () => new Response(null, { status: 416 }));
  const download = new Download("/clips/a.mp3");
  for (const received of [60, 0, 0]) {
    await assert.rejects(download.run(), { code: "network" });
    assert.equal(download.received, received);
  }
});

test("a clip that is not there any more is told from a server that is broken", async () => {
  serve(() => new Response("", { status: 404 }), () => new Response("", { status: 502 }));
  await assert.rejects(new Download("/clips/a.mp3").run(), { code: "clip", status: 404 });
  await assert.rejects(new Download("/clips/a.mp3").run(), { code: "server", status: 502 });
});

test("a server may be slow but not silent", async () => {
  const timers = [];
  globalThis.setTimeout = (call) => timers.push(call);
  let send;
  const stream = new ReadableStream({ start: (controller) => (send = controller) });
  globalThis.fetch = async () => new Response(stream);
  let count = 0;
  const reading = readClip("/clips/a.mp3", {}, { start: () => {}, bytes: () => (count += 1) });
  for (let piece = 1; piece <= 5; piece += 1) {
    send.enqueue(CLIP.slice(0, 1));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([count, timers.length], [piece, piece + 1], "each piece renews the patience");
  }
  timers[timers.length - 1]();
  await assert.rejects(reading, { code: "network" });
});

test("without AbortController or streams a clip loads all the same", async () => {
  const { AbortController: real } = globalThis;
  delete globalThis.AbortController;
  globalThis.fetch = async () => ({
    ok: true,
    status: 200,
    headers: new Headers({ "Content-Length": "100" }),
    arrayBuffer: async () => CLIP.buffer,
  });
  const download = new Download("/clips/a.mp3");
  await download.run();
  globalThis.AbortController = real;
  assert.deepEqual(await bytesOf(download.blob), CLIP);
});

test("both clips of a round load together, and their progress is one", async () => {
  globalThis.setTimeout = (call) => setImmediate(call);
  const replies = { a: [() => whole([CLIP.slice(0, 60)], { breaks: true }), () => rest(60)], b: [() => whole([CLIP])] };
  globalThis.fetch = async (url) => replies[url].shift()();
  const seen = [];
  const stuck = [];
  const loading = new Loading([{ url: "a" }, { url: "b" }], {
    progress: ({ received, size }) => seen.push([received, size]),
    stuck: (error) => stuck.push(error.code),
  });
  const blobs = await loading.blobs();
  for (const blob of blobs) assert.deepEqual(await bytesOf(blob), CLIP);
  assert.deepEqual(seen[seen.length - 1], [200, 200]);
  assert.deepEqual(stuck, ["network"]);
  assert.equal(loading.blobs(), loading.blobs());
  assert.equal(loading.isOf([{ url: "a" }, { url: "b" }]), true);
  assert.equal(loading.isOf([{ url: "b" }, { url: "a" }]), false);
});

test("only a strong tag makes sure that the rest is of the same file", () => {
  assert.deepEqual(rangeHeaders({ received: 5, etag: null }), {});
  assert.deepEqual(rangeHeaders({ received: 5, etag: 'W/"r"' }), {});
  assert.deepEqual(rangeHeaders({ received: 0, etag: '"r"' }), {});
});

test("what a response says about its length", () => {
  assert.deepEqual(rangeOf(new Headers({ "Content-Range": "bytes 5-9/10" })), { from: 5, size: 10 });
  assert.equal(rangeOf(new Headers()), null);
  assert.equal(sizeOf(new Headers({ "Content-Length": "10" })), 10);
  assert.equal(sizeOf(new Headers({ "Content-Length": "10", "Content-Encoding": "gzip" })), null);
  assert.equal(sizeOf(new Headers()), null);
});
