// What to say when something went wrong, and how to recover. Pure.
//   retry: "now" tries again at once what is tried again by itself anyway, "round" asks the server for
//          the round, "page" asks it for the right page, "start" leads to the front page.

const KNOWN = {
  // While an answer is on its way
  offline: {
    text: "You are offline. Your answer is kept here and sent by itself as soon as you are back.",
    action: "Send it now",
    retry: "now",
  },
  network: {
    text: "Your answer has not reached the server yet. It is kept here and sent again by itself. If this lasts, look at your connection, or at what blocks requests in this browser.",
    action: "Send it now",
    retry: "now",
  },
  busy: {
    text: "The server cannot save your answer just now. It is kept here and sent again by itself.",
    action: "Send it now",
    retry: "now",
  },
  too_early: {
    text: "The server has not counted enough listening time yet. Listen to both clips a little longer, then answer again.",
  },
  answered: {
    text: "This round has already been answered, perhaps in another tab. The first answer counts.",
    action: "Continue",
    retry: "round",
  },
  withdrawn: {
    text: "The clips of this round were withdrawn while you listened. Another round takes its place.",
    action: "Continue",
    retry: "round",
  },
  // While clips are on their way
  loading: {
    text: "The clips do not get through. What has arrived is kept, and the rest is asked for by itself.",
    action: "Try now",
    retry: "now",
  },
  loading_busy: {
    text: "The server cannot send the clips just now. This page asks again by itself.",
    action: "Try now",
    retry: "now",
  },
  // While the server is asked for a round
  round: {
    text: "The next round does not get through. This page asks again by itself.",
    action: "Try now",
    retry: "now",
  },
  round_busy: {
    text: "The server cannot send the next round just now. This page asks again by itself.",
    action: "Try now",
    retry: "now",
  },
  expired: {
    text: "The server does not have these clips any more.",
    action: "Reload the round",
    retry: "page",
  },
  sound: {
    text: "Your browser could not play the clip. Is sound blocked for this page?",
    action: "Reload the round",
    retry: "page",
  },
  gone: {
    text: "The server does not know this game: the data was deleted, or this browser has lost its cookie. What is gone cannot be brought back, but you can start a new game.",
    action: "Start a new game",
    retry: "start",
  },
};

const UNKNOWN = {
  text: "Something went wrong.",
  action: "Reload the round",
  retry: "page",
};

const GONE = ["no_listener", "not_found"];
const TOO_MANY = 429;

export const troubleOf = (problem) => KNOWN[problem.code] ?? UNKNOWN;

// Whether the same request may succeed later. A server that is overloaded or broken counts too.
export const mayPass = ({ code, status = 0 }) => code === "network" || status === TOO_MANY || status >= 500;

// The code of the words for a failure, by what was being done: "answer", "loading" or "round".
export function codeOf({ code, status = 0 }, doing, { isOnline = true } = {}) {
  if (GONE.includes(code)) return "gone";
  if (!mayPass({ code, status })) return doing === "loading" && code === "clip" ? "expired" : code;
  if (doing === "answer") return code === "network" ? (isOnline ? "network" : "offline") : "busy";
  return code === "network" ? doing : `${doing}_busy`;
}
