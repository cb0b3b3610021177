// Every page that links lead to, looked over: by an administrator and by somebody else, on an empty Hub and on a full one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { HOSTILE, Hub, both } from "./harness.mjs";

/** More kinds of pages than the Hub has. */
const MAX_KINDS = 80;

/** The reference of the API is one page that is sent short (`gzip`): what its text and what the wire may have at most. */
const REFERENCE_MAX_BYTES = 250_000;
const REFERENCE_MAX_WIRE_BYTES = 50_000;

/** A page's kind: its path without ids, and the names of its query. */
function kind(url) {
  const path = url.pathname.replace(/\/[0-9a-f]{16}(?=\/|$)|\/\d+(?=\/|$)/g, "/*");
  return `${path}?${[...url.searchParams.keys()].sort().join("&")}`;
}

/** Follows links from a page and looks at whatever stands there. */
async function walk(person, from) {
  const seen = new Map();
  const known = new Set();
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
  return person.page.locator("a[href]").evaluateAll((links) => links.map((link) => link.href));
}

async function fill(hub, sessions) {
  for (let number = 0; number < sessions; number += 1) {
    const agent = number % 2 ? "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0" : HOSTILE[number % HOSTILE.length];
    const client = await hub.client(["bob", "cat"][number % 2], { address: `203.0.113.${number % 250}`, agent: agent.replace(/[\r\n\0]/g, " ") });
    if (number % 5 === 0) await client.refresh();
  }
}

for (const [words, sessions] of [["a new Hub", 0], ["a Hub in use", 3], ["a full Hub", 130]]) {
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
    const pages = await walk(ann, ["/admin", "/admin/sessions", "/admin/users", "/admin/audit", "/admin/settings", "/account"]);
    t.diagnostic(pages.join(" "));
  });
}

both("every page of their own is fit to be seen by a user", async (script, t) => {
  const hub = await Hub.start(t);
  hub.add("bob");
  await fill(hub, 0);
  const bob = await hub.person({ script });
  await bob.signIn("bob");
  await walk(bob, ["/account", "/"]);
  await bob.visit("/admin", { status: 403 });
});

both("the reference of the API is fit to be seen and searched by anybody", async (script, t) => {
  const hub = await Hub.start(t);
  const visitor = await hub.person({ script });
  const answer = await visitor.visit("/docs", { max: REFERENCE_MAX_BYTES, name: "docs" });
  const { responseBodySize } = await answer.request().sizes();
  assert.ok(responseBodySize <= REFERENCE_MAX_WIRE_BYTES, `${responseBodySize} bytes on the wire`);
  await visitor.page.getByLabel("Call, field or error").fill("token_reused");
  await visitor.page.keyboard.press("Enter");
  await visitor.page.waitForURL("**/docs?q=token_reused");
  await visitor.look({ name: "docs-found" });
  assert.equal(await visitor.page.locator("details[open] code", { hasText: "token_reused" }).first().isVisible(), true);
  await visitor.visit("/docs?q=no+such+words", { name: "docs-nothing" });
});
