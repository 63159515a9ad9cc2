// Tells the server how often each clip was started, how long ago, and how much of it was heard.
// A note may come late, twice or in another order: the server makes the same of it.

import * as api from "./api.js";

const RETRY_MS = 2000;
const TOO_LATE = ["answered", "withdrawn"];

export class PlayNotes {
  // `isCurrent(round)`: whether the page still shows it. `tooLate(code)`: no note counts any more.
  constructor({ isCurrent, tooLate }) {
    this.isCurrent = isCurrent;
    this.tooLate = tooLate;
    this.begin();
  }

  begin() {
    this.startedAt = {};
  }

  // By a clock that is never set.
  started(side) {
    this.startedAt[side] = performance.now();
  }

  async send(round, note, start = this.startedAt[note.side]) {
    const age = start === undefined ? {} : { age: (performance.now() - start) / 1000 };
    try {
      await api.notePlay(round, { ...note, ...age });
    } catch (error) {
      if (!this.isCurrent(round)) return;
      if (TOO_LATE.includes(error.code)) this.tooLate(error.code);
      if (error.code === "network" || error.status >= 500) setTimeout(() => this.send(round, note, start), RETRY_MS);
    }
  }
}
