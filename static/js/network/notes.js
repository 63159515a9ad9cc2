// Tells the server how often each clip was started, how long ago, and how much of it was heard.
// A note may come late, twice or in another order: the server makes the same of it. What doesn't get
// through is tried again, and goes with the answer at the latest.

import { mayPass } from "../lib/trouble.js";
import * as api from "./api.js";
import { Backoff } from "./backoff.js";

const TOO_LATE = ["answered", "withdrawn", "no_listener", "not_found"];

export class PlayNotes {
  // `isCurrent(round)`: whether the page still shows it. `tooLate(error)`: no note counts any more.
  constructor({ isCurrent, tooLate }) {
    this.isCurrent = isCurrent;
    this.tooLate = tooLate;
    this.begin();
  }

  begin() {
    this.firstStart = {};
    this.waiting = {};
    this.backoff = new Backoff();
    this.isRetrying = false;
  }

  // By a clock that is never set. The first start of a clip is the one that counts.
  started(side) {
    this.firstStart[side] = this.firstStart[side] ?? performance.now();
  }

  aged(note) {
    const start = this.firstStart[note.side];
    return start === undefined ? note : { ...note, age: (performance.now() - start) / 1000 };
  }

  // Of each clip, where the server has not confirmed the last one.
  get unconfirmed() {
    return Object.values(this.waiting).map((note) => this.aged(note));
  }

  async send(round, note) {
    this.waiting[note.side] = note;
    try {
      await api.notePlay(round, this.aged(note));
      if (this.waiting[note.side] === note) delete this.waiting[note.side];
      this.backoff.reset();
    } catch (error) {
      if (!this.isCurrent(round)) return;
      if (TOO_LATE.includes(error.code)) this.tooLate(error);
      else if (mayPass(error)) this.retry(round);
    }
  }

  async retry(round) {
    if (this.isRetrying) return;
    this.isRetrying = true;
    await this.backoff.wait();
    if (!this.isCurrent(round)) return;
    this.isRetrying = false;
    for (const note of Object.values(this.waiting)) this.send(round, note);
  }
}
