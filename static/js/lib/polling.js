// Pure: when to ask again, and what to say, while something is being made on the server.

export const SECOND = 1000;
const LONGEST = 30 * SECOND;

// After failures in a row the page asks less and less often.
export const waitAfter = (failures) => Math.min(LONGEST, SECOND * 2 ** failures);

// Only these end the asking; everything else may pass.
export const isFinal = ({ status }) => status === 403 || status === 404;

export function problemLine(error) {
  if (isFinal(error)) return error.message;
  return `${error.message} The export goes on; this page asks again.`;
}

// What a screen reader is told: the steps, and not each percent.
export const news = (before, { status, line }) => (status === before ? null : line);
