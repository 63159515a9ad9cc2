// How long to wait for the server: it may be slow, but not silent. Each sign of it renews the patience.

const SILENCE_MS = 20_000;

export class Patience {
  constructor() {
    // Old browsers cannot break off a request. It is given up all the same.
    this.control = typeof AbortController === "function" ? new AbortController() : null;
    this.silence = new Promise((_, reject) => {
      this.giveUp = () => {
        reject(new Error("silence"));
        this.control?.abort();
      };
    });
    this.renew();
  }

  get signal() {
    return this.control?.signal;
  }

  renew() {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.giveUp, SILENCE_MS);
  }

  end() {
    clearTimeout(this.timer);
  }

  until(promise) {
    return Promise.race([promise, this.silence]);
  }
}
