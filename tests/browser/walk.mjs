// Follows links from page to page and looks at whatever stands there; used by the tests of every page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { HOSTILE, Hub } from "./harness.mjs";

/** More kinds of pages than the Hub has. */
const MAX_KINDS = 80;

/** The reference of the API is one long page, sent short. */
export const REFERENCE_MAX_BYTES = 250_000;

/** A page's kind: its path without ids, and the names of its query. */
function kind(url) {
  const path = url.pathname.replace(/\/[0-9a-f]{16}(?=\/|$)|\/\d+(?=\/|$)/g, "/*");
  return `${path}?${[...url.searchParams.keys()].sort().join("&")}`;
}

/** Follows links from a page and looks at whatever stands there, but for what is passed by. */
export async function walk(person, from, passedBy = []) {
  const seen = new Map();
  const known = new Set(passedBy);
  const waiting = [];
  const note = (address) => {
    const url = new URL(address, person.hub.origin);
    const isFile = /\.(csv|json|txt)$/.test(url.pathname) || url.pathname.startsWith("/api/");
    if (url.origin !== person.hub.origin || isFile || known.has(url.pathname + url.search)) return;
    known.add(url.pathname + url.search);
    waiting.push(url);
  };
  for (const path of from) note(path);
  const faults = [];
  while (waiting.length > 0) {
    assert.ok(seen.size < MAX_KINDS, `more than ${MAX_KINDS} kinds of pages: ${[...seen.keys()].join(" ")}`);
    const url = waiting.shift();
    const of = kind(url);
    // Of what differs in an id, two are looked at.
    if ((seen.get(of) ?? 0) >= (of.includes("*") ? 2 : 1)) continue;
    seen.set(of, (seen.get(of) ?? 0) + 1);
    try {
      for (const address of await open(person, url.pathname + url.search)) note(address);
    } catch (error) {
      faults.push(`${url.pathname + url.search}: ${error.message}`);
    }
  }
  assert.deepEqual(faults, []);
  return [...seen.keys()];
}

/** Looks at one page; gives the addresses that it leads to. */
async function open(person, path) {
  const answer = await person.page.goto(path);
  assert.ok([200, 403].includes(answer.status()), `answers ${answer.status()}`);
  if (person.url.pathname === "/admin/sudo") {
    await person.look({ name: "sudo" });
    await person.prove();
  }
  await person.look(path.startsWith("/docs") ? { max: REFERENCE_MAX_BYTES } : {});
  return person.page.evaluate(() => [...document.querySelectorAll("a[href]")].map((link) => link.href));
}

async function fill(hub, sessions) {
  for (let number = 0; number < sessions; number += 1) {
    const agent = number % 2 ? "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0" : HOSTILE[number % HOSTILE.length];
    const client = await hub.client(["bob", "cat"][number % 2], { address: `203.0.113.${number % 250}`, agent: agent.replace(/[\r\n\0]/g, " ") });
    if (number % 5 === 0) await client.refresh();
  }
}

/** Where a walk begins. */
const DOORS = ["/admin", "/admin/sessions", "/admin/users", "/admin/audit", "/admin/settings", "/account"];
/** As long as a name may be, without a place to break it. */
const LONG_NAME = "n".repeat(64);

/** Services and webhooks with the longest names and addresses that there may be. */
function addReceivers(hub) {
  hub.run(["service", "add", LONG_NAME]);
  hub.run(["service", "add", "api"]);
  hub.run(["webhook", "add", LONG_NAME, `https://hub.invalid/${"u".repeat(200)}`, "--events", "user.created"]);
}

/** The test that an administrator sees every page of a Hub with so many sessions. */
export function everyPage(words, sessions) {
  test(`every page of ${words} is fit to be seen by its administrator`, { timeout: 600_000 }, async (t) => {
    const hub = await Hub.start(t);
    hub.add("ann", "SUPERADMIN");
    if (sessions > 0) {
      hub.add("bob");
      hub.add("cat", "ADMIN");
    }
    await fill(hub, sessions);
    const ann = await hub.person();
    await ann.signIn("ann");
    // The reference of the API knows nothing of sessions: on a new Hub it is looked at, and on the others it is the same.
    const passedBy = sessions > 0 ? ["/docs"] : [];
    if (sessions > 0) addReceivers(hub);
    const pages = await walk(ann, DOORS, passedBy);
    t.diagnostic(pages.join(" "));
    const expected = sessions > 0 ? ["/admin/services/*/revoke?", "/admin/webhooks/*?", "/admin/webhooks/*/disable?", "/admin/webhooks/*/secret?", "/admin/webhooks/*/delete?"] : [];
    for (const page of ["/admin/services?", "/admin/services/new?", "/admin/webhooks?", "/admin/webhooks/new?", ...expected]) assert.ok(pages.includes(page), page);
  });
}
