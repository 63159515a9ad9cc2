// Asks again for what changes while one looks at the dashboard, as long as the page is in front.

const EVERY_MS = 10_000;
const live = document.querySelector("[data-live]");

async function refresh() {
  if (document.hidden || live.contains(document.activeElement)) return;
  try {
    const response = await fetch(live.dataset.live, { redirect: "error" });
    if (response.ok) live.innerHTML = await response.text();
  } catch {
    // The server restarts, or the session ended: the time on the page says how old it is.
  }
}

if (live) setInterval(refresh, EVERY_MS);
