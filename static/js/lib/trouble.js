// What to say when something went wrong, and how to recover. Pure.
//   retry: "answer" sends the same answer again, "page" asks the server for the right page,
//          "round" loads the round again.

const KNOWN = {
  network: {
    text: "Your answer did not reach the server. Nothing is lost: send it again when you are back online.",
    action: "Send it again",
    retry: "answer",
  },
  busy: {
    text: "The server could not save your answer just now. Nothing is lost: send it again in a moment.",
    action: "Send it again",
    retry: "answer",
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
  loading: {
    text: "The clips could not be loaded. Your game is safe on the server.",
    action: "Try again",
    retry: "round",
  },
  expired: {
    text: "These clips have expired. Your game is safe on the server.",
    action: "Reload the round",
    retry: "page",
  },
  sound: {
    text: "Your browser could not play the clip. Is sound blocked for this page?",
    action: "Reload the round",
    retry: "page",
  },
};

const UNKNOWN = {
  text: "Something went wrong. Your game is safe on the server.",
  action: "Reload the round",
  retry: "page",
};

export const troubleOf = (problem) => KNOWN[problem.code] ?? UNKNOWN;
