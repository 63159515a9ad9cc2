// Pure: the notes of two clips, voice by voice, and where they differ; in steps and in words.

import { clipName, listed } from "./words.js";

export const VOICES = ["soprano", "alto", "tenor", "bass"];
const MOST_BARS = 6;
const MIN_RANGE = 7; // semitones of a lane, so that a voice that hardly moves looks like one

const capital = (word) => word[0].toUpperCase() + word.slice(1);
const nameOf = (note) => `${note.start} ${note.length} ${note.pitch}`;

// From runs of [length, pitch], where -1 is a rest.
export function notesOf(runs) {
  let start = 0;
  const notes = [];
  for (const [length, pitch] of runs) {
    if (pitch >= 0) notes.push({ start, length, pitch });
    start += length;
  }
  return notes;
}

// Stretches of steps, in order; those that touch are one.
export function merged(notes) {
  const spans = notes.map(({ start, length }) => [start, start + length]).sort(([a], [b]) => a - b);
  const apart = [];
  for (const [start, stop] of spans) {
    const last = apart[apart.length - 1];
    if (last && start <= last[1]) last[1] = Math.max(last[1], stop);
    else apart.push([start, stop]);
  }
  return apart;
}

// Bach's notes are solid and the machine's hollow. Of two clips by Bach, the second is dashed.
export function styleOf({ bach }, side) {
  if (bach === null) return side === "left" ? "line-bach" : "line-second";
  return side === bach ? "line-bach" : "line-bot";
}

// Where a voice is marked, once for each step: the step and the pitch that sounds there.
export function marksOf(voice, notes, marks = []) {
  const steps = new Set(marks.filter(({ voices }) => voices.includes(voice)).map(({ step }) => step));
  return [...steps].flatMap((step) => {
    const note = notes.find(({ start, length }) => start <= step && step < start + length);
    return note ? [{ step, pitch: note.pitch }] : [];
  });
}

// One voice of one clip or of both. A note is the same in both if it begins, ends and sounds alike.
function laneOf(voice, clips) {
  const all = clips.map(({ voices }) => notesOf(voices[voice]));
  const names = all.map((notes) => new Set(notes.map(nameOf)));
  const isShared = (note) => clips.length > 1 && names.every((each) => each.has(nameOf(note)));
  const lines = clips.map(({ side, marks }, index) => ({
    side,
    marks: marksOf(voice, all[index], marks),
    notes: all[index].map((note) => ({ ...note, shared: isShared(note) })),
  }));
  const differing = lines.flatMap(({ notes }) => notes.filter(({ shared }) => !shared));
  const pitches = lines.flatMap(({ notes }) => notes.map(({ pitch }) => pitch));
  return { voice, lines, spans: clips.length > 1 ? merged(differing) : [], ...rangeOf(pitches) };
}

function rangeOf(pitches) {
  if (!pitches.length) return { low: 60, high: 60 + MIN_RANGE };
  const [low, high] = [Math.min(...pitches), Math.max(...pitches)];
  const spare = Math.max(0, MIN_RANGE - (high - low)) / 2;
  return { low: low - spare, high: high + spare };
}

// Both clips in one picture, or, where they have nothing in common, a picture for each.
export function pictures({ notes, paired }) {
  if (!notes.length) return [];
  const together = paired && notes[0].steps === notes[1].steps;
  return (together ? [notes] : notes.map((clip) => [clip])).map((clips) => ({
    sides: clips.map(({ side }) => side),
    steps: clips[0].steps,
    bars: clips[0].bars,
    lanes: VOICES.map((voice) => laneOf(voice, clips)),
  }));
}

// Where the music is at a time of the clip: a step, with its fraction.
export const stepAt = ({ lead, step, steps }, seconds) =>
  Math.min(steps, Math.max(0, (seconds - lead) / step));

// The bars that the spans touch; what comes before the first bar line is bar 0.
export function barsOf(spans, bars, steps) {
  const starts = bars[0] === 0 ? bars : [0, ...bars];
  const first = bars[0] === 0 ? 1 : 0;
  return starts.flatMap((start, index) => {
    const stop = starts[index + 1] ?? steps;
    return spans.some(([from, to]) => from < stop && to > start) ? [index + first] : [];
  });
}

function whereWords(spans, { bars, steps }) {
  const touched = barsOf(spans, bars, steps);
  const all = barsOf([[0, steps]], bars, steps).length;
  if (all > 1 && touched.length === all) return "in every bar";
  if (touched.length > MOST_BARS) return `in ${touched.length} of ${all} bars`;
  const named = touched.filter((bar) => bar > 0).map(String);
  const inBars = named.length ? `${named.length > 1 ? "bars" : "bar"} ${listed(named)}` : "";
  return `in ${[touched[0] === 0 ? "the upbeat" : "", inBars].filter(Boolean).join(" and ")}`;
}

const changed = ({ notes }) => notes.filter(({ shared }) => !shared).length;

// What a lane shows, for whoever does not see it.
export function laneWords(lane, picture, machine) {
  const name = capital(lane.voice);
  if (lane.lines.length === 1) {
    const [{ side, notes }] = lane.lines;
    return `${name} of ${clipName(side).toLowerCase()}: ${notes.length} notes.`;
  }
  if (!lane.spans.length) return `${name}: the same in both clips.`;
  const line = [...lane.lines].sort((a, b) => (b.side === machine) - (a.side === machine)).find(changed);
  const { side, notes } = line;
  const count = `${changed(line)} of the ${notes.length} notes of ${clipName(side).toLowerCase()}`;
  return `${name}: ${count} differ, ${whereWords(lane.spans, picture)}.`;
}

// How much of the machine's clip is not as Bach wrote it.
export function sumWords({ lanes }, { bach, composer }) {
  const machine = lanes.flatMap(({ lines }) => lines.filter(({ side }) => side !== bach));
  const all = machine.reduce((sum, { notes }) => sum + notes.length, 0);
  const own = machine.reduce((sum, line) => sum + changed(line), 0);
  return `${own} of the ${all} notes in ${composer}’s clip are not Bach’s.`;
}
