// "Round 2 of 5", in words and as dots.

function dot(number, now) {
  const item = document.createElement("li");
  if (number < now) item.className = "done";
  if (number === now) item.className = "now";
  return item;
}

export function showProgress(page, { number, rounds }) {
  const dots = Array.from({ length: rounds }, (_, index) => dot(index + 1, number));
  page.querySelector("[data-progress]").textContent = `Round ${number} of ${rounds}`;
  const list = page.querySelector("[data-dots]");
  list.textContent = "";
  for (const each of dots) list.append(each);
}
