// Secrets that are left somewhere are found, in whichever form.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Canaries } from "./canaries.mjs";

const SECRET = "correct horse + battery/7?";

function place(t) {
  const directory = mkdtempSync(join(tmpdir(), "hub-canaries-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, "secret.key"), `${"0123456789abcdef".repeat(4)}\n`);
  return directory;
}

function sent(value = SECRET) {
  const canaries = new Canaries();
  canaries.sent([["password", value], ["username", "not a secret"]]);
  return canaries;
}

test("a secret is found in every form, in files and in the log", (t) => {
  const encoded = (before) => Buffer.from(`${"x".repeat(before)}${SECRET} and more`);
  const forms = [
    SECRET,
    Buffer.from(SECRET).toString("hex"),
    Buffer.from(SECRET).toString("hex").toUpperCase(),
    encodeURIComponent(SECRET),
    new URLSearchParams([["", SECRET]]).toString().slice(1),
    ...[0, 1, 2].flatMap((before) => [encoded(before).toString("base64"), encoded(before).toString("base64url")]),
  ];
  for (const form of forms) {
    // Also where nothing stands before or behind it, and where what stands before begins as it does.
    for (const text of [`before ${form} after`, form, form.slice(0, 5) + form, `${form.slice(0, -1)}${form}${form.slice(0, 5)}`]) {
      assert.notDeepEqual(sent().findings(place(t), text), [], form);
    }
    assert.deepEqual(sent().findings(place(t), form.slice(0, 8)), [], form);
    const directory = place(t);
    mkdirSync(join(directory, "within"));
    writeFileSync(join(directory, "within", "hub.db"), Buffer.from(`\0\xff${form}\0`, "latin1"));
    const found = sent().findings(directory, "");
    assert.ok(found.length > 0 && found.every((line) => line.startsWith("hub.db: what was sent as password, ")), form);
  }
});

test("the keys, cookies and tokens are secrets, and what is told of them shows none", (t) => {
  const canaries = new Canaries();
  canaries.cookie("__Host-hub_session=abcdefghijkl; Path=/; HttpOnly");
  canaries.cookie("hub_theme=dark-as-the-night; Path=/");
  canaries.answered({ access_token: "header.claims.signature" });
  const key = "0123456789abcdef".repeat(4);
  const found = canaries.findings(place(t), `${key} abcdefghijkl header.claims.signature dark-as-the-night`);
  const kinds = found.map((line) => line.replace("the log: ", "").replace(/, .*/, ""));
  assert.deepEqual([...new Set(kinds)].sort(), ["a key", "an access_token", "the cookie __Host-hub_session"]);
  assert.ok(!found.join().includes("abcdefghijkl"));
});

test("where no secret stands none is found", (t) => {
  assert.deepEqual(sent().findings(place(t), "correct horse, and not a secret"), []);
  assert.deepEqual(sent("123456").findings(place(t), "123456"), []);
});
