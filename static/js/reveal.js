// Shows the answer once the server has sent it: the verdict in the title, the rest below.

import { showKnew } from "./knew.js";
import { bindVoices, clearVoices, drawVoices } from "./voice_lines.js";
import { bachLine, othersLine, verdict, writtenLine } from "./lib/words.js";

const QUESTION = "Which one is Bach?";
const FACTS = [
  ...["bach-line", "written-line", "about", "piece-title", "piece-number", "piece-english", "piece-occasion"],
  "others",
];
let bound = false;

const part = (page, name) => page.querySelector(`[data-${name}]`);

export function showReveal(page, reveal) {
  const { answers, correct } = reveal.others;
  const fill = (name, text) => {
    part(page, name).textContent = text;
  };
  fill("bach-line", `${bachLine(reveal)}.`);
  fill("written-line", writtenLine(reveal));
  fill("about", reveal.about);
  fill("piece-title", reveal.title);
  fill("piece-number", reveal.bwv);
  fill("piece-english", reveal.title_english ?? "");
  fill("piece-occasion", reveal.occasion ?? "");
  fill("others", othersLine(reveal.others));
  fill("next", reveal.game_finished ? "See your result" : "Next round");
  // Where no answer is right, it says nothing how many were.
  part(page, "others").closest("div").hidden = reveal.correct === null && !answers;
  part(page, "others-bar").parentElement.hidden = !answers;
  part(page, "others-bar").style.width = answers ? `${(100 * correct) / answers}%` : "0";
  showVoices(page, reveal);
  showKnew(part(page, "knew"), "");
  part(page, "reveal").hidden = false;
  const title = part(page, "title");
  title.textContent = verdict(reveal);
  title.className = { true: "is-correct", false: "is-wrong" }[reveal.correct] ?? "";
  title.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
}

function showVoices(page, reveal) {
  if (!bound) bindVoices(part(page, "voices"), part(page, "clips"));
  bound = true;
  drawVoices(part(page, "voices"), reveal);
}

// Emptied, so that nothing about the last piece stays in the page during the next round.
export function hideReveal(page) {
  part(page, "reveal").hidden = true;
  for (const name of FACTS) part(page, name).textContent = "";
  clearVoices(part(page, "voices"));
  const title = part(page, "title");
  title.textContent = QUESTION;
  title.className = "";
}
