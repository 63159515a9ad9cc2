// The only place that talks to the server. Every failure leaves here as an ApiError with a code.

import { Patience } from "./patience.js";

const ROOT = "/api/v1/";

export class ApiError extends Error {
  constructor(code, message, status = 0) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

async function reach(patience, url, options) {
  const asked = { credentials: "same-origin", cache: "no-store", ...options };
  if (patience.signal) asked.signal = patience.signal;
  try {
    return await patience.until(fetch(url, asked));
  } catch {
    throw new ApiError("network", "The server cannot be reached.");
  }
}

async function refusal(response) {
  const body = await response.json().catch(() => ({}));
  const { code = "server", message = "The server could not do that." } = body.error ?? {};
  return new ApiError(code, message, response.status);
}

// Also where something on the way answers in the server's place, such as the page of a train's network.
async function json(patience, response) {
  if (!response.ok) throw await refusal(response);
  if (response.status === 204) return null;
  try {
    return await patience.until(response.json());
  } catch {
    throw new ApiError("server", "The server's answer cannot be read.", 502);
  }
}

async function call(method, path, body) {
  const patience = new Patience();
  try {
    const response = await reach(patience, ROOT + path, {
      method,
      keepalive: true, // what is sent while the page closes still arrives
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body && JSON.stringify(body),
    });
    return await json(patience, response);
  } finally {
    patience.end();
  }
}

// As it is stored; and with the next round, which counts as sent from then on.
export const currentGame = async (study) => (await call("GET", `games/current/?study=${study}`)).game;
export const fetchRound = async (study) => (await call("POST", "games/current/", { study })).game;
export const notePlay = (round, note) => call("POST", `rounds/${round}/plays/`, note);
export const sendAnswer = (round, answer) => call("POST", `rounds/${round}/answer/`, answer);
export const sendKnew = (round, knew) => call("POST", `rounds/${round}/knew/`, { knew });

// Of work in the admin's area, which is no part of the API.
export async function progressOf(url) {
  const patience = new Patience();
  try {
    return await json(patience, await reach(patience, url));
  } finally {
    patience.end();
  }
}

// Where a page leads, once it is served; null until then.
export async function addressOf(url) {
  const patience = new Patience();
  try {
    const response = await reach(patience, url);
    return response.ok ? response.url : null;
  } finally {
    patience.end();
  }
}

// A clip, or the rest of it, piece by piece: `start(response)` first, then `bytes(chunk)` for each.
export async function readClip(url, headers, { start, bytes }) {
  const patience = new Patience();
  try {
    const response = await reach(patience, url, { headers });
    if (response.status >= 500 || response.status === 429) throw await refusal(response);
    if (!response.ok && response.status !== 416) throw new ApiError("clip", "This clip has expired.", response.status);
    start(response);
    await drain(patience, response, bytes);
  } finally {
    patience.end();
  }
}

async function drain(patience, response, bytes) {
  try {
    if (!response.body?.getReader) return await drainAtOnce(patience, response, bytes);
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await patience.until(reader.read());
      if (done) return undefined;
      patience.renew();
      bytes(value);
    }
  } catch {
    throw new ApiError("network", "The clip did not load completely.");
  }
}

// Where a response can't be read in pieces, nobody knows whether it is silent: wait for all of it.
async function drainAtOnce(patience, response, bytes) {
  patience.end();
  bytes(new Uint8Array(await response.arrayBuffer()));
}
