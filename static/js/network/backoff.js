// Waits between tries: longer after each failure, but no longer than until the browser is online
// again, or somebody asks for the next try at once.

import { waitAfter } from "../lib/polling.js";

export class Backoff {
  constructor() {
    this.failures = 0;
    this.now = () => {};
  }

  wait() {
    const pause = waitAfter(this.failures);
    this.failures += 1;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        window.removeEventListener("online", done);
        resolve();
      };
      const timer = setTimeout(done, pause);
      window.addEventListener("online", done);
      this.now = done;
    });
  }

  // Something went well.
  reset() {
    this.failures = 0;
  }
}
