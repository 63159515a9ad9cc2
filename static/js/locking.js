// A button that can't be used yet stays where screen readers and the keyboard find it, with its reason.

export function lock(button, isLocked) {
  button.setAttribute("aria-disabled", String(isLocked));
}

export const isLocked = (button) => button.getAttribute("aria-disabled") === "true";
