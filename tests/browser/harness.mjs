// A Hub on a directory of its own, people in real browsers, and what must hold on every page that they see.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { request as secureRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { chromium } from "playwright-core";
import { Canaries } from "./canaries.mjs";

const BINARY = process.env.HUBTEST_BINARY ?? "";
const CHROMIUM = process.env.HUBTEST_CHROMIUM ?? "/usr/bin/chromium";
/** What looks over each page that has script, in the short form: pages read it anew each time. */
const AXE = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
/** A directory that gets a picture of every page, if it is named. */
const SCREENSHOTS = process.env.HUBTEST_SCREENSHOTS;
/** A page is at most this long on the wire, without what browsers keep for good. */
const PAGE_MAX_BYTES = 50_000;
/** Style, script and icons together, fetched once. */
const ASSETS_MAX_BYTES = 60_000;
/** Longer than anything takes on a slow machine. */
const PATIENCE_MS = 20_000;
/** No page scrolls sideways on a phone, the smallest too, nor where its frame and its lists are at their narrowest beside each other. */
const WIDTHS = [320, 390, 721, 961];

export const PASSWORD = "correct horse 7";
/** The rules that the colours of a page decide; all others hold in both schemes or in none. */
const OF_COLOURS = { type: "rule", values: ["color-contrast", "link-in-text-block"] };
export const HOSTILE = JSON.parse(readFileSync(new URL("hostile.json", import.meta.url), "utf8"));

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-domain-reliability",
  "--disable-features=OptimizationHints,MediaRouter,DialMediaRouteProvider",
  // Whatever a page asks for, nothing leaves this machine.
  "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
];

let shared;
/** The one Chromium of this file. */
async function chrome() {
  shared ??= chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  return shared;
}
after(async () => (await shared)?.close());

/** A test that runs twice: with script and without. */
export function both(name, act) {
  for (const script of [true, false]) {
    test(`${name}, ${script ? "with" : "without"} script`, { timeout: 120_000 }, (t) => act(script, t));
  }
}

export class Hub {
  #child;
  #people = [];
  #greeting = "";
  #log = "";
  /** What must be left nowhere. */
  secrets = new Canaries();

  /** Starts a Hub on an empty directory; `settings` are variables of its environment. */
  static async start(t, settings = {}) {
    assert.ok(BINARY, "HUBTEST_BINARY names the program to test");
    const hub = new Hub();
    hub.directory = mkdtempSync(join(tmpdir(), "hub-browser-"));
    hub.environment = {
      PATH: process.env.PATH,
      HOME: hub.directory,
      HUB_DATA_DIR: join(hub.directory, "data"),
      HUB_BIND: "127.0.0.1:0",
      // Sign-ins are not what is measured here.
      HUB_HASHING__MEMORY_KIB: "8",
      HUB_HASHING__PASSES: "1",
      // So that a test can say where a client comes from.
      HUB_TRUSTED_PROXIES: "127.0.0.1",
      // Tests sign in, refresh and mistype more often than any network may.
      HUB_THROTTLE_EXEMPT: "0.0.0.0/0,::/0",
      ...settings,
    };
    await hub.#serve(["serve"]);
    t.after(() => hub.stop());
    return hub;
  }

  /** Starts `hub dev`; its people's names are their passwords. */
  static async dev(t) {
    const hub = new Hub();
    hub.directory = mkdtempSync(join(tmpdir(), "hub-browser-"));
    hub.environment = { PATH: process.env.PATH, HOME: hub.directory, HUB_DATA_DIR: join(hub.directory, "data") };
    await hub.#serve(["dev", "--bind", "127.0.0.1:0", "--keep", hub.environment.HUB_DATA_DIR]);
    t.after(() => hub.stop());
    return hub;
  }

  async #serve(words) {
    this.#child = spawn(BINARY, words, { env: this.environment, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stderr.on("data", (text) => (this.#log += text));
    this.ended = new Promise((resolve) => this.#child.on("exit", resolve));
    await new Promise((resolve, reject) => {
      this.#child.stdout.on("data", (text) => {
        this.#greeting += text;
        if (/  (help|stop) /.test(this.#greeting)) resolve();
      });
      this.ended.then((code) => reject(new Error(`the server ended with ${code}: ${this.#log}`)));
    });
    this.origin = /address +(https?:\S+)/.exec(this.#greeting)[1];
    this.setupLink = /https?:\S+\/setup\?token=\S+/.exec(this.#greeting)?.[0];
    if (this.setupLink) this.secrets.sent(new URL(this.setupLink).searchParams);
  }

  /** Ends the server; its directory stays. */
  async end() {
    this.#child.kill("SIGTERM");
    await this.ended;
  }

  async stop() {
    for (const person of this.#people) await person.close();
    await this.end();
    assert.deepEqual(this.secrets.findings(this.environment.HUB_DATA_DIR, this.#log), [], "secrets were left behind");
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** The log, with a line for every request that was answered by now: lines are written beside the answers, in their order. */
  async log() {
    const id = (await this.call("GET", "/api/health")).headers["x-request-id"];
    assert.ok(id, "an answer names its request");
    await until("the log is written", () => this.#log.includes(id));
    return this.#log;
  }

  /** Runs the command line on the Hub's directory. */
  run(words, input = "") {
    if (words.includes("--password-stdin")) this.secrets.add("what was typed at the command line", input.trim());
    const done = spawnSync(BINARY, words, { env: this.environment, input, encoding: "utf8", timeout: PATIENCE_MS });
    assert.equal(done.status, 0, `${words.join(" ")}: ${done.stderr}`);
    return done.stdout;
  }

  add(name, role = "USER") {
    this.run(["user", "add", name, "--email", `${name}@example.com`, "--role", role, "--password-stdin"], PASSWORD);
  }

  /** One call of the API. Header values may hold any text: it is sent as UTF-8. */
  call(method, path, { token, body, headers = {} } = {}) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    this.secrets.sent(Object.entries(body ?? {}));
    const all = { ...headers };
    if (token) all.Authorization = `Bearer ${token}`;
    if (text !== undefined) {
      all["Content-Type"] = "application/json";
      all["Content-Length"] = Buffer.byteLength(text);
    }
    for (const [name, value] of Object.entries(all)) all[name] = Buffer.from(String(value)).toString("latin1");
    return new Promise((resolve, reject) => {
      const send = this.origin.startsWith("https:") ? secureRequest : request;
      // The certificate of a test is nobody's.
      const options = { method, headers: all, timeout: PATIENCE_MS, rejectUnauthorized: false };
      const call = send(this.origin + path, options, (answer) => {
        const pieces = [];
        answer.on("data", (piece) => pieces.push(piece));
        answer.on("end", () => {
          const whole = Buffer.concat(pieces).toString();
          const json = answer.headers["content-type"]?.includes("json");
          const read = json ? JSON.parse(whole) : whole;
          this.secrets.answered(read);
          resolve({ status: answer.statusCode, headers: answer.headers, body: read });
        });
      });
      call.on("error", reject);
      // As bytes: with a string, Node would encode the headers a second time.
      call.end(text === undefined ? undefined : Buffer.from(text));
    });
  }

  /** Signs a client of the API in; from `address`, calling itself `agent`. */
  async client(name, { address = "203.0.113.7", agent = "curl/8.0" } = {}) {
    const headers = { "X-Forwarded-For": address, "User-Agent": agent };
    const answer = await this.call("POST", "/api/auth/login", { body: { username: name, password: PASSWORD }, headers });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return new Client(this, answer.body, headers, name);
  }

  /** A person in front of a browser of their own. */
  async person({ script = true, scheme = "light", width = 1280, guarded = true } = {}) {
    const context = await (await chrome()).newContext({
      baseURL: this.origin,
      javaScriptEnabled: script,
      colorScheme: scheme,
      viewport: { width, height: 800 },
      reducedMotion: "reduce",
      ignoreHTTPSErrors: true,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const person = new Person(this, context, script, guarded);
    this.#people.push(person);
    person.page = await person.tab();
    return person;
  }
}

/** A program with a pair of tokens. */
export class Client {
  constructor(hub, { access_token, refresh_token }, headers, name) {
    Object.assign(this, { hub, headers, name, access: access_token, refreshToken: refresh_token });
  }

  async refresh(token = this.refreshToken) {
    const answer = await this.hub.call("POST", "/api/auth/refresh", { body: { refresh_token: token }, headers: this.headers });
    if (answer.status === 200 && token === this.refreshToken) {
      this.access = answer.body.access_token;
      this.refreshToken = answer.body.refresh_token;
    }
    return answer;
  }

  /** The session's id as pages write it. */
  get session() {
    return JSON.parse(Buffer.from(this.access.split(".")[1], "base64url").toString()).sid;
  }
}

export class Person {
  /** What must not be: messages of the console, refused content, requests to elsewhere. */
  faults = [];

  constructor(hub, context, script, guarded) {
    Object.assign(this, { hub, context, script });
    context.on("request", (request) => {
      const url = new URL(request.url());
      const known = url.origin === hub.origin || url.protocol === "data:" || url.protocol === "blob:";
      if (guarded && !known) this.faults.push(`a request to ${url.href}`);
    });
    context.on("console", (message) => {
      // A page that answers 4xx by intention is no fault of the page.
      const own = /^Failed to load resource: the server responded with a status of 4\d\d/.test(message.text());
      const isPage = this.#answers.get(message.location().url)?.request().isNavigationRequest();
      if (guarded && !(own && isPage) && ["error", "warning"].includes(message.type())) {
        this.faults.push(`console: ${message.text()}`);
      }
    });
    context.on("weberror", (error) => this.faults.push(`script: ${error.error().message}`));
    context.on("response", (response) => {
      this.#answers.set(response.url(), response);
      this.#cookies.push(this.#noteCookies(response));
    });
    context.on("request", (request) => {
      const isForm = request.headers()["content-type"]?.startsWith("application/x-www-form-urlencoded");
      if (isForm) hub.secrets.sent(new URLSearchParams(request.postData() ?? ""));
    });
  }

  #answers = new Map();
  /** Cookies are told a moment after their answer. */
  #cookies = [];

  async #noteCookies(response) {
    // Of an answer that the browser threw away nobody learns anything.
    const headers = await response.headersArray().catch(() => []);
    for (const { name, value } of headers) {
      if (name.toLowerCase() === "set-cookie") value.split("\n").forEach((line) => this.hub.secrets.cookie(line));
    }
  }

  tab() {
    return this.context.newPage();
  }

  async close() {
    await Promise.all(this.#cookies);
    await this.context.close();
    assert.deepEqual(this.faults, []);
  }

  /** Opens a page and looks it over. */
  async visit(path, { status = 200, ...more } = {}) {
    const answer = await this.page.goto(path);
    assert.equal(answer.status(), status, path);
    await this.look({ path, ...more });
    return answer;
  }

  /** What must hold on the page that stands there now. */
  async look({ path = this.path, name, max = PAGE_MAX_BYTES } = {}) {
    const { page } = this;
    // Asked at once and without a locator: for its first one on a page Playwright puts a script there that is as large as the page.
    const { headings, inline } = await page.evaluate(() => {
      const count = (selector) => document.querySelectorAll(selector).length;
      return { headings: count("h1"), inline: count("[style], style, script:not([src])") };
    });
    assert.equal(headings, 1, `${path}: one h1`);
    assert.equal(inline, 0, `${path}: no inline code`);
    const answer = this.#answers.get(page.url());
    if (answer) {
      const length = (await answer.body().catch(() => Buffer.alloc(0))).length;
      assert.ok(length <= max, `${path}: ${length} bytes`);
    }
    if (!this.script) return;
    await page.evaluate(AXE);
    for (const scheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: scheme });
      const rules = scheme === "dark" ? { runOnly: OF_COLOURS } : {};
      const { violations } = await page.evaluate((rules) => window.axe.run({ resultTypes: ["violations"], ...rules }), rules);
      const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`);
      assert.deepEqual(told, [], `${path}, ${scheme}`);
      if (SCREENSHOTS) await this.#picture(name ?? path, scheme);
    }
    await page.emulateMedia({ colorScheme: null });
    const size = page.viewportSize();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 640 });
      const needed = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(needed <= width, `${path} is ${needed} px wide at ${width} px`);
    }
    await page.setViewportSize(size);
  }

  async #picture(name, scheme) {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const file = name.replace(/\?token=.*/, "").replace(/[^a-z0-9]+/gi, "-").replace(/^-|-$/g, "").slice(0, 60) || "start";
    const size = this.page.viewportSize();
    for (const width of [1280, 360]) {
      await this.page.setViewportSize({ width, height: 800 });
      await this.page.screenshot({ path: join(SCREENSHOTS, `${file}-${scheme}-${width}.png`), fullPage: true });
    }
    await this.page.setViewportSize(size);
  }

  get path() {
    const url = new URL(this.page.url());
    return url.pathname + url.search;
  }

  get url() {
    return new URL(this.page.url());
  }

  /** Presses a button of the page and waits for the page that follows. */
  async press(button, within = this.page.locator("main")) {
    const found = within.getByRole("button", { name: button });
    await Promise.all([this.page.waitForEvent("load"), found.first().click()]);
  }

  async follow(link, within = this.page.locator("main")) {
    const found = within.getByRole("link", { name: link });
    await Promise.all([this.page.waitForEvent("load"), found.first().click()]);
  }

  field(label) {
    return this.page.getByLabel(label, { exact: true });
  }

  /** Signs in at the Hub's own page. */
  async signIn(name, { password = PASSWORD, next } = {}) {
    await this.page.goto(next ? `/login?next=${encodeURIComponent(next)}` : "/login");
    await this.field("Username").fill(name);
    await this.field("Password").fill(password);
    await this.press("Sign in");
  }

  /** Types the password again, if the Hub asks for it. */
  async prove() {
    if (this.url.pathname !== "/admin/sudo") return;
    await this.field("Password").fill(PASSWORD);
    await this.press("Go on");
  }

  async note() {
    return (await this.page.locator("[role=status]").innerText()).trim();
  }

  text() {
    return this.page.locator("main").innerText();
  }

  /** Style, script and icons of a page, together. */
  async assetBytes(path) {
    const sizes = [];
    const count = (response) => {
      if (response.url().includes("/static/")) sizes.push(response.body().then((body) => body.length));
    };
    this.page.on("response", count);
    await this.page.goto(path, { waitUntil: "networkidle" });
    this.page.off("response", count);
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }
}

export { ASSETS_MAX_BYTES };

/** A stranger's text as pages show it: cut to 256 characters, what is invisible as an escape. */
export function shown(text) {
  const invisible =
    /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;
  let kept = "";
  let left = 256;
  for (const character of text) {
    const piece = invisible.test(character) ? `\\u{${character.codePointAt(0).toString(16)}}` : character;
    const length = piece === character ? 1 : piece.length;
    if (length > left) break;
    left -= length;
    kept += piece;
  }
  return kept;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const STEP_SECONDS = 30;

/** The six digits that an authenticator app shows for a secret, so many steps from now. */
export function digits(secret, steps = 0) {
  const bits = [...secret.replace(/[\s=]/g, "")].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((octet) => Number.parseInt(octet, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / STEP_SECONDS) + steps));
  const hash = createHmac("sha1", key).update(counter).digest();
  const number = hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** Waits for something to become true. */
export async function until(what, holds) {
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    const result = await holds();
    if (result) return result;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never: ${what}`);
}
