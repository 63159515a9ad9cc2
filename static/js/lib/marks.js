// Pure: what a teacher of counterpoint would mark in both clips, in words.

import { listed } from "./words.js";

const OPEN = 3;

// Both clips are looked at in what the machine wrote, or, where they are not compared, all over.
function whereWords({ paired, bach, written, part }) {
  if (!paired || bach === null || (written.length === 4 && !part)) return "";
  return part ? `${part} of ` : `the ${listed(written)} of `;
}

// The sentence above the marks. Without any, it is all there is to say.
export function marksLead(reveal) {
  const where = whereWords(reveal);
  if (!reveal.notes.some(({ marks }) => marks.length)) {
    return `A counterpoint teacher would mark nothing in ${where}either clip.`;
  }
  return `What a counterpoint teacher would mark in ${where}each clip. Bach broke these rules too, now and then.`;
}

// The sentences that are seen at once, and those that have to be asked for: never a single one.
export function openAndMore(marks) {
  const sentences = marks.map(({ sentence }) => sentence);
  const open = sentences.length === OPEN + 1 ? OPEN + 1 : OPEN;
  return [sentences.slice(0, open), sentences.slice(open)];
}
