// The only place that talks to the server. Every failure leaves here as an ApiError with a code.

const ROOT = "/api/v1/";
const PATIENCE_MS = 20_000;

export class ApiError extends Error {
  constructor(code, message, status = 0) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

async function reach(url, options) {
  try {
    return await fetch(url, {
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...options,
    });
  } catch {
    throw new ApiError("network", "The server cannot be reached.");
  }
}

async function refusal(response) {
  const body = await response.json().catch(() => ({}));
  const { code = "server", message = "The server could not do that." } = body.error ?? {};
  return new ApiError(code, message, response.status);
}

async function call(method, path, body) {
  const response = await reach(ROOT + path, {
    method,
    keepalive: true, // what is sent while the page closes still arrives
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw await refusal(response);
  return response.status === 204 ? null : response.json();
}

// As it is stored; and with the next round, which counts as sent from then on.
export const currentGame = async (study) => (await call("GET", `games/current/?study=${study}`)).game;
export const fetchRound = async (study) => (await call("POST", "games/current/", { study })).game;
export const notePlay = (round, note) => call("POST", `rounds/${round}/plays/`, note);
export const sendAnswer = (round, answer) => call("POST", `rounds/${round}/answer/`, answer);
export const sendKnew = (round, knew) => call("POST", `rounds/${round}/knew/`, { knew });

// Of work in the admin's area, which is no part of the API.
export async function progressOf(url) {
  const response = await reach(url);
  if (!response.ok) throw await refusal(response);
  try {
    return await response.json();
  } catch {
    throw new ApiError("server", "The server's answer cannot be read.", response.status);
  }
}

export async function clip(url) {
  const response = await reach(url);
  if (!response.ok) throw new ApiError("clip", "This clip has expired.", response.status);
  try {
    return await response.blob();
  } catch {
    throw new ApiError("network", "The clip did not load completely.");
  }
}
