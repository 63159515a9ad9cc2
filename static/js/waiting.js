// Goes on by itself when there are enough pairs for a game. Nothing reloads under whoever reads the page.

import { addressOf } from "./network/api.js";

const EVERY_MS = 1000 * Number(document.querySelector("[data-waiting]").dataset.waiting);

async function look() {
  const address = await addressOf(window.location.href).catch(() => null);
  if (address) window.location.assign(address);
  else setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
