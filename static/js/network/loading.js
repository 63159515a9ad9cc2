// Both clips of a round on their way: at the same time and in the same way. After a failure each goes
// on where it stopped, for as long as it takes.

import { mayPass } from "../lib/trouble.js";
import { Backoff } from "./backoff.js";
import { Download } from "./download.js";

export class Loading {
  // `progress({received, size, seconds})`: bytes of both clips together. `stuck(error)`: it goes on later.
  constructor(clips, { progress, stuck } = {}) {
    this.downloads = clips.map((clip) => new Download(clip.url));
    this.watch({ progress, stuck });
    this.backoff = new Backoff();
    this.isDropped = false;
  }

  watch({ progress = () => {}, stuck = () => {} }) {
    this.on = { progress, stuck };
  }

  isOf(clips) {
    return clips.every((clip, index) => clip.url === this.downloads[index].url);
  }

  drop() {
    this.isDropped = true;
  }

  // The next try at once, where one is waited for.
  hurry() {
    this.backoff.now();
  }

  // The clips in their order.
  blobs() {
    this.running = this.running ?? this.run();
    return this.running;
  }

  async run() {
    this.began = performance.now();
    this.before = this.received;
    while (!(await this.tried()) && !this.isDropped) await this.backoff.wait();
    return this.downloads.map((download) => download.blob);
  }

  async tried() {
    const received = this.received;
    const results = await Promise.all(
      this.downloads.map((download) => download.run(() => this.arrived()).then(() => null, (error) => error)),
    );
    const errors = results.filter(Boolean);
    const final = errors.find((error) => !mayPass(error));
    if (final) throw final;
    if (this.received > received) this.backoff.reset();
    if (errors.length && !this.isDropped) this.on.stuck(errors[0]);
    return !errors.length;
  }

  get received() {
    return this.downloads.reduce((sum, each) => sum + each.received, 0);
  }

  // Unknown until both have begun to come.
  get size() {
    if (this.downloads.some((each) => each.size === null)) return null;
    return this.downloads.reduce((sum, each) => sum + each.size, 0);
  }

  arrived() {
    const { received, size } = this;
    const seconds = (performance.now() - this.began) / 1000;
    this.on.progress({ received, size, speed: (received - this.before) / seconds, seconds });
  }
}
