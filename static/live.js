// Marks the rows of a list of sessions that end while somebody looks at it. Where it does not run, or hears nothing, the list stays as it was made.
//
// The Hub tells which session ended and why; how its row looks then, the page holds in a template. A row that can be ticked is one that can still end.

const ENDINGS = "/admin/sessions/endings";
/** How often the line changes: whoever has it read aloud hears a number now and then, and not each of many rows. */
const TELL_EVERY_MS = 1500;

const line = document.querySelector("[data-place]");
const looks = document.getElementById("ended").content;
let { place } = line.dataset;
let count = 0;
let source, telling;

const boxes = () => [...document.querySelectorAll("td.tick input")];

function mark(session, why) {
  const box = boxes().find((box) => box.value === session);
  const ended = looks.querySelector(`[data-why="${CSS.escape(why)}"]`);
  if (!box || !ended) return;
  const row = box.closest("tr");
  // Whoever is there with the keyboard stays there.
  if (document.activeElement === box) row.querySelector("a")?.focus();
  box.closest("td").replaceChildren();
  row.className = ended.className;
  row.querySelector('[data-label="Expires"]').textContent = "–";
  row.querySelector('[data-label="Status"]').replaceWith(ended.firstElementChild.cloneNode(true));
  count += 1;
}

function say(words) {
  clearTimeout(telling);
  telling = undefined;
  if (line.textContent !== words) line.textContent = words;
}

function tell() {
  say(count ? `${count} ${count === 1 ? "session" : "sessions"} on this page ended while you looked.` : "");
}

function hear({ data, lastEventId }) {
  place = lastEventId;
  const before = count;
  for (const [session, why] of JSON.parse(data)) mark(session, why);
  if (count === before) return;
  telling ??= setTimeout(tell, TELL_EVERY_MS);
  document.dispatchEvent(new Event("rowschanged"));
  if (boxes().length === 0) hush();
}

function hush() {
  source?.close();
  source = undefined;
}

/** A browser has few connections for a Hub, so a page holds one only while it is looked at. */
function look() {
  hush();
  const sessions = boxes().map((box) => `&id=${box.value}`);
  if (document.hidden || sessions.length === 0) return;
  let hears = false;
  source = new EventSource(`${ENDINGS}?after=${place}${sessions.join("")}`);
  source.addEventListener("open", () => {
    hears = true;
    tell();
  });
  source.addEventListener("ended", hear);
  source.addEventListener("reset", () => {
    hush();
    document.removeEventListener("visibilitychange", look);
    say("Sessions may have ended in other ways than this page hears of: reload it.");
  });
  source.addEventListener("error", () => {
    // Mostly the browser comes back by itself.
    if (hears && source?.readyState === EventSource.CLOSED) say("This page does not hear of endings any more: reload it.");
  });
}

document.addEventListener("visibilitychange", look);
look();
