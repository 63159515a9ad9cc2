// The result page: the clips of every round, played one at a time, fetched when first played.

import { Download } from "./network/download.js";
import { bindKnew } from "./knew.js";
import { clock } from "./lib/words.js";
import { Player } from "./player.js";
import { bindVoices, drawVoices } from "./voice_lines.js";

const GONE = "The server does not have this clip any more.";

const players = [];

function bindPlayer(root) {
  const player = new Player(root, {
    play: () => players.filter((each) => each !== player).forEach((each) => each.pause()),
    fail: () => say("Your browser could not play the clip."),
    wanted: () => fetchOnce(player),
  });
  players.push(player);
  player.download = new Download(root.dataset.url);
  player.enable(true);
  root.querySelector("[data-length]").textContent = clock(Number(root.dataset.seconds));
}

async function fetchOnce(player) {
  if (player.source || player.fetching) return;
  player.fetching = true;
  try {
    await player.download.run();
    player.load(player.download.blob, Number(player.root.dataset.seconds));
    player.play();
    hush();
  } catch (error) {
    say(error.code === "clip" ? GONE : "The clip did not get through. What has arrived is kept: press play again.");
  } finally {
    player.fetching = false;
  }
}

function say(text) {
  const notice = document.querySelector("[data-problem]");
  notice.querySelector("[data-problem-text]").textContent = text;
  notice.hidden = false;
}

function hush() {
  document.querySelector("[data-problem]").hidden = true;
}

function showVoices(reveal) {
  const round = document.getElementById(`round-${reveal.number}`).closest(".round");
  const figure = round.querySelector("[data-voices]");
  bindVoices(figure, round);
  drawVoices(figure, reveal);
}

document.querySelectorAll("[data-player]").forEach(bindPlayer);
JSON.parse(document.getElementById("rounds-data").textContent).forEach(showVoices);
for (const question of document.querySelectorAll("[data-knew]")) {
  bindKnew(question, () => question.dataset.round);
}
document.documentElement.dataset.started = "";
