// A clip's card on the play page: its player, the time heard, the answer button, and afterwards
// who wrote it. Both cards are treated alike.

import { heardEnough, mayAnswer, mayPlay } from "./lib/round.js";
import { heardLine, loadingLine } from "./lib/words.js";
import { lock } from "./locking.js";
import { Player } from "./player.js";

export class Clip {
  constructor(card, on) {
    this.card = card;
    this.player = new Player(card.querySelector("[data-player]"), on);
    this.heard = card.querySelector("[data-heard]");
    this.chooseButton = card.querySelector("[data-choose]");
    this.author = card.querySelector("[data-author]");
    this.chooseButton.addEventListener("click", () => on.choose());
  }

  // Nothing about the last round stays, not even hidden.
  reset() {
    this.player.unload();
    this.player.enable(false);
    this.player.draw();
    this.card.classList.remove("is-bach", "by-bot-clip", "is-chosen");
    this.author.textContent = "";
    this.author.hidden = true;
  }

  render(state, side) {
    const { heard, ready } = state.clips[side];
    const enough = heardEnough(state, side);
    this.card.classList.toggle("is-active", state.playing === side);
    this.card.classList.toggle("is-chosen", state.chosen === side);
    this.player.enable(mayPlay(state, side));
    this.player.ring(enough ? 1 : heard / state.listenSeconds);
    this.renderHeard(ready ? heardLine(heard, state.listenSeconds, enough) : loadingLine(state.loaded), enough);
    lock(this.chooseButton, !mayAnswer(state));
    this.heard.hidden = state.phase === "feedback";
    this.chooseButton.hidden = state.phase === "feedback";
    if (state.phase === "feedback") this.reveal(state.reveal, side);
  }

  renderHeard(line, enough) {
    if (this.heard.textContent !== line) this.heard.textContent = line;
    this.heard.classList.toggle("enough", enough);
  }

  reveal(reveal, side) {
    const { bach, chosen, composer } = reveal;
    const isBach = bach === null || side === bach;
    this.card.classList.toggle("is-bach", isBach);
    this.card.classList.toggle("by-bot-clip", !isBach);
    const who = isBach ? "Bach" : composer;
    this.author.textContent = side === chosen ? `${who} · your choice` : who;
    this.author.hidden = false;
  }
}
