// The browser client in pages of Chromium: signing in and out between tabs, networks that go and come, sleep, bodies, origins, the README's lines.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { PASSWORD, until } from "./harness.mjs";
import { dayAfter, open, rotations, serve, signedIn, stage, status, stored, told } from "./client_app.mjs";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const OTHER_PASSWORD = "another horse 8";

test("pages of an app", { timeout: 120_000 }, async (t) => {
  const scene = await stage(t, { tabs: 3 });
  const { app, hub, me, context } = scene;
  const [one, two, three] = scene.pages;
  const here = (page) => assert.equal(page.url(), `${app.origin}/`);
  const signedOut = (page) => until("it is told", async () => (await told(page)).some(([type]) => type === "signedout"));

  await t.test("sign in, see their sessions, end one, change the password and sign out", async () => {
    const user = await one.evaluate((password) => hub.login("bob", password), PASSWORD);
    assert.equal(user.email, "bob@example.com");
    await until("another tab hears of it", async () => (await told(two)).length > 0);
    assert.deepEqual(await told(two), [["signedin", undefined]]);
    assert.equal(await status(two, me), 200);
    const other = await hub.client("bob");
    const sessions = await one.evaluate(() => hub.sessions());
    assert.deepEqual(sessions.map(({ current }) => current), [false, true]);
    await one.evaluate((id) => hub.revokeSession(id), sessions[0].id);
    assert.equal((await other.refresh()).body.code, "session_revoked");
    const wrong = await one.evaluate(() => hub.changePassword("wrong horse 1", "x").catch(({ status, code }) => ({ status, code })));
    assert.deepEqual(Object.keys(wrong), ["status", "code"]);
    const before = await stored(one);
    await one.evaluate(([now, next]) => hub.changePassword(now, next), [PASSWORD, OTHER_PASSWORD]);
    await one.evaluate(([now, next]) => hub.changePassword(now, next), [OTHER_PASSWORD, PASSWORD]);
    assert.notDeepEqual(await stored(one), before);
    assert.equal(await status(two, me), 200);
    assert.equal(await two.evaluate(() => hub.logout()), true);
    await signedOut(one);
    assert.equal(await status(one, me), 401);
    assert.equal((await hub.call("GET", "/api/auth/me", { token: before[0] })).body.code, "session_revoked");
  });

  await t.test("that sign out while another renews are signed out in all tabs", async () => {
    await signedIn(scene);
    await dayAfter(scene);
    let asked, release;
    const begun = new Promise((resolve) => (asked = resolve));
    const released = new Promise((resolve) => (release = resolve));
    await two.route("**/api/auth/refresh", async (route) => {
      const response = await route.fetch();
      asked();
      await released;
      await route.fulfill({ response });
    });
    const call = status(two, me);
    await begun;
    assert.equal(await one.evaluate(() => hub.logout()), true);
    await until("the removal is seen", async () => (await stored(two))[1] === null);
    release();
    assert.equal(await call, 401);
    for (const page of [one, two, three]) {
      await signedOut(page);
      assert.deepEqual(await stored(page), [null, null]);
      assert.ok((await told(page)).every(([type]) => type === "signedout"));
      here(page);
    }
    await two.unroute("**/api/auth/refresh");
  });

  await t.test("hear why a session has ended, and lead nobody away", async () => {
    const client = await signedIn(scene);
    hub.run(["session", "revoke", client.session, "--yes"]);
    assert.equal(await status(one, me), 401);
    assert.deepEqual(await told(one), [["signedout", "session_revoked"]]);
    await signedOut(two);
    assert.deepEqual(await told(two), [["signedout", undefined]]);
    assert.equal(await two.evaluate(() => hub.accessToken()), null);
    here(one);
    here(two);
  });

  await t.test("that are offline stay signed in, and go on when they are online again", async () => {
    await signedIn(scene);
    await dayAfter(scene);
    await context.setOffline(true);
    assert.equal(await status(one, me), "TypeError");
    assert.equal(await two.evaluate(() => hub.accessToken().catch((error) => error.name)), "TypeError");
    await context.setOffline(false);
    assert.deepEqual([await status(one, me), await status(two, me)], [200, 200]);
    assert.deepEqual([await told(three), await rotations(scene)], [[], 1]);
  });

  await t.test("that come back from the back/forward cache hear what happened meanwhile", async () => {
    await signedIn(scene);
    // Without an event of the storage, as it is for a page that lies in the cache.
    await one.evaluate(() => {
      localStorage.clear();
      dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    });
    await signedOut(one);
  });

  await t.test("that are frozen keep no other from going on", async () => {
    await signedIn(scene);
    await dayAfter(scene);
    const devtools = await context.newCDPSession(one);
    await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
    assert.equal(await status(two, me), 200);
    await devtools.send("Page.setWebLifecycleState", { state: "active" });
    assert.deepEqual([await status(one, me), await rotations(scene)], [200, 1]);
  });

  await t.test("send bodies again as they were, and no stream", async () => {
    await signedIn(scene);
    const sent = await one.evaluate(async () => {
      const form = new FormData();
      form.append("file", new File(["in a file"], "a.txt"));
      const statuses = [];
      for (const body of ["wörd", form, new Blob(["a blob"]), new URLSearchParams({ a: "1 2" }), new Uint8Array([0, 255])]) {
        statuses.push((await makeAuthenticatedRequest("/things", { method: "POST", body })).status);
      }
      const body = new Blob(["x"]).stream();
      statuses.push(await hub.fetch("/things", { method: "POST", body, duplex: "half" }).catch((error) => error.message));
      return statuses;
    });
    assert.deepEqual(sent.slice(0, 5), [200, 200, 200, 200, 200]);
    assert.match(sent[5], /stream cannot be sent twice/);
    const bodies = app.asked.filter(({ path }) => path === "/things").map(({ body }) => body);
    assert.equal(bodies.length, 10);
    for (let call = 0; call < 10; call += 2) assert.ok(bodies[call].equals(bodies[call + 1]), `${bodies[call]} ${bodies[call + 1]}`);
    assert.deepEqual([bodies[0].toString(), bodies[4].toString(), bodies[6].toString()], ["wörd", "a blob", "a=1+2"]);
    assert.ok(bodies[2].includes("in a file"));
  });

  await t.test("send no token to a foreign origin, nor along with a redirect to one", async (t) => {
    await signedIn(scene);
    const foreign = await serve(t);
    assert.equal(await status(one, `${foreign.origin}/plain`), 200);
    assert.equal(await status(one, `${app.origin}/away?to=${encodeURIComponent(`${foreign.origin}/led`)}`), 200);
    const got = foreign.asked.filter(({ method }) => method === "GET");
    assert.deepEqual(got.map(({ path, token }) => [path, token]), [["/plain", undefined], ["/led", undefined]]);
    assert.match(app.asked.find(({ path }) => path === "/away").token, /^Bearer eyJ/);
  });

  await t.test("do what the README's lines say", async () => {
    const printed = /<!-- test: hub-client -->\n```js\n([\s\S]*?)\n```/.exec(README)[1];
    assert.equal(printed.trim().split("\n").length, 4);
    assert.ok(printed.includes("https://hub.regardingwork.com/"));
    const lines = printed.replaceAll("https://hub.regardingwork.com", hub.origin);
    app.files["/readme"] = "<!doctype html><title>App</title><link rel=icon href=data:,><script type=module src=/readme.js></script>";
    app.files["/readme.js"] = `${lines}\nObject.assign(window, { response, hub, ready: true });`;
    const client = await signedIn(scene);
    await dayAfter(scene);
    await open(one, `${app.origin}/readme`);
    assert.equal(await one.evaluate(() => response.status), 200);
    assert.notEqual((await stored(one))[1], client.refreshToken);
    hub.run(["session", "revoke", client.session, "--yes"]);
    await Promise.all([one.waitForURL(`${app.origin}/login**`), one.evaluate((me) => void hub.fetch(me), me)]);
  });
});

test("a page whose clock is years behind is told by the Hub that a token has expired", async (t) => {
  const scene = await stage(t, { tabs: 1, settings: { HUB_ACCESS_TTL: "4s" } });
  await scene.context.clock.install({ time: 0 });
  await open(scene.pages[0], scene.app.origin);
  await signedIn(scene);
  await new Promise((over) => setTimeout(over, 5100));
  assert.equal(await status(scene.pages[0], scene.me), 200);
  assert.equal(await rotations(scene), 1);
  // And after a night's sleep, when the token says that it is over, before anything else is sent.
  await scene.context.clock.fastForward(70 * 3_600_000);
  assert.equal(await status(scene.pages[0], scene.me), 200);
  assert.ok((await rotations(scene)) >= 2);
});
