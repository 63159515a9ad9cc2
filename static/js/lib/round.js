// The state of one round, and how each event changes it. No page, no network, no clock. The server
// still decides which round it is and scores the answer.
//
//   loading -> listening -> answered -> feedback
//                  ^------------'  (refused: the answer did not count)

const END_SLACK = 0.5; // of the length that the server tells, and as much as it allows itself

export const SIDES = ["left", "right"];

export const other = (side) => (side === "left" ? "right" : "left");

// What was heard before a reload counts, by the server's record or by the page's, which may know more.
const freshClip = (clip, { plays = 0, seconds = 0 } = {}, kept = 0) => ({
  url: clip.url,
  seconds: clip.seconds,
  ready: false,
  starts: plays,
  heard: Math.max(seconds, kept),
  ended: false,
});

export function begin({ id, number, listen_seconds, clips, heard = [] }, kept = {}) {
  const before = Object.fromEntries(heard.map((each) => [each.side, each]));
  return {
    phase: "loading",
    id,
    number,
    listenSeconds: listen_seconds,
    clips: Object.fromEntries(clips.map((clip) => [clip.side, freshClip(clip, before[clip.side], kept[clip.side])])),
    loaded: {},
    playing: null,
    chosen: null,
    reveal: null,
    problem: null,
  };
}

// Before the server has said which round it is.
export const unknown = () =>
  begin({ id: "", number: 0, listen_seconds: 0, clips: SIDES.map((side) => ({ side, url: "", seconds: 0 })) });

// A round that was answered, whose reveal is still to be seen.
export function revealed(reveal) {
  const { round, number, clips, chosen } = reveal;
  const state = begin({ id: round, number, listen_seconds: 0, clips });
  return { ...state, phase: "feedback", chosen, reveal };
}

// Whether the round can still be listened to and answered.
export const isOpen = ({ phase }) => ["loading", "listening"].includes(phase);

export const isLoaded = ({ clips }) => SIDES.every((side) => clips[side].ready);

// A clip that is shorter than what is asked for is heard to its end. A jump to the end is no
// listening, so the end alone is not enough.
export function heardEnough({ clips, listenSeconds }, side) {
  const { heard, ended, seconds } = clips[side];
  return heard > 0 && heard >= (ended ? Math.min(listenSeconds, seconds - END_SLACK) : listenSeconds);
}

export const mayAnswer = (state) =>
  state.phase === "listening" && SIDES.every((side) => heardEnough(state, side));

export const unheard = (state) => SIDES.filter((side) => !heardEnough(state, side));

export const mayPlay = (state, side) =>
  state.clips[side].ready && ["loading", "listening", "feedback"].includes(state.phase);

const tenths = (seconds) => Math.round(seconds * 10) / 10;

// Seconds of each clip, as sent with the answer.
export const heardReport = (state) =>
  Object.fromEntries(SIDES.map((side) => [side, tenths(state.clips[side].heard)]));

// What the server is told while a clip plays: its starts so far, and the seconds heard of it.
export const playNote = ({ clips }, side) => ({
  side,
  number: Math.max(1, clips[side].starts),
  heard: tenths(clips[side].heard),
});

const withClip = (state, side, change) => ({
  ...state,
  clips: { ...state.clips, [side]: { ...state.clips[side], ...change } },
});

const events = {
  ready(state, { side }) {
    const next = withClip(state, side, { ready: true });
    return state.phase === "loading" && isLoaded(next) ? { ...next, phase: "listening" } : next;
  },

  arrived(state, { loaded }) {
    return state.phase === "answered" ? { ...state, loaded } : { ...state, loaded, problem: null };
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

  // The choice of before a reload, which the server may not have.
  resumed(state, { side }) {
    return isOpen(state) ? { ...state, phase: "answered", chosen: side } : state;
  },

  revealed(state, { reveal }) {
    return state.phase === "answered" ? { ...state, phase: "feedback", reveal, problem: null } : state;
  },

  refused(state, { problem }) {
    if (state.phase !== "answered") return state;
    return { ...state, phase: isLoaded(state) ? "listening" : "loading", chosen: null, problem };
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
