// Tap or drag the pipes to hear a clip from there, or press the arrows while they have the focus.

const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5 };
const DRAG_PX = 6; // a finger that moves less may be about to scroll

function placeOf(slider, event) {
  const { left, width } = slider.getBoundingClientRect();
  return Math.min(1, Math.max(0, (event.clientX - left) / width));
}

// `player` has seconds, audio, seek(seconds), and says whether it may be moved.
export function bindSeek(slider, player) {
  let from = null;
  let dragging = false;
  const jump = (event) => player.seek(placeOf(slider, event) * player.seconds);

  slider.addEventListener("pointerdown", (event) => {
    if (!player.canSeek || event.button !== 0) return;
    slider.setPointerCapture(event.pointerId);
    from = event.clientX;
    dragging = event.pointerType === "mouse";
    if (dragging) jump(event);
  });
  slider.addEventListener("pointermove", (event) => {
    if (from === null) return;
    dragging = dragging || Math.abs(event.clientX - from) > DRAG_PX;
    if (dragging) jump(event);
  });
  slider.addEventListener("pointerup", (event) => {
    if (from !== null && !dragging) jump(event);
    from = null;
  });
  slider.addEventListener("pointercancel", () => {
    from = null;
  });

  // The page's own shortcuts use the arrows too: here they belong to the slider.
  slider.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const now = player.audio.currentTime;
    const target = { Home: 0, End: player.seconds }[event.key] ?? now + STEPS[event.key];
    if (Number.isNaN(target)) return;
    event.preventDefault();
    event.stopPropagation();
    if (player.canSeek) player.seek(target);
  });
}
