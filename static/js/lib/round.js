// The state of one round, and how each event changes it. No page, no network, no clock. The server
// still decides which round it is and scores the answer.
//
//   loading -> listening -> answered -> feedback
//                  ^------------'  (refused: the answer did not count)

export const SIDES = ["left", "right"];

export const other = (side) => (side === "left" ? "right" : "left");

const freshClip = (clip) => ({
  url: clip.url,
  seconds: clip.seconds,
  ready: false,
  starts: 0,
  heard: 0,
  ended: false,
});

export function begin(round) {
  return {
    phase: "loading",
    id: round.id,
    number: round.number,
    listenSeconds: round.listen_seconds,
    clips: Object.fromEntries(round.clips.map((clip) => [clip.side, freshClip(clip)])),
    playing: null,
    chosen: null,
    reveal: null,
    problem: null,
  };
}

export function heardEnough({ clips, listenSeconds }, side) {
  const { heard, ended } = clips[side];
  return ended || (heard > 0 && heard >= listenSeconds);
}

export const mayAnswer = (state) =>
  state.phase === "listening" && SIDES.every((side) => heardEnough(state, side));

export const mayPlay = (state, side) =>
  state.clips[side].ready && ["loading", "listening", "feedback"].includes(state.phase);

// Seconds of each clip, rounded to the tenth, as sent with the answer.
export const heardReport = (state) =>
  Object.fromEntries(SIDES.map((side) => [side, Math.round(state.clips[side].heard * 10) / 10]));

const withClip = (state, side, change) => ({
  ...state,
  clips: { ...state.clips, [side]: { ...state.clips[side], ...change } },
});

const events = {
  ready(state, { side }) {
    const next = withClip(state, side, { ready: true });
    const all = SIDES.every((each) => next.clips[each].ready);
    return state.phase === "loading" && all ? { ...next, phase: "listening" } : next;
  },

  playing(state, { side, fromStart }) {
    if (!mayPlay(state, side)) return state;
    const starts = state.clips[side].starts + (fromStart ? 1 : 0);
    return { ...withClip(state, side, { starts }), playing: side };
  },

  stopped(state, { side }) {
    return state.playing === side ? { ...state, playing: null } : state;
  },

  heard(state, { side, seconds }) {
    if (state.phase === "feedback" || !(seconds > 0)) return state;
    return withClip(state, side, { heard: state.clips[side].heard + seconds });
  },

  ended(state, { side }) {
    const next = withClip(state, side, { ended: true });
    return state.playing === side ? { ...next, playing: null } : next;
  },

  chosen(state, { side }) {
    if (!mayAnswer(state)) return state;
    return { ...state, phase: "answered", chosen: side, playing: null, problem: null };
  },

  revealed(state, { reveal }) {
    return state.phase === "answered" ? { ...state, phase: "feedback", reveal } : state;
  },

  refused(state, { problem }) {
    if (state.phase !== "answered") return state;
    return { ...state, phase: "listening", chosen: null, problem };
  },

  failed(state, { problem }) {
    return { ...state, problem };
  },

  cleared(state) {
    return state.problem ? { ...state, problem: null } : state;
  },
};

// An event that makes no sense in the current phase changes nothing; an unknown one is a bug.
export function step(state, event) {
  const change = events[event.type];
  if (!change) throw new Error(`unknown event ${event.type}`);
  return change(state, event);
}
