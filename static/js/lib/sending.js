// What an upload is called and how far it is, in words. Pure: no page, no network.

export const megabytes = (bytes) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

export const sentWords = (sent, total) => `${megabytes(sent)} of ${megabytes(total)} MB sent`;

// A name that an address can hold, from the name of a file.
export const slugOf = (filename) =>
  filename
    .replace(/\.(safetensors|zip)$/i, "")
    .normalize("NFKD")
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 50);

export const kindOf = (filename) => {
  if (/\.safetensors$/i.test(filename)) return "checkpoint";
  return /\.zip$/i.test(filename) ? "collection" : "";
};

// The server's own sentence, where it sent one.
export function problemWords(status, body) {
  try {
    return JSON.parse(body).error.message;
  } catch {
    return status ? `The server refused it (${status}).` : "The connection broke. Upload again to go on.";
  }
}

export function stageWords({ status, stage, done, total, ahead, received, length }) {
  if (status === "receiving") return `${sentWords(received, length)}. To go on, upload the same file again.`;
  if (status === "quarantined" || status === "checked") {
    if (stage) return total ? `Now: ${stage}, ${done} of ${total}` : `Now: ${stage}`;
    if (ahead) return `Waiting for a worker; ${ahead} ${ahead === 1 ? "upload comes" : "uploads come"} first.`;
    return "Waiting for a worker.";
  }
  const words = {
    scored: "Scored. A second person decides whether it is played.",
    published: "Published.",
    retired: "Retired: no new round plays it.",
    refused: "Refused.",
  };
  return words[status] ?? status;
}
