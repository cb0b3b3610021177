// What script makes nicer on a page that works without it: relative times, copying, ticking all, watching progress.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How often relative times are written anew, in seconds. */
const TIMES_EVERY = 30;
/** The shortest wait between two looks at a page that tells of progress, in seconds. */
const POLL_AT_LEAST = 1;

/** "3 min ago", "in 2 h": the words that the server writes. */
function relative(seconds) {
  const distance = Math.abs(seconds);
  if (distance < MINUTE) return seconds < 0 ? "in less than 1 min" : "just now";
  const [size, unit] =
    distance < HOUR ? [MINUTE, "min"] : distance < 2 * DAY ? [HOUR, "h"] : [DAY, "days"];
  const words = `${Math.floor(distance / size)} ${unit}`;
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

function refreshTimes() {
  for (const time of document.querySelectorAll("time[title]")) {
    const at = Date.parse(time.dateTime);
    if (!Number.isNaN(at)) time.textContent = relative((Date.now() - at) / 1000);
  }
}

function prepare(root) {
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
  for (const box of root.querySelectorAll("[data-tick-all]")) {
    box.hidden = false;
    showTicks(box);
  }
  watchProgress(root.querySelector("[data-poll]"));
}

async function copy(button) {
  const text = button.parentElement.querySelector("code").textContent;
  const words = button.querySelector("span");
  const before = words.textContent;
  try {
    await navigator.clipboard.writeText(text);
    words.textContent = "Copied";
  } catch {
    words.textContent = "Not copied";
  }
  setTimeout(() => (words.textContent = before), 2000);
}

function boxesOf(all) {
  const form = all.form ?? document;
  const boxes = form.elements ? [...form.elements] : [...form.querySelectorAll("input")];
  return boxes.filter((box) => box.type === "checkbox" && box.name === all.dataset.tickAll);
}

function showTicks(all) {
  const boxes = boxesOf(all);
  const ticked = boxes.filter((box) => box.checked).length;
  all.checked = boxes.length > 0 && ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
  for (const count of document.querySelectorAll(`[data-ticked="${CSS.escape(all.dataset.tickAll)}"]`)) {
    count.textContent = ticked > 0 ? `${ticked} ticked` : "";
  }
}

function showAllTicks() {
  for (const all of document.querySelectorAll("[data-tick-all]")) showTicks(all);
}

/** Looks at the same page again until it tells of no more progress. */
function watchProgress(element) {
  if (!element) return;
  const wait = Math.max(Number(element.dataset.poll) || 0, POLL_AT_LEAST);
  setTimeout(async () => {
    try {
      const response = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!response.ok || response.redirected) return location.reload();
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const main = page.getElementById("main");
      if (!main) return location.reload();
      const shown = document.getElementById("main");
      const focused = document.activeElement;
      const held = shown.contains(focused) ? focused.getAttribute("href") : null;
      shown.replaceChildren(...main.childNodes);
      if (held !== null) (shown.querySelector(`a[href="${CSS.escape(held)}"]`) ?? shown).focus();
      prepare(shown);
    } catch {
      watchProgress(element);
    }
  }, wait * 1000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (button) copy(button);
});

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.type !== "checkbox") return;
  if (box.dataset.tickAll) for (const each of boxesOf(box)) each.checked = box.checked;
  showAllTicks();
});

// Rows have lost their boxes.
document.addEventListener("rowschanged", showAllTicks);

prepare(document);
setInterval(refreshTimes, TIMES_EVERY * 1000);
