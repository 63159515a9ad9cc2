// One clip on the page: owns its <audio> and draws the gold pipes, the ring and the time.
// The caller passes what to do on play(fromStart), stop(), heard(seconds), end(), fail(), wanted(),
// and locked(): pressed before it may play.

import { clock } from "./lib/words.js";
import { isLocked, lock } from "./locking.js";
import { bindSeek } from "./seek.js";

const MAX_TICK = 1.5;
const AT_START = 0.05;
const BEFORE_END = 0.05; // a clip that was moved to its very end would count as played to it

export class Player {
  constructor(root, on = {}) {
    this.root = root;
    this.on = on;
    this.name = root.querySelector("[data-play]").dataset.name;
    this.audio = root.querySelector("[data-audio]");
    this.toggleButton = root.querySelector("[data-play]");
    this.restartButton = root.querySelector("[data-restart]");
    this.sweep = root.querySelector("[data-sweep]");
    this.slider = root.querySelector("[data-seek]");
    this.front = root.querySelector(".facade").viewBox.baseVal.width;
    this.last = 0;
    this.listen();
  }

  listen() {
    this.toggleButton.addEventListener("click", () => this.toggle());
    this.restartButton.addEventListener("click", () => this.restart());
    this.root.addEventListener("clip:seek", ({ detail }) => this.canSeek && this.seek(detail));
    this.slider.addEventListener("click", () => this.source || this.toggle());
    bindSeek(this.slider, this);
    this.audio.addEventListener("play", () => this.started());
    this.audio.addEventListener("pause", () => this.stopped());
    this.audio.addEventListener("timeupdate", () => this.count());
    this.audio.addEventListener("ended", () => this.finished());
    this.audio.addEventListener("error", () => this.source && this.on.fail?.(this.audio.error));
  }

  load(blob, seconds) {
    this.unload();
    this.seconds = seconds;
    this.audio.src = this.source = URL.createObjectURL(blob);
    this.audio.load();
    this.last = 0;
    this.begun = false;
    this.enable(true);
    this.root.querySelector("[data-length]").textContent = clock(seconds);
    this.draw();
  }

  unload() {
    if (!this.source) return;
    this.audio.pause();
    this.audio.removeAttribute("src");
    URL.revokeObjectURL(this.source);
    this.source = null;
  }

  enable(may) {
    lock(this.toggleButton, !may);
    lock(this.restartButton, !may);
    this.slider.setAttribute("aria-disabled", String(!may));
  }

  get canSeek() {
    return Boolean(this.source) && !isLocked(this.toggleButton);
  }

  // What sounded until now counts as heard; the way to the new place does not.
  seek(seconds) {
    if (this.playing) this.count();
    this.audio.currentTime = Math.min(this.seconds - BEFORE_END, Math.max(0, seconds));
    this.last = this.audio.currentTime;
    this.draw();
  }

  get playing() {
    return !this.audio.paused && !this.audio.ended;
  }

  // Without a clip, ask the caller for one; the caller plays it when it is there.
  toggle() {
    if (isLocked(this.toggleButton)) this.on.locked?.();
    else if (!this.source) this.on.wanted?.();
    else if (this.playing) this.pause();
    else this.play();
  }

  pause() {
    this.count();
    this.audio.pause();
  }

  restart() {
    if (isLocked(this.restartButton)) return this.on.locked?.();
    if (!this.source) return this.on.wanted?.();
    this.audio.currentTime = 0;
    this.last = 0;
    if (this.playing) this.on.play?.(true);
    else this.play();
  }

  // A pause before the sound has started is not a failure.
  play() {
    if (this.audio.ended) this.audio.currentTime = this.last = 0;
    this.audio.play().catch((error) => {
      if (error.name !== "AbortError") this.on.fail?.(error);
    });
  }

  started() {
    this.last = this.audio.currentTime;
    this.show(true);
    // The first time counts as a start wherever it is: from then on the clip is known.
    this.on.play?.(this.last <= AT_START || !this.begun);
    this.begun = true;
    this.frame();
  }

  stopped() {
    this.count();
    this.show(false);
    this.on.stop?.();
  }

  finished() {
    this.count();
    this.show(false);
    this.on.end?.();
    this.draw();
  }

  // Only sound that really played counts as heard; a jump does not.
  count() {
    const now = this.audio.currentTime;
    const ran = now - this.last;
    this.last = now;
    if (ran > 0 && ran < MAX_TICK * Math.max(1, this.audio.playbackRate)) this.on.heard?.(ran);
  }

  show(playing) {
    this.root.classList.toggle("is-playing", playing);
    this.toggleButton.setAttribute("aria-label", `${playing ? "Pause" : "Play"} ${this.name}`);
  }

  frame() {
    this.draw();
    if (this.playing) requestAnimationFrame(() => this.frame());
  }

  draw() {
    const now = this.audio.currentTime;
    const share = this.seconds ? Math.min(1, now / this.seconds) : 0;
    this.sweep.setAttribute("width", String(share * this.front));
    this.root.querySelector("[data-position]").textContent = clock(now);
    this.slider.setAttribute("aria-valuemax", String(Math.floor(this.seconds ?? 0)));
    this.slider.setAttribute("aria-valuenow", String(Math.floor(now)));
    this.slider.setAttribute("aria-valuetext", `${clock(now)} of ${clock(this.seconds ?? 0)}`);
  }

  ring(share) {
    const drawn = Math.min(1, share) * 100;
    this.root.querySelector("[data-ring]").setAttribute("stroke-dasharray", `${drawn} 100`);
  }
}
