// Asking for the rest of a file, and reading what a response says about itself. Pure.

// Only where it is certain that the rest belongs to the same file.
export function rangeHeaders({ received, etag }) {
  if (!received || !etag || etag.startsWith("W/")) return {};
  return { Range: `bytes=${received}-`, "If-Range": etag };
}

export function rangeOf(headers) {
  const match = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get("Content-Range") ?? "");
  return match && { from: Number(match[1]), size: Number(match[2]) };
}

// Of the whole file, where the server tells. A compressed length says nothing.
export function sizeOf(headers) {
  if (headers.get("Content-Encoding")) return null;
  const length = headers.get("Content-Length");
  return length === null ? null : Number(length);
}
