// Below the picture of the reveal: what a teacher of counterpoint would mark in each clip.

import { html, svg } from "./elements.js";
import { marksLead, openAndMore } from "./lib/marks.js";
import { styleOf } from "./lib/voice_lines.js";
import { byWhom, clipName } from "./lib/words.js";

const RING = "M8 8h0.01";

function ring(style) {
  const picture = { class: "marks-ring", viewBox: "0 0 16 16", "aria-hidden": "true" };
  return svg(
    "svg",
    picture,
    svg("path", { class: `voice-ring ${style}`, d: RING }),
    svg("path", { class: `voice-ring-hole ${style}`, d: RING }),
  );
}

const list = (sentences) =>
  html("ul", "marks-list", ...sentences.map((sentence) => html("li", "", sentence)));

function clipMarks({ side, marks }, reveal) {
  const style = styleOf(reveal, side);
  const head = html("p", "marks-head", ring(style), `${clipName(side)}: ${byWhom(reveal, side)}`);
  if (!marks.length) return html("div", "marks-clip", head, html("p", "marks-none", "Nothing to mark."));
  const [open, more] = openAndMore(marks);
  const rest = html("details", "marks-more", html("summary", "", `${more.length} more`), list(more));
  return html("div", "marks-clip", head, list(open), ...(more.length ? [rest] : []));
}

export function showMarks(place, reveal) {
  clearMarks(place);
  // A page that was loaded before the server had marks, or the other way round, shows none.
  if (!reveal.notes.length || !reveal.notes.every(({ marks }) => marks)) return;
  place.append(html("p", "marks-lead", marksLead(reveal)));
  if (!reveal.notes.some(({ marks }) => marks.length)) return;
  place.append(html("div", "marks-clips", ...reveal.notes.map((clip) => clipMarks(clip, reveal))));
}

export function clearMarks(place) {
  place.textContent = "";
}
