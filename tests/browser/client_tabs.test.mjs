// The browser client in twelve tabs of Chromium that share a storage, with a Hub that is slow, busy, or whose answers are lost.

import assert from "node:assert/strict";
import { test } from "node:test";
import { dayAfter, rotations, signedIn, stage, status, told } from "./client_app.mjs";

const TABS = 12;
const twelve = (value) => Array(TABS).fill(value);
/** The grace of the Hub, as short as the client's tries allow, so that a test need not wait for ten seconds. */
const GRACE = { HUB_REFRESH_GRACE: "3s" };
const overGrace = () => new Promise((over) => setTimeout(over, 3100));

/** All tabs call at the same moment, or each so many milliseconds after the one before. */
function together({ pages, me }, apart = 0) {
  const at = Date.now() + 100;
  return Promise.all(
    pages.map(async (page, number) => {
      await new Promise((begin) => setTimeout(begin, at + number * apart - Date.now()));
      return status(page, me);
    }),
  );
}

async function stayed({ app, pages }) {
  for (const page of pages) {
    assert.equal(page.url(), `${app.origin}/`);
    assert.deepEqual((await told(page)).filter(([type]) => type !== "refreshed"), []);
  }
}

test("twelve tabs", { timeout: 120_000 }, async (t) => {
  const scene = await stage(t, { tabs: TABS, settings: GRACE });

  await t.test("that meet an expired token at once renew it once, and so the day after", async () => {
    await signedIn(scene);
    for (let day = 1; day <= 2; day += 1) {
      await dayAfter(scene);
      assert.deepEqual(await together(scene), twelve(200));
      assert.equal(await rotations(scene), day);
      if (day === 1) await overGrace();
    }
    await stayed(scene);
  });

  await t.test("without locks all stay signed in, and so the day after", async () => {
    await signedIn(scene);
    for (const page of scene.pages) {
      await page.evaluate(() => Object.defineProperty(navigator, "locks", { value: undefined, configurable: true }));
    }
    for (const apart of [0, 7]) {
      await dayAfter(scene);
      assert.deepEqual(await together(scene, apart), twelve(200));
      if (apart === 0) await overGrace();
    }
    await stayed(scene);
    for (const page of scene.pages) await page.evaluate(() => delete navigator.locks);
  });

  await t.test("are not signed out by lost, slow and refused answers, nor the day after", async () => {
    await signedIn(scene);
    const headers = { "Access-Control-Allow-Origin": scene.app.origin, "Access-Control-Expose-Headers": "Retry-After" };
    const refuse = (status, code, more) => (route) => route.fulfill({ status, headers: { ...headers, ...more }, json: { error: code, code } });
    const lost = async (route) => {
      await route.fetch();
      await route.abort("connectionreset");
    };
    const slow = async (route) => {
      const response = await route.fetch();
      await new Promise((over) => setTimeout(over, 400));
      await route.fulfill({ response });
    };
    const away = (route) => route.abort("connectionrefused");
    const page = (route) => route.fulfill({ status: 502, headers, contentType: "text/html", body: "<h1>Bad gateway</h1>" });
    const busy = refuse(503, "unavailable", { "Retry-After": "1" });
    const often = refuse(429, "too_many_requests", { "Retry-After": "1" });
    const faults = [];
    const pass = (route) => route.continue();
    await scene.context.route("**/api/auth/refresh", (route) => (faults.shift() ?? pass)(route));
    for (const [next, wanted] of [[[lost, slow], [200]], [[away, busy, often, page], [200, 429, 502, 503]], [[], [200]]]) {
      faults.push(...next);
      await dayAfter(scene);
      const answers = await together(scene);
      assert.ok(answers.every((answer) => wanted.includes(answer)), `${answers}`);
      assert.equal(answers.some((answer) => answer !== 200), wanted.length > 1, `${answers}`);
      assert.equal(faults.length, 0);
      if (next.length > 0) await overGrace();
    }
    await scene.context.unroute("**/api/auth/refresh");
    await stayed(scene);
  });
});
