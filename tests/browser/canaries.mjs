// What must be left nowhere: every password, token, cookie and code that a browser or a client of these tests sent or got, looked for in the files and
// the log of its server. The tests in tests/canaries do the same, more widely, without a browser.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What is shorter stands in any file by chance: codes of six digits, for one. */
const LEAST_BYTES = 9;
/** Fields of forms and of bodies that hold a secret. */
const FIELDS = ["password", "password_again", "current_password", "new_password", "new_password_again", "code", "token", "form_token", "refresh_token"];
/** Cookies that say what a page looks like, and what it tells once. */
const PLAIN_COOKIE = /_(theme|note)$/;
/** Files that hold secrets by right: the keys, and the setup link. */
const HOMES = ["secret.key", "setup-token"];

export class Canaries {
  /** What it is, by itself. */
  #secrets = new Map();

  add(kind, secret) {
    if (Buffer.byteLength(secret) >= LEAST_BYTES) this.#secrets.set(Buffer.from(secret).toString("latin1"), kind);
  }

  /** Notes a form or a body that is sent. */
  sent(fields) {
    for (const [name, value] of fields) {
      if (FIELDS.includes(name) && typeof value === "string") this.add(`what was sent as ${name}`, value);
    }
  }

  /** Notes the tokens of a body that came. */
  answered(body) {
    for (const name of ["access_token", "refresh_token"]) {
      if (typeof body?.[name] === "string") this.add(`an ${name}`, body[name]);
    }
  }

  /** Notes a cookie that is set. */
  cookie(line) {
    const [, name, value] = /^\s*([^=;]+)=([^;]*)/.exec(line) ?? [];
    if (name && !PLAIN_COOKIE.test(name)) this.add(`the cookie ${name}`, value);
  }

  /** Where they stand in a server's data directory and in what it said. Neither a secret nor a part of it is told. */
  findings(directory, log) {
    for (const line of readFileSync(join(directory, "secret.key"), "utf8").split("\n")) {
      this.add("a key", line);
      this.add("a key", Buffer.from(line, "hex"));
    }
    const places = [["the log", Buffer.from(log)]];
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && !HOMES.includes(entry.name)) {
        places.push([entry.name, readFileSync(join(entry.parentPath ?? entry.path, entry.name))]);
      }
    }
    const needles = new Needles();
    for (const [secret, kind] of this.#secrets) {
      for (const [form, bytes] of formsOf(Buffer.from(secret, "latin1"))) needles.add(Buffer.from(bytes), `${kind}, ${form}`);
    }
    return places.flatMap(([place, content]) => [...needles.within(content)].map((told) => `${place}: ${told}`));
  }
}

/** Many texts, looked for in one pass: a test sends a thousand secrets, each has a dozen forms, and a database has megabytes. */
class Needles {
  /** By their first four bytes, as a number. */
  #byHead = new Map();
  /** Which numbers may be among those; most places of a file are passed by here. */
  #heads = new Uint8Array(1 << 20);

  add(bytes, told) {
    assert.ok(bytes.length >= LEAST_BYTES - 1, "too short to be found");
    const head = bytes.readUInt32BE(0);
    this.#heads[slot(head)] = 1;
    if (!this.#byHead.has(head)) this.#byHead.set(head, []);
    this.#byHead.get(head).push([bytes, told]);
  }

  /** What was told of those that stand in it. */
  within(content) {
    const found = new Set();
    let head = 0;
    for (let next = 0; next < content.length; next += 1) {
      head = ((head << 8) | content[next]) >>> 0;
      if (next < 3 || this.#heads[slot(head)] === 0) continue;
      const at = next - 3;
      for (const [bytes, told] of this.#byHead.get(head) ?? []) {
        const end = at + bytes.length;
        if (end <= content.length && content.compare(bytes, 0, bytes.length, at, end) === 0) found.add(told);
      }
    }
    return found;
  }
}

const slot = (head) => Math.imul(head, 0x9e3779b1) >>> 12;

/** How a secret can stand somewhere. */
export function formsOf(secret) {
  const text = secret.toString();
  const hex = secret.toString("hex");
  const forms = [
    ["as it is", secret],
    ["in hex", hex],
    ["in hex", hex.toUpperCase()],
    ["percent-encoded", encodeURIComponent(text)],
    ["as a form sends it", new URLSearchParams([["", text]]).toString().slice(1)],
    ["as JSON", JSON.stringify(text).slice(1, -1)],
  ];
  // Wherever it begins in what was encoded: only the groups of four that are its own.
  for (const before of [0, 1, 2]) {
    const whole = Buffer.concat([Buffer.alloc(before), secret]);
    const groups = whole.toString("base64").slice(before === 0 ? 0 : 4, Math.floor(whole.length / 3) * 4);
    forms.push(["in base64", groups], ["in base64 for URLs", groups.replaceAll("+", "-").replaceAll("/", "_")]);
  }
  return forms;
}
