// The browser client in Node, on a clock moved by hand: when it refreshes, and what a slow, busy or failing Hub does to a session.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock, FakeHub, Locks, SOURCE, THINGS, client, createHub, json, said, stores, turns } from "./client_stage.mjs";

const REFRESH = "/api/auth/refresh";
const DAY_MS = 86_400_000;
const six = (make) => Promise.all(Array.from({ length: 6 }, (_, number) => make(number)));
const lost = async (_request, answer) => {
  await answer();
  throw new TypeError("fetch failed");
};
const silent = () => new Promise(() => {});
const late = (clock, ms) => async (_request, answer) => {
  const given = answer();
  await new Promise((over) => setTimeout(over, ms));
  return given;
};

/** A Hub, a clock, and a session that is signed in, a day later if need be. */
async function scene(t, { old = true, locks = true } = {}) {
  const clock = new Clock(t);
  const fake = new FakeHub(t, clock);
  if (locks) new Locks().install(t);
  const pair = fake.begin();
  if (old) await clock.sleep(DAY_MS + 1000);
  return { clock, fake, pair, session: fake.sessions.get("session-0") };
}

/** Waits for an act while the hand moves the clock, at most a minute. */
async function during(clock, act) {
  let result;
  act.then((value) => (result = { value }), (error) => (result = { error }));
  for (let seconds = 0; seconds < 60 && !result; seconds += 1) await clock.pass(1000);
  assert.ok(result, "it ends within a minute");
  if (result.error) throw result.error;
  return result.value;
}

test("six calls at once that meet an expired token make one refresh before anything else is sent", async (t) => {
  // Not even a lock is needed for that.
  const { clock, fake, pair, session } = await scene(t, { locks: false });
  const { hub, store, told } = client(pair);
  const answers = await during(clock, six(() => hub.fetch(THINGS)));
  assert.deepEqual(answers.map(({ status }) => status), Array(6).fill(200));
  assert.deepEqual([fake.count(REFRESH), fake.count("/things"), session.rotations], [1, 6, 1]);
  assert.equal(said(store.get().refresh_token).gen, 2);
  assert.deepEqual(told, [["refreshed", { username: "ann" }]]);
  // And no more of them for a day.
  await during(clock, hub.fetch(THINGS));
  assert.equal(fake.count(REFRESH), 1);
});

test("a token that is refused before its time is renewed, and the call made again", async (t) => {
  const { clock, fake, pair } = await scene(t, { old: false });
  const { hub } = client(pair);
  const refusals = [json(401, { code: "token_expired" }), json(401, null), new Response("no", { status: 401 })];
  for (const [number, refusal] of refusals.entries()) {
    fake.next("/things", () => refusal);
    assert.equal((await during(clock, hub.fetch(THINGS))).status, 200);
    assert.equal(fake.count(REFRESH), number + 1);
  }
});

test("who always refuses is asked twice a call and no more", async (t) => {
  const { clock, fake, pair } = await scene(t, { old: false });
  fake.next("/things", () => json(401, {}), () => json(401, {}));
  const { hub, told } = client(pair);
  assert.equal((await during(clock, hub.fetch(THINGS))).status, 401);
  assert.deepEqual([fake.count("/things"), fake.count(REFRESH)], [2, 1]);
  assert.ok(!told.some(([type]) => type === "signedout"));
});

test("tabs that share a store compare before they rotate, with locks and without", async (t) => {
  for (const locks of [true, false]) {
    await t.test(locks ? "with locks" : "without", async (t) => {
      const { clock, fake, pair, session } = await scene(t, { locks });
      const store = stores.memory(pair);
      fake.next(REFRESH, late(clock, 400));
      const answers = await during(clock, six(() => client(pair, { store }).hub.fetch(THINGS)));
      assert.deepEqual(answers.map(({ status }) => status), Array(6).fill(200));
      assert.equal(session.rotations, 1);
      if (locks) assert.equal(fake.count(REFRESH), 1);
      clock.sleep(DAY_MS + 1000);
      const next = await during(clock, client(pair, { store }).hub.fetch(THINGS));
      assert.deepEqual([next.status, session.ended], [200, undefined]);
    });
  }
});

test("a lock that is held for twenty seconds is not waited for any longer", async (t) => {
  const { clock, fake, pair } = await scene(t);
  navigator.locks.request("any", {}, () => new Promise(() => {}));
  const { hub } = client(pair);
  let status;
  hub.fetch(THINGS).then((response) => (status = response.status));
  await clock.pass(19_900);
  assert.deepEqual([status, fake.count(REFRESH)], [undefined, 0]);
  await clock.pass(300);
  assert.deepEqual([status, fake.count(REFRESH)], [200, 1]);
});

test("whoever waited for a frozen tab in vain compares before rotating", async (t) => {
  const { clock, fake, pair } = await scene(t);
  const store = stores.memory(pair);
  navigator.locks.request("any", {}, () => new Promise(() => {}));
  const call = client(pair, { store }).hub.fetch(THINGS);
  await clock.pass(5000);
  fake.sessions.get("session-0").gen = 2;
  store.set(fake.pair("session-0"));
  assert.equal((await during(clock, call)).status, 200);
  assert.equal(fake.count(REFRESH), 0);
});

test("a lost answer, or half of one, is asked for again while the Hub repeats it", async (t) => {
  const half = async (_request, answer) => {
    const text = await (await answer()).text();
    return new Response(text.slice(0, 100), { headers: { "Content-Type": "application/json" } });
  };
  for (const faults of [[lost, half], [half, lost], [half, half]]) {
    await t.test(faults.map(({ name }) => name).join(", "), async (t) => {
      const { clock, fake, pair, session } = await scene(t);
      fake.next(REFRESH, ...faults);
      const { hub, store } = client(pair);
      assert.equal((await during(clock, hub.fetch(THINGS))).status, 200);
      assert.deepEqual([fake.count(REFRESH), session.rotations, session.ended], [3, 1, undefined]);
      assert.equal(said(store.get().refresh_token).gen, 2);
    });
  }
});

test("of an answer that never comes three tries are made, all within the grace, and each ends", async (t) => {
  const { clock, fake, pair } = await scene(t);
  const at = [];
  const begun = clock.seconds;
  const noted = (request) => (at.push(clock.seconds - begun), silent(request));
  fake.next(REFRESH, noted, noted, noted);
  const { hub, store, told } = client(pair);
  await assert.rejects(during(clock, hub.fetch(THINGS)), { name: "TimeoutError" });
  assert.equal(at.length, 3);
  assert.ok(at[2] < 9, `${at}`);
  assert.ok(clock.seconds - begun < 20);
  assert.deepEqual([store.get(), told], [pair, []]);
  assert.equal((await during(clock, hub.fetch(THINGS))).status, 200);
});

test("an answer that takes nine seconds is waited for", async (t) => {
  const { clock, fake, pair, session } = await scene(t);
  fake.next(REFRESH, late(clock, 9000), late(clock, 9000), late(clock, 9000));
  const { hub } = client(pair);
  assert.equal((await during(clock, hub.fetch(THINGS))).status, 200);
  assert.deepEqual([session.rotations, session.ended], [1, undefined]);
});

for (const [what, refusal] of [
  ["429", () => json(429, { error: "Too many requests", code: "too_many_requests" }, { "Retry-After": "30" })],
  ["503", () => json(503, { error: "Service temporarily unavailable", code: "unavailable" }, { "Retry-After": "30" })],
  ["a proxy's page", () => new Response("<h1>Back soon</h1>", { status: 502, headers: { "Retry-After": "30" } })],
]) {
  test(`${what} ends no session, is given to the caller, and no refresh is sent before its time`, async (t) => {
    const { clock, fake, pair } = await scene(t);
    const status = refusal().status;
    fake.next(REFRESH, refusal);
    const { hub, store, told } = client(pair);
    const refused = await during(clock, six(() => hub.fetch(THINGS)));
    assert.deepEqual(refused.map((answer) => [answer.status, answer.headers.get("Retry-After")]), Array(6).fill([status, "30"]));
    assert.equal(await refused[0].text(), await refusal().text());
    await clock.pass(26_000);
    assert.equal((await during(clock, hub.fetch(THINGS))).status, status);
    await assert.rejects(during(clock, hub.accessToken()), { status, retryAfter: 30 });
    assert.deepEqual([fake.count(REFRESH), fake.count("/things"), store.get(), told], [1, 0, pair, []]);
    await clock.pass(2000);
    assert.equal((await during(clock, hub.fetch(THINGS))).status, 200);
    assert.equal(fake.count(REFRESH), 2);
  });
}

test("a 500 without Retry-After holds refreshes back for a second", async (t) => {
  const { clock, fake, pair } = await scene(t);
  fake.next(REFRESH, () => json(500, { error: "Token refresh failed", code: "refresh_failed" }));
  const { hub } = client(pair);
  const first = hub.fetch(THINGS);
  const second = clock.pass(200).then(() => hub.fetch(THINGS));
  await clock.pass(500);
  assert.deepEqual([(await first).status, (await second).status, fake.count(REFRESH)], [500, 500, 1]);
  await clock.pass(1000);
  assert.equal((await during(clock, hub.fetch(THINGS))).status, 200);
});

test("a 401 or 400 that is not the Hub's ends no session", async (t) => {
  for (const status of [400, 401]) {
    await t.test(`${status}`, async (t) => {
      const { clock, fake, pair } = await scene(t);
      fake.next(REFRESH, () => new Response("<h1>Who are you?</h1>", { status }));
      const { hub, store, told } = client(pair);
      await assert.rejects(during(clock, hub.fetch(THINGS)), { status });
      assert.deepEqual([store.get(), told], [pair, []]);
    });
  }
});

test("a network that is away ends no session, and the call says so as fetch does", async (t) => {
  const { clock, fake, pair } = await scene(t);
  const away = () => Promise.reject(new TypeError("fetch failed"));
  fake.next(REFRESH, away, away, away);
  const { hub, store, told } = client(pair);
  await assert.rejects(during(clock, hub.fetch(THINGS)), { name: "TypeError", message: "fetch failed" });
  assert.deepEqual([fake.count(REFRESH), store.get(), told], [3, pair, []]);
  assert.equal((await during(clock, hub.fetch(THINGS))).status, 200);
});

test("an ended session is told once with the Hub's reason, and is not asked for again", async (t) => {
  const { clock, fake, pair, session } = await scene(t);
  session.ended = "password_changed";
  const { hub, store, told } = client(pair);
  const answers = await during(clock, six(() => hub.fetch(THINGS)));
  assert.deepEqual(answers.map(({ status }) => status), Array(6).fill(401));
  assert.deepEqual(told, [["signedout", "password_changed"]]);
  assert.equal(store.get(), null);
  assert.equal(await during(clock, hub.accessToken()), null);
  assert.equal((await during(clock, hub.fetch(THINGS))).status, 401);
  assert.equal(fake.count(REFRESH), 1);
  assert.equal(fake.requests.at(-1).token, undefined);
});

test("a damaged pair is taken out of the store, and told", async (t) => {
  const { clock } = await scene(t);
  const { hub, store, told } = client({ access_token: "damaged", refresh_token: "damaged" });
  assert.equal((await during(clock, hub.fetch(THINGS))).status, 401);
  assert.deepEqual([store.get(), told], [null, [["signedout", "invalid_token"]]]);
});

test("after a night's sleep the first call renews, once, and what was held back is over", async (t) => {
  const { clock, fake, pair, session } = await scene(t, { old: false });
  const { hub } = client(pair);
  assert.equal((await during(clock, hub.fetch(THINGS))).status, 200);
  for (let night = 1; night <= 3; night += 1) {
    clock.sleep(DAY_MS + 1000);
    const answers = await during(clock, six(() => hub.fetch(THINGS)));
    assert.deepEqual(answers.map(({ status }) => status), Array(6).fill(200));
    assert.deepEqual([session.rotations, session.ended], [night, undefined]);
  }
});

test("a sleep in the middle of a refresh does not keep anybody from going on", async (t) => {
  const { clock, fake, pair } = await scene(t);
  // The connection died while the machine slept, and the request never got there.
  fake.next(REFRESH, silent);
  const { hub } = client(pair);
  const call = hub.fetch(THINGS);
  await clock.pass(1000);
  clock.sleep(3 * DAY_MS);
  assert.equal((await during(clock, call)).status, 200);
});

for (const [what, hours] of [["ahead", -72], ["behind", 72]]) {
  test(`a clock that is days ${what} costs one refresh at most`, async (t) => {
    const clock = new Clock(t);
    const fake = new FakeHub(t, clock, hours * 3600);
    const { hub } = client(fake.begin());
    for (let call = 0; call < 5; call += 1) assert.equal((await during(clock, hub.fetch(THINGS))).status, 200);
    assert.equal(fake.count(REFRESH), hours < 0 ? 1 : 0);
  });
}

test("an answer that comes behind a newer one is dropped", async (t) => {
  const { clock, fake, pair, session } = await scene(t, { locks: false });
  const store = stores.memory(pair);
  const [slow, quick] = [client(pair, { store }), client(pair, { store })];
  fake.next(REFRESH, late(clock, 2000));
  const first = slow.hub.fetch(THINGS);
  await turns();
  assert.equal((await during(clock, quick.hub.fetch(THINGS))).status, 200);
  // The next generation is made and stored before the first answer is heard.
  session.gen = 3;
  store.set(fake.pair("session-0"));
  assert.equal((await during(clock, first)).status, 200);
  assert.equal(said(store.get().refresh_token).gen, 3);
});

test("the file is small, stands alone and leads nobody anywhere", async () => {
  const { gzipSync } = await import("node:zlib");
  const bytes = gzipSync(SOURCE, { level: 9 }).length;
  assert.ok(bytes <= 2500, `${bytes} bytes, gzipped`);
  assert.doesNotMatch(SOURCE, /\bimport\s*[({'"]|\bfrom\s+['"]|require\(/);
  assert.doesNotMatch(SOURCE, /location\s*[.=]|\bhistory\b|\bopen\(|\beval\b|document/);
  assert.throws(() => createHub(), "without an address, outside a Hub's page, it says so at once");
});
