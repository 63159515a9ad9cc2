// The picture of the reveal: what both clips play, voice by voice, and where they differ. Its two
// buttons play a clip from where the other one is; a line moves through the music as it sounds.

import { html, svg } from "./elements.js";
import { laneWords, pictures, stepAt, styleOf, sumWords } from "./lib/voice_lines.js";
import { byWhom, clipName, voiceAuthor } from "./lib/words.js";
import { clearMarks, showMarks } from "./marks.js";
import { bindClipButton, isPlaying, soundOf } from "./switch.js";

const HEIGHT = 100;
const MARGIN = 12;
const GAP = 0.18; // steps, so that a repeated note is seen
const HALF = 0.5; // steps
const SIDES = ["left", "right"];

const part = (figure, name) => figure.querySelector(`[data-${name}]`);

// --- a lane -------------------------------------------------------------------------------------

const heightOf = ({ low, high }) => (pitch) =>
  (MARGIN + ((high - pitch) / (high - low)) * (HEIGHT - 2 * MARGIN)).toFixed(1);

const flat = (notes, y) =>
  notes.map(({ start, length, pitch }) => `M${start + GAP} ${y(pitch)}H${start + length - GAP}`).join("");

// From each note to the next, as long as nothing rests in between.
function joints(notes, y, wanted) {
  const ends = notes.slice(1).map((note, index) => [notes[index], note]);
  return ends
    .filter(([one, next]) => one.start + one.length === next.start && wanted(one.shared && next.shared))
    .map(([one, next]) => `M${next.start} ${y(one.pitch)}V${y(next.pitch)}`)
    .join("");
}

const path = (className, d) => (d ? [svg("path", { class: className, d })] : []);

function linePaths({ notes }, style, y) {
  const own = flat(notes.filter(({ shared }) => !shared), y);
  const joined = path(`line-joint ${style}`, joints(notes, y, (shared) => !shared));
  const hollow = style === "line-bot" ? path("line-hollow", own) : [];
  return [...joined, ...path(`line-notes ${style}`, own), ...hollow];
}

// Rings around the notes that are marked, below the notes: a dot of no length keeps its shape.
function rings({ marks }, style, y) {
  const dots = marks.map(({ step, pitch }) => `M${step + HALF} ${y(pitch)}h0.01`).join("");
  return [...path(`voice-ring ${style}`, dots), ...path(`voice-ring-hole ${style}`, dots)];
}

// Round ones last and smaller, so that both are seen where both clips are marked.
function allRings({ lines }, reveal, y) {
  const styled = lines.map((line) => [line, styleOf(reveal, line.side)]);
  const isRound = ([, style]) => style === "line-bach";
  const ordered = [...styled.filter((each) => !isRound(each)), ...styled.filter(isRound)];
  return ordered.flatMap(([line, style]) => rings(line, style, y));
}

function laneSvg(lane, picture, reveal) {
  const y = heightOf(lane);
  const [{ notes }] = lane.lines;
  const shared = notes.filter((note) => note.shared);
  const machine = reveal.bach === "left" ? "right" : "left";
  return svg(
    "svg",
    {
      class: "voice-line",
      viewBox: `0 0 ${picture.steps} ${HEIGHT}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": laneWords(lane, picture, machine),
    },
    ...lane.spans.map(([from, to]) =>
      svg("rect", { class: "voice-differs", x: from, y: 0, width: to - from, height: HEIGHT }),
    ),
    ...picture.bars.map((step) => svg("path", { class: "voice-bar", d: `M${step} 0V${HEIGHT}` })),
    ...allRings(lane, reveal, y),
    ...path("line-joint line-shared", joints(notes, y, (isShared) => isShared)),
    ...path("line-notes line-shared", flat(shared, y)),
    ...lane.lines.flatMap((line) => linePaths(line, styleOf(reveal, line.side), y)),
    svg("path", { class: "voice-cursor", d: `M0 0V${HEIGHT}`, visibility: "hidden" }),
  );
}

function laneRow(lane, picture, reveal) {
  const { bach, written } = reveal;
  const foreign = picture.sides.some((side) => bach !== null && side !== bach);
  const byBot = foreign && written.includes(lane.voice);
  const author = html("span", "voice-author", byBot ? voiceAuthor(reveal) : "Bach");
  const name = html("p", "voice-name", html("span", "voice-what", lane.voice), author);
  const row = html("div", byBot ? "voice by-bot" : "voice", name, laneSvg(lane, picture, reveal));
  row.dataset.voice = lane.voice;
  return row;
}

// --- the figure ---------------------------------------------------------------------------------

function pictureRows(picture, reveal) {
  const rows = html("div", "voices-picture", ...picture.lanes.map((lane) => laneRow(lane, picture, reveal)));
  rows.dataset.sides = picture.sides.join(" ");
  if (picture.sides.length > 1) return [rows];
  const [side] = picture.sides;
  return [html("p", "voices-head", `${clipName(side)}: ${byWhom(reveal, side)}`), rows];
}

export function drawVoices(figure, reveal) {
  const drawn = pictures(reveal);
  figure.hidden = !drawn.length;
  for (const side of SIDES) {
    const button = figure.querySelector(`[data-voices-clip="${side}"]`);
    button.className = `voices-clip ${styleOf(reveal, side)}`;
    button.querySelector("[data-who]").textContent = byWhom(reveal, side);
  }
  const together = drawn.length === 1;
  part(figure, "voices-both").hidden = !together;
  const says = together && reveal.bach !== null;
  part(figure, "voices-sum").textContent = says ? sumWords(drawn[0], reveal) : "";
  const lanes = part(figure, "lanes");
  lanes.textContent = "";
  lanes.append(...drawn.flatMap((picture) => pictureRows(picture, reveal)));
  showMarks(part(figure, "marks"), reveal);
  figure.notes = Object.fromEntries(reveal.notes.map((clip) => [clip.side, clip]));
}

// Nothing about the last piece stays in the page.
export function clearVoices(figure) {
  figure.hidden = true;
  figure.notes = {};
  part(figure, "lanes").textContent = "";
  part(figure, "voices-sum").textContent = "";
  clearMarks(part(figure, "marks"));
  for (const who of figure.querySelectorAll("[data-who]")) who.textContent = "";
}

function moveCursor(figure, side, seconds) {
  const clip = figure.notes?.[side];
  if (!clip) return;
  for (const rows of figure.querySelectorAll("[data-sides]")) {
    const shown = rows.dataset.sides.split(" ").includes(side);
    for (const cursor of rows.querySelectorAll(".voice-cursor")) {
      cursor.setAttribute("visibility", shown ? "visible" : "hidden");
      cursor.setAttribute("d", `M${stepAt(clip, seconds).toFixed(2)} 0V${HEIGHT}`);
    }
  }
}

// `root` has the two players. Called once; `drawVoices` may be called again and again.
export function bindVoices(figure, root) {
  for (const side of SIDES) bindClip(figure, root, side);
}

function bindClip(figure, root, side) {
  const audio = soundOf(root, side);
  const button = figure.querySelector(`[data-voices-clip="${side}"]`);
  let following = false;
  const follow = () => {
    moveCursor(figure, side, audio.currentTime);
    following = isPlaying(audio);
    if (following) requestAnimationFrame(follow);
  };
  const show = () => {
    button.setAttribute("aria-pressed", String(isPlaying(audio)));
    if (!following) follow();
  };
  for (const event of ["play", "pause", "ended", "seeked"]) audio.addEventListener(event, show);
  bindClipButton(button, root, side);
}
