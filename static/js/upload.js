// Sends a file in parts; what broke off goes on where it stopped (tus).

import { kindOf, problemWords, sentWords, slugOf } from "./lib/sending.js";

const CHUNK = 8_000_000;
const RETRIES_MS = [0, 1000, 3000, 10_000, 30_000, 60_000, 60_000, 60_000];

const form = document.querySelector("[data-upload-form]");
const part = (name) => form.querySelector(`[data-${name}]`);
let sending = null;

function showKind() {
  const kind = form.elements.kind.value;
  for (const each of form.querySelectorAll("[data-only]")) each.hidden = each.dataset.only !== kind;
}

function fileChosen() {
  const file = form.elements.file.files[0];
  if (!file) return;
  const kind = kindOf(file.name);
  if (kind) form.elements.kind.value = kind;
  if (!form.elements.slug.value) form.elements.slug.value = slugOf(file.name);
  showKind();
}

function say(problem) {
  part("problem").textContent = problem;
  part("problem").hidden = !problem;
}

function showSending(isSending) {
  part("send").disabled = isSending;
  part("pause").hidden = !isSending;
  if (isSending) part("sending").hidden = false;
}

function showSent(sent, total) {
  part("bar").value = (100 * sent) / total;
  part("words").textContent = sentWords(sent, total);
}

function metadata(file) {
  const fields = { filename: file.name };
  for (const name of ["kind", "slug", "name", "licence"]) fields[name] = form.elements[name].value;
  if (fields.kind === "collection") fields.trained_on = form.elements.trained_on.value;
  return fields;
}

async function send(event) {
  event.preventDefault();
  const file = form.elements.file.files[0];
  const largest = Number(form.dataset.largest);
  if (file.size > largest) return say(`The file has ${file.size} bytes; at most ${largest} are taken.`);
  say("");
  const fields = metadata(file);
  sending = new tus.Upload(file, {
    endpoint: form.dataset.endpoint,
    chunkSize: CHUNK,
    retryDelays: RETRIES_MS,
    headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
    metadata: fields,
    removeFingerprintOnSuccess: true,
    fingerprint: async () => ["upload", fields.kind, fields.slug, file.name, file.size, file.lastModified].join(" "),
    onProgress: showSent,
    onError: failed,
    onSuccess: () => leave(sending.url),
  });
  const earlier = await sending.findPreviousUploads();
  if (earlier.length) sending.resumeFromPreviousUpload(earlier[0]);
  showSending(true);
  sending.start();
}

function failed(error) {
  const response = error.originalResponse;
  say(problemWords(response?.getStatus() ?? 0, response?.getBody() ?? ""));
  showSending(false);
}

function leave(url) {
  const id = new URL(url, location.href).pathname.split("/").filter(Boolean).pop();
  location.assign(`${form.dataset.page}${id}/`);
}

if (form) {
  form.addEventListener("submit", send);
  form.elements.file.addEventListener("change", fileChosen);
  for (const each of form.elements.kind) each.addEventListener("change", showKind);
  part("pause").addEventListener("click", async () => {
    await sending.abort();
    showSending(false);
    part("words").textContent += ". Paused; Upload goes on.";
  });
  showKind();
}
