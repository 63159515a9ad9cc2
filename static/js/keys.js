// Keyboard shortcuts of the play page. Arrows, space and enter only: screen readers and speech
// control need the letters and digits.

const ARROWS = { ArrowLeft: "left", ArrowRight: "right" };
const TYPING = "input, select, textarea";
const PRESSABLE = "button, a, summary";

export function bindKeys({ toggle, space, choose, onward }) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches(TYPING)) return;
    const side = ARROWS[event.key];
    if (side) {
      event.preventDefault();
      if (event.repeat) return;
      if (event.shiftKey) choose(side);
      else toggle(side);
    } else if (event.target.matches(PRESSABLE)) {
      return;
    } else if (event.key === " ") {
      event.preventDefault();
      if (!event.repeat) space();
    } else if (event.key === "Enter" && !event.repeat) {
      onward();
    }
  });
}
