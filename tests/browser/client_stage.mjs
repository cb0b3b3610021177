// The browser client without a browser: a Hub in memory that can be slow, busy or silent, a clock moved by hand, and the locks of a browser.

import { readFileSync } from "node:fs";

const FILE = new URL("../../static/hub-client.js", import.meta.url);
export const SOURCE = readFileSync(FILE, "utf8");
// As a module, whatever the version of Node thinks of a `.js` file without a package.
export const { createHub, stores, makeAuthenticatedRequest } = await import(`data:text/javascript,${encodeURIComponent(SOURCE)}`);

export const HUB = "https://hub.example.com";
export const THINGS = "https://api.example.com/things";
/** The Hub's lifetimes and grace, in seconds. */
const ACCESS_S = 86_400;
const REFRESH_S = 30 * 86_400;
const GRACE_S = 10;
/** How finely the hand moves the clock. */
const STEP_MS = 50;

/** Lets everything happen that waits for nothing but its turn. */
export async function turns(count = 12) {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
}

/** Time stands still until it is moved. */
export class Clock {
  #alarms = [];
  #steady = 1000;

  constructor(t) {
    t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.UTC(2026, 0, 1) });
    t.mock.method(performance, "now", () => this.#steady);
    t.mock.method(AbortSignal, "timeout", (ms) => {
      const alarm = new AbortController();
      this.#alarms.push([this.#steady + ms, alarm]);
      return alarm.signal;
    });
    this.timers = t.mock.timers;
  }

  get seconds() {
    return Date.now() / 1000;
  }

  /** Time passes, and what waited for it happens. */
  async pass(ms) {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      await turns(3);
      this.#steady += STEP_MS;
      this.timers.tick(STEP_MS);
      for (const [due, alarm] of this.#alarms) {
        if (due <= this.#steady) alarm.abort(new DOMException("too late", "TimeoutError"));
      }
    }
    await turns();
  }

  /** The machine sleeps: the wall clock goes on, timers do not. */
  sleep(ms) {
    this.timers.setTime(Date.now() + ms);
  }
}

/** A claim that takes both letters in which base64url is its own. */
const HARD = "?>?>?~~~ü";
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
export const said = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

export function json(status, body, headers = {}) {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });
}

/** A Hub and an API that believes it. It stands in for `fetch` while a test runs. */
export class FakeHub {
  sessions = new Map();
  /** `METHOD path` of each request that came, and what stood in it. */
  requests = [];
  /** What becomes of the next requests to a path: functions `(request, answer) => Response`, one a request. */
  faults = new Map();
  #tokens = 0;

  constructor(t, clock, skew = 0) {
    this.now = () => Math.floor(clock.seconds + skew);
    t.mock.method(globalThis, "fetch", (input, init) => this.#arrive(new Request(input, init)));
  }

  /** The pair of a session as it stands. */
  pair(sid) {
    const { gen, user, rotated } = this.sessions.get(sid);
    const iat = this.now();
    this.#tokens += 1;
    return {
      access_token: `h.${part({ sid, iat, exp: iat + ACCESS_S, jti: this.#tokens, email: HARD })}.s`,
      refresh_token: `h.${part({ sid, gen, iat: rotated, exp: rotated + REFRESH_S, email: HARD })}.s`,
      user: { username: user },
    };
  }

  begin(user = "ann") {
    const sid = `session-${this.sessions.size}`;
    this.sessions.set(sid, { user, gen: 1, rotated: this.now(), used: new Map(), rotations: 0 });
    return this.pair(sid);
  }

  /** Does something else with the next requests to a path. */
  next(path, ...acts) {
    this.faults.set(path, [...(this.faults.get(path) ?? []), ...acts]);
  }

  count(path) {
    return this.requests.filter((request) => request.path === path).length;
  }

  async #arrive(request) {
    const { pathname, origin } = new URL(request.url);
    const known = { path: pathname, origin, method: request.method, token: request.headers.get("Authorization")?.slice(7) };
    known.body = Buffer.from(await request.clone().arrayBuffer());
    this.requests.push(known);
    const act = this.faults.get(pathname)?.shift();
    const answer = () => this.#answer(known);
    const given = new Promise((resolve, reject) => {
      request.signal.addEventListener("abort", () => reject(request.signal.reason));
      Promise.resolve(act ? act(request, answer) : answer()).then(resolve, reject);
    });
    return given;
  }

  #answer({ path, method, token, body }) {
    const fields = body.length > 0 && path.startsWith("/api/auth/") ? JSON.parse(body) : {};
    if (path === "/api/auth/login") {
      return fields.password === "right" ? json(200, this.begin(fields.username)) : json(401, { error: "Invalid credentials", code: "invalid_credentials" });
    }
    if (path === "/api/auth/refresh") return this.#refresh(fields.refresh_token);
    const refusal = this.#refusal(token);
    if (refusal) return json(401, { error: "Token has expired", code: refusal });
    const { sid } = said(token);
    const session = this.sessions.get(sid);
    if (path === "/api/auth/logout") {
      session.ended = "session_revoked";
      return json(200, { message: "Logged out successfully" });
    }
    if (path === "/api/auth/password") {
      if (fields.current_password !== "right") return json(401, { error: "Invalid credentials", code: "invalid_credentials" });
      this.#rotate(session);
      return json(200, { message: "Password changed successfully", ...this.pair(sid), user: undefined });
    }
    return json(200, { user: session.user, method, length: body.length });
  }

  #refusal(token) {
    if (!token) return "authorization_required";
    const { sid, exp } = said(token);
    return this.sessions.get(sid)?.ended ?? (exp <= this.now() ? "token_expired" : undefined);
  }

  #rotate(session) {
    session.used.set(session.gen, this.now());
    session.gen += 1;
    session.rotated = this.now();
    session.rotations += 1;
  }

  #refresh(token) {
    const refused = (code) => json(401, { error: "Invalid or expired refresh token", code });
    if (!token.includes(".")) return refused("invalid_token");
    const { sid, gen } = said(token);
    const session = this.sessions.get(sid);
    if (session.ended) return refused(session.ended);
    if (gen === session.gen) {
      this.#rotate(session);
    } else if (this.now() - session.used.get(gen) > GRACE_S) {
      session.ended = "session_revoked";
      return refused("token_reused");
    }
    return json(200, { message: "Token refreshed successfully", ...this.pair(sid) });
  }
}

/** What `navigator.locks` does: whoever holds a name makes the others wait. */
export class Locks {
  #held;
  #waiting = [];

  install(t) {
    const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
    Object.defineProperty(globalThis, "navigator", { value: { locks: this }, configurable: true });
    t.after(() => (before ? Object.defineProperty(globalThis, "navigator", before) : delete globalThis.navigator));
    return this;
  }

  request(_name, { signal }, work) {
    return new Promise((resolve, reject) => {
      const entry = { work, resolve, reject };
      this.#waiting.push(entry);
      signal?.addEventListener("abort", () => {
        const place = this.#waiting.indexOf(entry);
        if (place < 0) return;
        this.#waiting.splice(place, 1);
        reject(signal.reason);
      });
      this.#grant();
    });
  }

  #grant() {
    if (this.#held || this.#waiting.length === 0) return;
    const { work, resolve, reject } = (this.#held = this.#waiting.shift());
    Promise.resolve()
      .then(work)
      .then(resolve, reject)
      .finally(() => {
        this.#held = undefined;
        this.#grant();
      });
  }
}

/** A signed-in client with a store of its own, and what it told. */
export function client(pair, options = {}) {
  const store = options.store ?? stores.memory(pair);
  const hub = createHub({ url: HUB, origins: [THINGS], ...options, store });
  const told = [];
  for (const type of ["signedin", "signedout", "refreshed"]) hub.on(type, (detail) => told.push([type, detail]));
  return { hub, store, told };
}
