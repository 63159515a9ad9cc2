// One clip on its way. What has arrived is kept; the next try asks for the rest.

import { rangeHeaders, rangeOf, sizeOf } from "../lib/ranges.js";
import { ApiError, readClip } from "./api.js";

export class Download {
  constructor(url) {
    this.url = url;
    this.forget();
  }

  forget() {
    this.chunks = [];
    this.received = 0;
    this.size = null;
    this.etag = null;
  }

  get isComplete() {
    return this.size !== null && this.received === this.size;
  }

  get blob() {
    return new Blob(this.chunks, { type: "audio/mpeg" });
  }

  // One try. `arrived` is called with each piece.
  async run(arrived = () => {}) {
    if (this.isComplete) return;
    await readClip(this.url, rangeHeaders(this), {
      start: (response) => this.start(response),
      bytes: (chunk) => {
        this.chunks.push(chunk);
        this.received += chunk.length;
        arrived();
      },
    });
    if (this.size === null) this.size = this.received;
    if (!this.isComplete) throw new ApiError("network", "The clip did not load completely.");
  }

  start({ status, headers }) {
    if (status === 206 && rangeOf(headers)?.from === this.received) return;
    this.forget();
    if (status !== 200) throw new ApiError("network", "The clip did not go on where it stopped.");
    this.size = sizeOf(headers);
    this.etag = headers.get("ETag");
  }
}
