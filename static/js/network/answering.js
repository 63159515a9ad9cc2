// Sends an answer until the server has it. Meanwhile the page keeps the choice.

import { mayPass } from "../lib/trouble.js";
import * as api from "./api.js";
import { Backoff } from "./backoff.js";

export class Answering {
  constructor() {
    this.backoff = new Backoff();
  }

  // The reveal; `answer()` is what to send now, `stuck(error)` is told of each failure that may pass.
  async reveal(round, answer, stuck) {
    this.backoff = new Backoff();
    for (;;) {
      try {
        return await api.sendAnswer(round, answer());
      } catch (error) {
        if (!mayPass(error)) throw error;
        stuck(error);
        await this.backoff.wait();
      }
    }
  }

  hurry() {
    this.backoff.now();
  }
}
