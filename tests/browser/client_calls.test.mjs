// The browser client in Node: signing in and out, what is sent again, where tokens go, and what is told.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { Clock, FakeHub, HUB, THINGS, client, createHub, json, said, stores, turns } from "./client_stage.mjs";

const DAY_MS = 86_400_000;

/** A Hub that answers at once, on a clock that nobody moves but by sleep. */
function scene(t) {
  const clock = new Clock(t);
  return { clock, fake: new FakeHub(t, clock) };
}

/** Waits for an act while the clock goes on, a minute at most. */
async function during(clock, act) {
  let ended = false;
  act.then(() => (ended = true), () => (ended = true));
  for (let step = 0; step < 600 && !ended; step += 1) await clock.pass(100);
  assert.ok(ended, "it ends within a minute");
  return act;
}

/** A store that takes its time, as a database of the browser does. */
function slowStore(pair) {
  const inner = stores.memory(pair);
  const slow = (name, count) => async (...given) => {
    await turns(count);
    const result = inner[name](...given);
    await turns(count);
    return result;
  };
  return { get: slow("get", 2), set: slow("set", 6), remove: slow("remove", 4) };
}

test("a sign-in keeps the pair, tells it, and the next calls carry the token", async (t) => {
  const { fake } = scene(t);
  const { hub, store, told } = client(undefined);
  assert.equal((await hub.fetch(THINGS)).status, 401);
  assert.equal(fake.requests.at(-1).token, undefined);
  assert.deepEqual(await hub.login("ann", "right"), { username: "ann" });
  assert.equal((await hub.fetch(THINGS)).status, 200);
  assert.equal(await hub.accessToken(), store.get().access_token);
  assert.deepEqual(told, [["signedin", undefined]]);
});

test("a refused sign-in says what the Hub said, and changes nothing", async (t) => {
  const { fake } = scene(t);
  const { hub, told } = client(undefined);
  const refused = await hub.login("ann", "wrong").catch((error) => error);
  assert.ok(refused instanceof Error);
  assert.deepEqual([refused.status, refused.code, refused.message], [401, "invalid_credentials", "Invalid credentials"]);
  fake.next("/api/auth/login", () => json(429, { error: "Too many requests", code: "too_many_requests" }, { "Retry-After": "47" }));
  await assert.rejects(hub.login("ann", "right"), { status: 429, retryAfter: 47, code: "too_many_requests" });
  assert.deepEqual([await hub.accessToken(), told], [null, []]);
});

test("a sign-out ends the session at the Hub and is told", async (t) => {
  const { fake } = scene(t);
  const { hub, store, told } = client(fake.begin());
  assert.equal(await hub.logout(), true);
  assert.deepEqual([store.get(), fake.sessions.get("session-0").ended], [null, "session_revoked"]);
  assert.deepEqual(told, [["signedout", "signed_out"]]);
  assert.equal((await hub.fetch(THINGS)).status, 401);
});

test("a sign-out with an expired token ends the session all the same", async (t) => {
  const { clock, fake } = scene(t);
  const { hub, store } = client(fake.begin());
  clock.sleep(DAY_MS + 1000);
  assert.equal(await hub.logout(), true);
  assert.deepEqual([store.get(), fake.sessions.get("session-0").ended], [null, "session_revoked"]);
});

test("a sign-out without a network signs out here, and says that the Hub did not hear of it", async (t) => {
  const { fake } = scene(t);
  const away = () => Promise.reject(new TypeError("fetch failed"));
  fake.next("/api/auth/logout", away);
  fake.next("/api/auth/refresh", away);
  const { hub, store, told } = client(fake.begin());
  assert.equal(await hub.logout(), false);
  assert.deepEqual([store.get(), told], [null, [["signedout", "signed_out"]]]);
});

test("a call waits for a store that takes its time, and carries the new token", async (t) => {
  const { clock, fake } = scene(t);
  const pair = fake.begin();
  const { hub, store } = client(pair, { store: slowStore(pair) });
  clock.sleep(DAY_MS + 1000);
  assert.equal((await during(clock, hub.fetch(THINGS))).status, 200);
  assert.deepEqual([fake.count("/things"), fake.requests.at(-1).token], [1, (await store.get()).access_token]);
});

for (const [what, keep] of [["at once", stores.memory], ["slowly", slowStore]]) {
  test(`who signs out during a refresh stays signed out, with a store that writes ${what}`, async (t) => {
    const { clock, fake } = scene(t);
    const pair = fake.begin();
    const store = keep(pair);
    const { hub, told } = client(pair, { store });
    clock.sleep(DAY_MS + 1000);
    // Whenever the answer comes: before, within or after the sign-out.
    for (let pause = 0; pause <= 20; pause += 2) {
      let answered;
      const asked = new Promise((begun) => {
        fake.next("/api/auth/refresh", async (_request, answer) => {
          const given = answer();
          begun();
          await new Promise((release) => (answered = release));
          return given;
        });
      });
      const call = hub.fetch(THINGS);
      await clock.pass(200);
      await asked;
      const out = hub.logout();
      await turns(pause);
      answered();
      await out;
      // Whether the answer was stored before the sign-out, or dropped after it.
      assert.ok([200, 401].includes((await during(clock, call)).status));
      assert.equal((await store.get()) ?? null, null, `after ${pause} turns`);
      await turns();
      assert.deepEqual(told.at(-1), ["signedout", "signed_out"]);
      await hub.login("ann", "right");
      clock.sleep(DAY_MS + 1000);
    }
  });
}

for (const [what, old] of [["before a call", true], ["when a call was refused", false]]) {
  test(`who signs in as somebody else during a refresh ${what} stays so, and no call is made in their name`, async (t) => {
    const { clock, fake } = scene(t);
    const { hub, store, told } = client(fake.begin("ann"));
    if (old) clock.sleep(DAY_MS + 1000);
    else fake.next("/things", () => json(401, { code: "token_expired" }));
    let answered;
    fake.next("/api/auth/refresh", async (_request, answer) => {
      await new Promise((release) => (answered = release));
      return answer();
    });
    const call = hub.fetch(THINGS, { method: "POST", body: "ann's order" });
    await clock.pass(100);
    await hub.login("bob", "right");
    answered();
    assert.equal((await during(clock, call)).status, 401);
    assert.ok(!fake.requests.some(({ path, token }) => path === "/things" && token && said(token).sid === "session-1"));
    assert.equal(said(store.get().refresh_token).sid, "session-1");
    assert.equal((await (await hub.fetch(THINGS)).json()).user, "bob");
    assert.deepEqual(told, [["signedin", undefined]]);
  });
}

const form = new FormData();
form.append("file", new Blob([new Uint8Array(50_000).fill(7)]), "big.bin");
for (const [what, body] of [
  ["a text", "wörd"],
  ["a form", new URLSearchParams({ a: "1 2", b: "ü" })],
  ["form data", form],
  ["a blob", new Blob(["some ", "bytes"])],
  ["bytes", new Uint8Array([0, 1, 254, 255])],
]) {
  test(`${what} is sent again as it was`, async (t) => {
    const { clock, fake } = scene(t);
    const { hub } = client(fake.begin());
    for (const input of [[THINGS, { method: "POST", body }], [new Request(THINGS, { method: "POST", body })]]) {
      fake.requests.length = 0;
      fake.next("/things", () => json(401, { code: "token_expired" }));
      const answer = await during(clock, hub.fetch(...input));
      const [first, second] = fake.requests.filter(({ path }) => path === "/things");
      assert.equal(answer.status, 200);
      assert.ok(first.body.length > 0 && first.body.equals(second.body));
      assert.notEqual(first.token, second.token);
    }
  });
}

test("a stream is refused before anything is sent, and says why", async (t) => {
  const { fake } = scene(t);
  const { hub } = client(fake.begin());
  const body = new Blob(["some bytes"]).stream();
  const sent = hub.fetch(THINGS, { method: "POST", body, duplex: "half" });
  await assert.rejects(sent, { name: "TypeError", message: /stream cannot be sent twice/ });
  assert.equal(fake.requests.length, 0);
});

test("method, headers and the caller's signal are those of the call, and headers come in any form", async (t) => {
  const { fake } = scene(t);
  const { hub } = client(fake.begin());
  for (const headers of [{ "X-Own": "1" }, new Headers({ "X-Own": "1" }), [["X-Own", "1"]]]) {
    fake.next("/things", (request) => json(200, { own: request.headers.get("X-Own"), method: request.method }));
    assert.deepEqual(await (await hub.makeAuthenticatedRequest(THINGS, { method: "PUT", headers })).json(), { own: "1", method: "PUT" });
  }
  const stop = new AbortController();
  fake.next("/things", () => new Promise(() => {}));
  const call = hub.fetch(new URL(THINGS), { signal: stop.signal });
  await turns();
  stop.abort();
  await assert.rejects(call, { name: "AbortError" });
});

test("an origin that is not allowed gets no token, and its 401 renews nothing", async (t) => {
  const { clock, fake } = scene(t);
  const { hub } = client(fake.begin());
  for (const url of ["https://evil.example/x", "https://hub.example.com.evil.example/x", "https://api.example.com:8443/x", "http://hub.example.com/x"]) {
    const answer = await during(clock, hub.fetch(url, { method: "POST", body: new Blob(["x"]).stream(), duplex: "half" }));
    assert.equal(answer.status, 401);
    assert.equal(fake.requests.at(-1).token, undefined, url);
  }
  assert.equal(fake.count("/api/auth/refresh"), 0);
  for (const url of [`${HUB}/api/auth/me`, `${HUB}:443/x`, "https://API.example.com/other"]) {
    await hub.fetch(url);
    assert.ok(fake.requests.at(-1).token, url);
  }
});

test("a redirect to another origin takes no token along", async (t) => {
  const seen = [];
  const serve = async (respond) => {
    const server = createServer((request, response) => {
      seen.push(`${request.headers.host} ${request.headers.authorization}`);
      respond(response);
    });
    await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
    t.after(() => server.close());
    return `http://127.0.0.1:${server.address().port}`;
  };
  const foreign = await serve((response) => response.end("{}"));
  const own = await serve((response) => response.writeHead(302, { Location: foreign }).end());
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const access_token = `h.${Buffer.from(JSON.stringify({ exp })).toString("base64url")}.s`;
  const hub = createHub({ url: own, store: stores.memory({ access_token, refresh_token: "r" }) });
  assert.equal((await hub.fetch(`${own}/away`)).status, 200);
  assert.deepEqual(seen, [`${new URL(own).host} Bearer ${access_token}`, `${new URL(foreign).host} undefined`]);
  // The Hub's own calls follow nobody at all.
  await assert.rejects(hub.sessions(), { name: "TypeError" });
  assert.equal(await hub.logout(), false);
  assert.ok(!seen.slice(2).some((line) => line.startsWith(new URL(foreign).host)));
});

test("a wrong password is tried once, and a new one brings a new pair", async (t) => {
  const { fake } = scene(t);
  const { hub, store } = client(fake.begin());
  await assert.rejects(hub.changePassword("wrong", "new"), { status: 401, code: "invalid_credentials" });
  assert.deepEqual([fake.count("/api/auth/password"), fake.count("/api/auth/refresh")], [1, 0]);
  await hub.changePassword("right", "new");
  assert.equal(said(store.get().refresh_token).gen, 2);
});

test("a password that was changed and whose answer was lost leaves the session with its new pair", async (t) => {
  const { clock, fake } = scene(t);
  const { hub, store } = client(fake.begin());
  fake.next("/api/auth/password", async (_request, answer) => {
    await answer();
    throw new TypeError("fetch failed");
  });
  await assert.rejects(during(clock, hub.changePassword("right", "new")), { message: "fetch failed" });
  assert.equal(said(store.get().refresh_token).gen, 2);
  clock.sleep(DAY_MS + 1000);
  assert.equal((await during(clock, hub.fetch(THINGS))).status, 200);
});

test("what another page did to the store is told at the next look, and who no longer listens hears nothing", async (t) => {
  const { fake } = scene(t);
  const store = stores.memory(fake.begin());
  const { hub, told } = client(undefined, { store });
  const heard = [];
  const off = hub.on("signedout", (reason) => heard.push(reason));
  await hub.accessToken();
  assert.deepEqual(told, []);
  store.remove();
  await hub.accessToken();
  store.set(fake.begin("bob"));
  await hub.accessToken();
  off();
  await hub.logout();
  assert.deepEqual(told, [["signedout", undefined], ["signedin", undefined], ["signedout", "signed_out"]]);
  assert.deepEqual(heard, [undefined]);
});

test("a store that fails once does not keep the next change from being made", async (t) => {
  const { fake } = scene(t);
  const store = stores.memory();
  const set = store.set;
  store.set = () => {
    store.set = set;
    throw new Error("full");
  };
  const { hub } = client(undefined, { store });
  await assert.rejects(hub.login("ann", "right"), { message: "full" });
  await hub.login("ann", "right");
  assert.equal((await hub.fetch(THINGS)).status, 200);
  assert.equal(fake.sessions.size, 2);
});
