// What to say when something went wrong, and the way out. Pure.
//   retry: "answer" sends the same answer again, "page" asks the server where we are,
//          "round" loads the round again.

const KNOWN = {
  network: {
    text: "Your answer did not reach the server. Nothing is lost: send it again when you are back online.",
    action: "Send it again",
    retry: "answer",
  },
  too_early: {
    text: "The server has not counted enough listening yet. Listen a moment longer to both clips, then answer again.",
  },
  answered: {
    text: "This round has been answered already, perhaps in another tab. The first answer counts.",
    action: "Go on",
    retry: "round",
  },
  loading: {
    text: "The clips did not arrive. Your game is safe on the server.",
    action: "Try again",
    retry: "round",
  },
  expired: {
    text: "These clips are no longer there. Your game is safe on the server.",
    action: "Load the round again",
    retry: "page",
  },
  sound: {
    text: "This browser could not play the clip. Is the sound blocked for this page?",
    action: "Load the round again",
    retry: "page",
  },
};

const UNKNOWN = {
  text: "Something went wrong on the way. Your game is safe on the server.",
  action: "Load the round again",
  retry: "page",
};

export const troubleOf = (problem) => KNOWN[problem.code] ?? UNKNOWN;
