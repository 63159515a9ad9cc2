// The result page: the clips of every round, played one at a time, fetched when first played.

import * as api from "./api.js";
import { bindKnew } from "./knew.js";
import { clock } from "./lib/words.js";
import { Player } from "./player.js";

const players = [];

function bindPlayer(root) {
  const player = new Player(root, {
    play: () => players.filter((each) => each !== player).forEach((each) => each.pause()),
    fail: () => say("Your browser could not play the clip."),
    wanted: () => fetchOnce(player),
  });
  players.push(player);
  player.toggleButton.disabled = false;
  root.querySelector("[data-length]").textContent = clock(Number(root.dataset.seconds));
}

async function fetchOnce(player) {
  if (player.source || player.fetching) return;
  player.fetching = true;
  try {
    player.load(await api.clip(player.root.dataset.url), Number(player.root.dataset.seconds));
    player.play();
  } catch (error) {
    say(error.code === "clip" ? "The clips have expired." : "The clip could not be loaded.");
  } finally {
    player.fetching = false;
  }
}

function say(text) {
  const notice = document.querySelector("[data-problem]");
  notice.querySelector("[data-problem-text]").textContent = text;
  notice.hidden = false;
}

document.querySelectorAll("[data-player]").forEach(bindPlayer);
for (const question of document.querySelectorAll("[data-knew]")) {
  bindKnew(question, () => question.dataset.round);
}
