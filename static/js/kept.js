// What the server may not know yet, kept in this tab through a reload: the seconds heard of each clip
// and the choice. Where a browser keeps nothing, a reload asks the server alone.

const KEY = "round";

function storage() {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

export function keep(round, { heard, chosen }) {
  try {
    storage()?.setItem(KEY, JSON.stringify({ round, heard, chosen }));
  } catch {
    // Full, or forbidden.
  }
}

export function kept(round) {
  try {
    const found = JSON.parse(storage()?.getItem(KEY) ?? "null");
    return found?.round === round ? found : {};
  } catch {
    return {};
  }
}
