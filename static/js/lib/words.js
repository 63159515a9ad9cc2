// Sentences about what the server reveals. Pure, so that each can be tested.

const ORDINAL = { left: 1, right: 2 };

export const clipName = (side) => `Clip ${ORDINAL[side]}`;

export function listed(words) {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export function heardLine(heard, needed, enough) {
  if (enough) return "Heard enough to answer";
  return `Heard ${Math.floor(heard)} of ${Math.ceil(needed)} seconds`;
}

const MANY_SECONDS = 90;

// Rounded so that it does not jump about.
export function about(seconds) {
  if (seconds >= MANY_SECONDS) return `about ${Math.round(seconds / 60)} minutes`;
  return `about ${Math.max(5, Math.round(seconds / 5) * 5)} seconds`;
}

const SURE_AFTER = 2;
const WORTH_SAYING = 8;

// How far both clips together are: the same for both, and how long it takes where that is long.
export function loadingLine({ received, size, speed = 0, seconds = 0 } = {}) {
  if (!size) return "Loading";
  const share = `Loading ${Math.floor((100 * received) / size)}%`;
  const left = (size - received) / speed;
  if (seconds < SURE_AFTER || !(left >= WORTH_SAYING && left < Infinity)) return share;
  return `${share}, ${about(left)} left`;
}

// Why there is no answering yet; empty once there is. `unheard`: the sides not heard long enough.
export function lockedLine({ isLoaded, unheard, needed }) {
  if (!isLoaded) return "You can listen as soon as both clips are loaded.";
  if (!unheard.length) return "";
  const seconds = `${Math.ceil(needed)} second${Math.ceil(needed) === 1 ? "" : "s"}`;
  if (unheard.length > 1) return `Listen to ${seconds} of each clip, then choose.`;
  return `Listen to ${seconds} of ${clipName(unheard[0]).toLowerCase()} too, then choose.`;
}

// An answer is neither right nor wrong where the listener had no idea, or the round has no truth.
export function verdict({ correct, chosen }) {
  if (correct === true) return "You got it right.";
  if (correct === false) return "Not this time.";
  return chosen === null ? "You had no idea." : "Thank you. In this round no answer was right or wrong.";
}

export const bachLine = ({ bach }) => (bach === null ? "Both clips are Bach" : `${clipName(bach)} is Bach`);

export const byWhom = ({ bach, composer }, side) => (bach === null || side === bach ? "Bach" : composer);

// Who wrote a voice that the machine wrote, or a part of it, in the order of time.
export function voiceAuthor({ condition, composer }) {
  if (condition === "NEXT") return `Bach, then ${composer}`;
  return condition === "GAP" ? `Bach, ${composer}, Bach` : composer;
}

export function writtenLine({ bach, condition, written, part, composer }) {
  if (bach === null) return "";
  const machine = clipName(bach === "left" ? "right" : "left").toLowerCase();
  if (part) {
    const verb = condition === "GAP" ? "filled" : "wrote";
    return `In ${machine}, ${composer} ${verb} ${part}; the rest is Bach.`;
  }
  if (written.length === 4) return `In ${machine}, ${composer} wrote all four voices.`;
  return `In ${machine}, ${composer} wrote the ${listed(written)}; the rest is Bach.`;
}

export function othersLine({ answers, correct }) {
  if (!answers) return "You are the first to answer this pair.";
  if (answers === 1) return `One other listener heard this pair and got it ${correct ? "right" : "wrong"}.`;
  return `${correct} of ${answers} other listeners got it right (${Math.round((100 * correct) / answers)}%).`;
}
