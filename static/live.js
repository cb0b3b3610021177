// Marks sessions that end while somebody looks at them: rows of a list, or a session's own page. Where it does not run, or hears nothing, the page
// stays as it was made.
//
// The Hub tells which session ended and why; how it looks then, the page holds in a template (templates/macros/live.html). What shows a session that
// can still end can be ticked, or has `data-live`.

const ENDINGS = "/admin/sessions/endings";
/** How often the line changes: whoever has it read aloud hears a number now and then, and not each of many rows. */
const TELL_EVERY_MS = 1500;

const line = document.querySelector("[data-place]");
const looks = document.getElementById("ended").content;
let { place } = line.dataset;
let count = 0;
/** What the page of a single session says of its end. */
let words;
let source, telling;

const live = () => [...document.querySelectorAll("[data-live], tbody tr:has(.tick input)")];
const sessionOf = (element) => element.dataset.live ?? element.querySelector(".tick input").value;

function mark(session, why) {
  const shown = live().filter((element) => sessionOf(element) === session);
  const ended = looks.querySelector(`[data-why="${CSS.escape(why)}"]`);
  if (shown.length === 0 || !ended) return;
  const status = ended.querySelector("td") ?? looks.querySelector(`.badge.${ended.dataset.status}`);
  for (const element of shown) {
    delete element.dataset.live;
    for (const part of element.querySelectorAll(".tick label, a[href$='/revoke']")) {
      // Whoever is there with the keyboard stays there.
      if (part.contains(document.activeElement)) (element.querySelector("td a, th a") ?? document.getElementById("main")).focus();
      part.remove();
    }
    element.classList.add(...ended.classList);
    for (const part of element.querySelectorAll("[data-label=Expires]")) part.textContent = "–";
    element.querySelector("[data-label=Status], .lede > .badge")?.replaceWith(status.cloneNode(true));
  }
  words = looks.querySelector(".note")?.cloneNode(true);
  if (words) words.querySelector("b").textContent = ended.textContent;
  count += 1;
}

function say(what) {
  clearTimeout(telling);
  telling = undefined;
  if (line.textContent !== (what.textContent ?? what)) line.replaceChildren(what);
}

function tell() {
  say(words ?? (count ? `${count} ${count === 1 ? "session" : "sessions"} on this page ended while you looked.` : ""));
}

function hear({ data, lastEventId }) {
  place = lastEventId;
  const before = count;
  for (const [session, why] of JSON.parse(data)) mark(session, why);
  if (count === before) return;
  if (words) tell();
  else telling ??= setTimeout(tell, TELL_EVERY_MS);
  document.dispatchEvent(new Event("rowschanged"));
  if (live().length === 0) hush();
}

function hush() {
  source?.close();
  source = undefined;
}

/** A browser has few connections for a Hub, so a page holds one only while it is looked at. */
function look() {
  hush();
  const sessions = new Set(live().map((element) => `&id=${sessionOf(element)}`));
  if (document.hidden || sessions.size === 0) return;
  let hears = false;
  source = new EventSource(`${ENDINGS}?after=${place}${[...sessions].join("")}`);
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
