// The function that the API's documentation gives to apps, word for word (seed.js), with only its host changed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { Hub } from "./harness.mjs";

const SEED = readFileSync(new URL("seed.js", import.meta.url), "utf8");
const HOST = "https://hub.regardingwork.com";
const TABS = 6;
/** Each round is one expired token in all tabs at once. */
const ROUNDS = 40;

/** An app of another origin, whose pages load the function. */
async function app(t) {
  let script = "";
  const server = createServer((request, response) => {
    const isScript = request.url === "/app.js";
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html; charset=utf-8");
    const page = "<!doctype html><html lang=en><title>App</title><link rel=icon href=data:,><script src=/app.js></script><h1>App</h1>";
    response.end(isScript ? script : page);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, use: (hub) => (script = SEED.replaceAll(HOST, hub.origin)) };
}

async function hubAndApp(t, settings = {}) {
  const other = await app(t);
  const hub = await Hub.start(t, { HUB_CORS_ORIGINS: other.origin, HUB_ACCESS_TTL: "3s", ...settings });
  other.use(hub);
  hub.add("bob");
  return { hub, other };
}

/** A browser that holds a client's tokens at an app. */
async function holding(hub, at, client) {
  const person = await hub.person({ guarded: false });
  await person.page.goto(at);
  await store(person.page, client.access, client.refreshToken);
  return person;
}

const store = (page, access, refresh) =>
  page.evaluate(
    ([access, refresh]) => {
      localStorage.setItem("access_token", access);
      localStorage.setItem("refresh_token", refresh);
    },
    [access, refresh],
  );

const stored = (page, name) => page.evaluate((name) => localStorage.getItem(name), name);

/** Calls the function in a page; what it gives, or undefined where it left for the sign-in. */
const authenticated = (page, url) =>
  page.evaluate(async (url) => {
    const response = await makeAuthenticatedRequest(url);
    return response && { status: response.status, body: await response.json() };
  }, url);

const wait = (milliseconds) => new Promise((over) => setTimeout(over, milliseconds));
/** Past the life of a token that lives three seconds. */
const expired = () => wait(4_100);

test("an expired access token is refreshed, and the call is made again", async (t) => {
  const { hub, other } = await hubAndApp(t);
  const client = await hub.client("bob");
  const { page } = await holding(hub, other.origin, client);
  await expired();
  const me = await authenticated(page, `${hub.origin}/api/auth/me`);
  assert.equal(me.status, 200);
  assert.equal(me.body.user.username, "bob");
  assert.notEqual(await stored(page, "access_token"), client.access);
  assert.notEqual(await stored(page, "refresh_token"), client.refreshToken);
  assert.equal(page.url(), `${other.origin}/`);
});

test("six tabs with one expired token sign nobody out, whatever their order", { timeout: 180_000 }, async (t) => {
  // Long enough that a round's own tokens do not expire within it.
  const { hub, other } = await hubAndApp(t, { HUB_ACCESS_TTL: "5s" });
  const client = await hub.client("bob");
  const person = await holding(hub, other.origin, client);
  const tabs = [person.page];
  while (tabs.length < TABS) {
    const tab = await person.tab();
    await tab.goto(other.origin);
    tabs.push(tab);
  }
  await wait(6_100);
  for (let round = 0; round < ROUNDS; round += 1) {
    // The expired one again, so that a round need not wait for the clock.
    await tabs[0].evaluate((token) => localStorage.setItem("access_token", token), client.access);
    const at = Date.now() + 60;
    const answers = await Promise.all(
      tabs.map((tab, number) =>
        tab.evaluate(
          async ([url, at]) => {
            await new Promise((begin) => setTimeout(begin, at - Date.now()));
            const response = await makeAuthenticatedRequest(url);
            return response?.status;
          },
          // Every other round all at once, else each a little later than the one before.
          [`${hub.origin}/api/auth/me`, at + (round % 2) * number * (round % 12)],
        ),
      ),
    );
    assert.deepEqual(answers, Array(TABS).fill(200), `round ${round}`);
    for (const tab of tabs) assert.equal(tab.url(), `${other.origin}/`);
  }
  const refresh = await stored(person.page, "refresh_token");
  assert.equal((await client.refresh(refresh)).status, 200);
});

test("what a burst of tabs leaves in the storage still renews when the grace is over", { timeout: 180_000 }, async (t) => {
  // Whichever answer comes last is stored: it must be a token that counts, also much later.
  const { hub, other } = await hubAndApp(t, { HUB_ACCESS_TTL: "1s", HUB_REFRESH_GRACE: "1s" });
  const client = await hub.client("bob");
  const person = await holding(hub, other.origin, client);
  const tabs = [person.page];
  while (tabs.length < TABS) {
    const tab = await person.tab();
    await tab.goto(other.origin);
    tabs.push(tab);
  }
  for (let round = 0; round < 6; round += 1) {
    // The access token and the grace are both over: for the session this is another day.
    await wait(2_100);
    const call = (tab, number) =>
      tab.evaluate(
        async ([url, later]) => {
          await new Promise((begin) => setTimeout(begin, later));
          return (await makeAuthenticatedRequest(url))?.status;
        },
        [`${hub.origin}/api/auth/me`, (number * round * 7) % 120],
      );
    const answers = await Promise.all(tabs.map(call));
    assert.ok(!answers.includes(undefined), `round ${round}: ${answers}`);
    for (const tab of tabs) assert.equal(tab.url(), `${other.origin}/`);
  }
});

test("an answer that comes last and late overwrites no newer token", async (t) => {
  const { hub, other } = await hubAndApp(t, { HUB_ACCESS_TTL: "2s", HUB_REFRESH_GRACE: "2s" });
  const client = await hub.client("bob");
  const person = await holding(hub, other.origin, client);
  const tabs = [person.page, await person.tab(), await person.tab()];
  for (const tab of tabs.slice(1)) await tab.goto(other.origin);
  /** A tab whose answers to calls of a path take so much longer. */
  const slow = (tab, path, milliseconds) =>
    tab.evaluate(
      ([path, milliseconds]) => {
        const quick = window.fetch;
        window.fetch = async (url, options) => {
          const answer = await quick(url, options);
          if (url.endsWith(path)) await new Promise((over) => setTimeout(over, milliseconds));
          return answer;
        };
      },
      [path, milliseconds],
    );
  await slow(tabs[1], "/api/auth/refresh", 700);
  await slow(tabs[2], "/api/auth/me", 350);
  await wait(3_100);
  // The first renews; the second renews with the same token, and hears of it last; the third reads the first one's new token.
  const answers = await Promise.all(tabs.map((tab) => authenticated(tab, `${hub.origin}/api/auth/me`)));
  assert.deepEqual(answers.map((answer) => answer?.status), [200, 200, 200]);
  await wait(3_100);
  const later = await authenticated(tabs[0], `${hub.origin}/api/auth/me`);
  assert.equal(later?.status, 200);
  assert.equal(tabs[0].url(), `${other.origin}/`);
});

test("an ended session leads to the app's own sign-in", async (t) => {
  const { hub, other } = await hubAndApp(t);
  const client = await hub.client("bob");
  const { page } = await holding(hub, other.origin, client);
  hub.run(["session", "revoke", client.session, "--yes"]);
  await authenticated(page, `${hub.origin}/api/auth/me`).catch(() => undefined);
  await page.waitForURL(`${other.origin}/login`);
});

test("at the Hub's own origin an ended session leads to the Hub's sign-in", async (t) => {
  const { hub } = await hubAndApp(t);
  const client = await hub.client("bob");
  const person = await hub.person({ guarded: false });
  // The Hub serves no page for apps: this one is put in its place by the browser.
  await person.context.route(`${hub.origin}/app`, (route) =>
    route.fulfill({ contentType: "text/html", body: `<!doctype html><title>App</title><script>${SEED.replaceAll(HOST, hub.origin)}</script>` }),
  );
  const { page } = person;
  await page.goto("/app");
  await store(page, client.access, client.refreshToken);
  await expired();
  assert.equal((await authenticated(page, "/api/auth/me")).status, 200);
  hub.run(["session", "revoke", client.session, "--yes"]);
  await authenticated(page, "/api/auth/me").catch(() => undefined);
  await page.waitForURL(`${hub.origin}/login`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
});
