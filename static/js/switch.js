// From one clip to the other at the same place. It knows the players by their buttons and sound
// alone, so that what counts as heard stays the player's own business.

const SIDES = ["left", "right"];
const other = (side) => (side === "left" ? "right" : "left");
const heardLast = new WeakMap();

export const isPlaying = (audio) => !audio.paused && !audio.ended;

// The players of a round stand in the order of its clips.
export const playerOf = (root, side) => root.querySelectorAll("[data-player]")[SIDES.indexOf(side)];

export const soundOf = (root, side) => playerOf(root, side).querySelector("audio");

function follow(root) {
  if (heardLast.has(root)) return;
  heardLast.set(root, null);
  for (const side of SIDES) {
    soundOf(root, side).addEventListener("play", () => heardLast.set(root, side));
  }
}

// Plays a clip from the place of the other, if that one was heard last.
function playFromThere(root, side) {
  const player = playerOf(root, side);
  const { currentTime, ended } = soundOf(root, other(side));
  if (heardLast.get(root) === other(side)) {
    player.dispatchEvent(new CustomEvent("clip:seek", { detail: ended ? 0 : currentTime }));
  }
  player.querySelector("[data-play]").click();
}

// A button for one clip, which plays and pauses it.
export function bindClipButton(button, root, side) {
  follow(root);
  button.addEventListener("click", () => {
    if (isPlaying(soundOf(root, side))) playerOf(root, side).querySelector("[data-play]").click();
    else playFromThere(root, side);
  });
}

// One button for both clips: it leads to the one that was not heard last.
export function bindSwitch(button, root) {
  const next = () => other(heardLast.get(root) ?? "left");
  const show = () => {
    const number = SIDES.indexOf(next()) + 1;
    button.setAttribute("aria-label", `Switch to clip ${number}, at the same place`);
    button.querySelector("[data-switch-to]").textContent = `clip ${number}`;
  };
  follow(root);
  for (const side of SIDES) soundOf(root, side).addEventListener("play", show);
  button.addEventListener("click", () => playFromThere(root, next()));
  show();
}

const page = document.querySelector("[data-play-page]");
if (page) bindSwitch(page.querySelector("[data-switch]"), page.querySelector("[data-clips]"));
