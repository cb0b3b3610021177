// What strangers send is text on every page and in every export: it changes no element, runs nothing, and reads as it was sent.

import assert from "node:assert/strict";
import { test } from "node:test";
import { HOSTILE, Hub, both, shown } from "./harness.mjs";

/** A header cannot hold these; hyper refuses the whole request. */
const sendable = (text) => text.replace(/[\r\n\0]/g, " ");

/** A Hub where each text is some client's name for itself, address header and profile. */
async function meeting(t, texts) {
  const hub = await Hub.start(t);
  hub.add("ann", "SUPERADMIN");
  hub.add("bob");
  const sessions = [];
  for (const text of texts) {
    const client = await hub.client("bob", { agent: sendable(text), address: `${sendable(text)}, 203.0.113.7` });
    sessions.push(client.session);
    const body = { bio: text };
    await hub.call("PATCH", "/api/auth/me", { token: client.access, body, headers: client.headers });
    // A refused sign-in leaves what was typed nowhere but in the audit.
    await hub.call("POST", "/api/auth/login", { body: { username: text, password: "wrong horse 7" }, headers: client.headers });
  }
  return { hub, sessions };
}

/** How a page is built: the number of each element in it. */
const built = (person) =>
  person.page.evaluate(() => {
    const counts = {};
    for (const element of document.querySelectorAll("body *")) counts[element.tagName] = (counts[element.tagName] ?? 0) + 1;
    return counts;
  });

const LISTS = ["/admin", "/admin/sessions?rows=100", "/admin/audit", "/admin/users", "/admin/users/2"];

test("forty strange texts change no element of any page, and run nothing", { timeout: 300_000 }, async (t) => {
  const plain = HOSTILE.map((_, number) => `client ${number}`);
  const pages = [];
  for (const texts of [HOSTILE, plain]) {
    const { hub, sessions } = await meeting(t, texts);
    const ann = await hub.person();
    await ann.signIn("ann");
    const of = {};
    for (const path of LISTS) {
      assert.equal((await ann.page.goto(path)).status(), 200, path);
      of[path] = await built(ann);
    }
    for (const [number, session] of sessions.entries()) {
      await ann.page.goto(`/admin/sessions/${session}`);
      of[`session ${number}`] = await built(ann);
      const found = await ann.page.evaluate(() => {
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const data = [];
        while (walker.nextNode()) data.push(walker.currentNode.data.trim());
        return data;
      });
      const wanted = shown(sendable(texts[number])).trim();
      assert.ok(found.includes(wanted), `${wanted} among ${found.join(" | ")}`);
      assert.match(await ann.page.title(), /^Session [0-9a-f]{16} · RegardingWork Hub$/);
    }
    await ann.look();
    pages.push(of);
  }
  assert.deepEqual(pages[0], pages[1]);
});

both("forty strange texts come back in forms as they were typed", async (script, t) => {
  const hub = await Hub.start(t);
  const anybody = await hub.person({ script });
  await anybody.page.goto("/login");
  for (const text of HOSTILE.slice(0, script ? 40 : 10)) {
    await anybody.field("Username").fill(text);
    await anybody.field("Password").fill("wrong horse 7");
    await anybody.press("Sign in");
    assert.equal(await anybody.field("Username").inputValue(), text.trim());
    assert.equal(await anybody.page.locator("main form").count(), 1);
  }
  await anybody.look({ path: "a strange name" });
});

/** The cells of a CSV file as RFC 4180 has them. */
function cells(text) {
  const rows = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === "\r\n") rows.push([]);
    if (end === "") break;
  }
  return rows.filter((row) => row.length > 1);
}

test("forty strange texts are the same in every export, and no cell is a formula", { timeout: 120_000 }, async (t) => {
  const { hub } = await meeting(t, HOSTILE);
  const ann = await hub.person();
  await ann.signIn("ann");
  for (const list of ["sessions", "audit"]) {
    const [json, csv] = await Promise.all(
      ["json", "csv"].map(async (form) => {
        const answer = await ann.context.request.get(`/admin/${list}/export.${form}`);
        assert.equal(answer.status(), 200, list);
        assert.match(answer.headers()["content-disposition"], /^attachment/);
        return answer.text();
      }),
    );
    const data = JSON.parse(json);
    const rows = cells(csv);
    const width = rows[0].length;
    assert.ok(rows.length > HOSTILE.length, `${rows.length} rows of ${list}`);
    for (const row of rows) {
      assert.equal(row.length, width, row.join(" | "));
      for (const cell of row) assert.doesNotMatch(cell, /^[=+\-@\t\r]/, cell);
    }
    // Every text of the JSON file stands in a cell, where need be behind the mark that disarms it.
    const known = new Set(rows.flat());
    const strings = (value) => (typeof value === "string" ? [value] : value && typeof value === "object" ? Object.values(value).flatMap(strings) : []);
    if (list === "sessions") {
      const texts = new Set(strings(data));
      for (const text of HOSTILE) {
        const wanted = shown(sendable(text)).trim();
        assert.ok(texts.has(wanted), `${wanted} in the JSON`);
        assert.ok(known.has(wanted) || known.has(`'${wanted}`), `${wanted} in the CSV`);
      }
    }
  }
});
