// Sessions that end while somebody looks at their list, at one of them or at their user: the page says so by itself, for as long as it is looked at.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ASSETS_MAX_BYTES, Hub, until } from "./harness.mjs";

const LIST = "/admin/sessions?rows=100";
/** What is promised: an ending shows within two seconds. */
const SOON_MS = 2000;
const MANY = 40;
/** As many pages of one browser listen at once. */
const PLACES = 4;

const isStream = (response) => response.url().includes("/admin/sessions/endings?");
const row = (page, client) => page.locator("tbody tr", { has: page.locator(`a[href="/admin/sessions/${client.session}"]`) });
const status = (page, client) => row(page, client).locator('[data-label="Status"]');
/** A status in one line: what is read aloud only stands apart. */
const words = async (status) => (await status.innerText()).replace(/\s+/g, " ");
const line = (page) => page.locator("[data-place]");

/** Opens the list or another page in a tab, and waits until it listens, or until it was told that it cannot. */
async function listening(page, expected = 200, path = LIST) {
  const stream = page.waitForResponse(isStream);
  await page.goto(path);
  assert.equal((await stream).status(), expected);
}

/** Looks at a tab again, or not any more: what a browser tells a page when its tab is changed. */
const turn = (page, hidden) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);

async function inhabited(t, sessions = 2) {
  const hub = await Hub.start(t);
  hub.add("ann", "ADMIN");
  hub.add("bob");
  const clients = [];
  for (let number = 0; number < sessions; number += 1) clients.push(await hub.client("bob"));
  return { hub, clients };
}

test("a row whose session ends says so while one looks, as a reload would", { timeout: 120_000 }, async (t) => {
  const { hub, clients } = await inhabited(t, 3);
  const [ended, left, stays] = clients;
  const ann = await hub.person();
  await ann.signIn("ann");
  const { page } = ann;
  await listening(page);
  const box = row(page, ended).getByRole("checkbox");
  await box.check();
  await row(page, stays).getByRole("checkbox").check();
  hub.run(["session", "revoke", ended.session]);
  const since = Date.now();
  await status(page, ended).getByText("while you looked").waitFor();
  assert.ok(Date.now() - since < SOON_MS, `${Date.now() - since} ms`);
  assert.equal(await words(status(page, ended)), "Revoked by an administrator while you looked");
  assert.equal(await row(page, ended).locator('[data-label="Expires"]').innerText(), "–");
  assert.equal(await box.count(), 0);
  assert.equal(await page.locator('[data-ticked="id"]').innerText(), "1 ticked");
  assert.equal(await status(page, stays).innerText(), "Active");
  const tells = (words) => line(page).filter({ hasText: words }).waitFor();
  await tells("1 session on this page ended while you looked.");
  await page.getByRole("button", { name: "Revoke the ticked" }).waitFor();
  // And of another client's own doing.
  await hub.call("POST", "/api/auth/logout", { token: left.access });
  await tells("2 sessions on this page ended while you looked.");
  assert.equal(await words(status(page, left)), "Revoked signed out while you looked");
  await ann.look({ name: "sessions-live" });
  await page.reload();
  assert.equal(await status(page, ended).innerText(), "Revoked by an administrator");
  assert.equal(await box.count(), 0);
  const sizes = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name, decodedBodySize }) => [name, decodedBodySize]));
  const assets = sizes.filter(([name]) => name.includes("/static/"));
  const bytes = assets.reduce((sum, [, size]) => sum + size, 0);
  assert.ok(assets.some(([name]) => name.includes("/static/live.")) && bytes <= ASSETS_MAX_BYTES, JSON.stringify(assets));
});

test("a session's own page says when it ends while one looks, and offers to end it no more", { timeout: 120_000 }, async (t) => {
  const { hub, clients } = await inhabited(t, 1);
  const [ended] = clients;
  const own = `/admin/sessions/${ended.session}`;
  const ann = await hub.person();
  await ann.signIn("ann");
  const { page } = ann;
  await listening(page, 200, own);
  const badge = page.locator(".lede > .badge").first();
  assert.equal(await badge.innerText(), "Active");
  const end = page.getByRole("link", { name: "End this session" });
  await end.focus();
  hub.run(["session", "revoke", ended.session]);
  const since = Date.now();
  await line(page).filter({ hasText: "This session ended while you looked: an administrator ended it." }).waitFor();
  assert.ok(Date.now() - since < SOON_MS, `${Date.now() - since} ms`);
  assert.equal(await line(page).getAttribute("aria-live"), "polite");
  assert.equal(await badge.innerText(), "Revoked");
  assert.equal(await end.count(), 0);
  assert.deepEqual(await page.locator("[data-label=Expires]").allInnerTexts(), ["–", "–"]);
  // The keyboard is where the page begins, and on no other button.
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await ann.look({ name: "session-live" });
  await ann.follow("Reload the page", line(page));
  assert.equal(await badge.innerText(), "Revoked");
  assert.match(await ann.text(), /Ended\s+just now: an administrator ended it/);
  assert.equal(await line(page).count(), 0);
});

test("a row of a user's page says so as well, in the words of a reload", { timeout: 120_000 }, async (t) => {
  const { hub, clients } = await inhabited(t, 2);
  const [ended, stays] = clients;
  const ann = await hub.person();
  await ann.signIn("ann");
  const { page } = ann;
  await listening(page, 200, "/admin/users/2");
  hub.run(["session", "revoke", ended.session]);
  await status(page, ended).getByText("while you looked").waitFor();
  const told = await words(status(page, ended));
  assert.equal(await status(page, stays).innerText(), "Active");
  await line(page).filter({ hasText: "1 session on this page ended while you looked." }).waitFor();
  await ann.look({ name: "user-live" });
  await page.reload();
  assert.equal(`${await words(status(page, ended))} while you looked`, told);
});

test("without script the list, a session's page and a user's stay as they were made", { timeout: 120_000 }, async (t) => {
  const { hub, clients } = await inhabited(t);
  const ann = await hub.person({ script: false });
  await ann.signIn("ann");
  await ann.visit(LIST);
  hub.run(["session", "revoke", clients[0].session]);
  assert.equal(await status(ann.page, clients[0]).innerText(), "Active");
  assert.equal(await line(ann.page).innerText(), "");
  await row(ann.page, clients[0]).getByRole("checkbox").check();
  await ann.page.reload();
  assert.equal(await status(ann.page, clients[0]).innerText(), "Revoked by an administrator");
  const own = `/admin/sessions/${clients[1].session}`;
  for (const path of [own, "/admin/users/2"]) {
    await ann.visit(path);
    assert.equal(await line(ann.page).innerText(), "");
    assert.doesNotMatch(await ann.text(), /while you looked/);
  }
  await ann.visit(own);
  hub.run(["session", "revoke", clients[1].session]);
  await ann.follow("End this session");
  assert.equal(ann.path, own);
  assert.match(await ann.note(), /ended/);
});

test("a row keeps its height when its session ends", { timeout: 120_000 }, async (t) => {
  const { hub, clients } = await inhabited(t, 3);
  const [over, ended, stays] = clients;
  hub.run(["session", "revoke", over.session]);
  const ann = await hub.person();
  await ann.signIn("ann");
  await listening(ann.page);
  const heights = () => Promise.all(clients.map(async (client) => (await row(ann.page, client).boundingBox()).height));
  const before = await heights();
  assert.equal(new Set(before).size, 1, JSON.stringify(before));
  hub.run(["session", "revoke", ended.session]);
  await status(ann.page, ended).getByText("while you looked").waitFor();
  assert.equal(await status(ann.page, stays).innerText(), "Active");
  assert.deepEqual(await heights(), before);
});

test("a page that is not looked at holds no connection, and catches up when it is", { timeout: 120_000 }, async (t) => {
  const { hub, clients } = await inhabited(t);
  const [first, second] = clients;
  const ann = await hub.person();
  await ann.signIn("ann");
  const pages = [ann.page];
  await listening(ann.page);
  for (let number = 1; number < PLACES; number += 1) {
    pages.push(await ann.tab());
    await listening(pages.at(-1));
  }
  // One more has no place, and stays as it is.
  const late = await ann.tab();
  await listening(late, 204);
  const closed = pages[0].waitForEvent("requestfailed", isStream);
  await turn(pages[0], true);
  await closed;
  await until("the place is free", async () => {
    const stream = late.waitForResponse(isStream);
    await turn(late, false);
    return (await stream).status() === 200;
  });
  hub.run(["session", "revoke", first.session]);
  await status(late, first).getByText("while you looked").waitFor();
  assert.equal(await status(pages[0], first).innerText(), "Active");
  // Looked at again, when another one is not.
  await turn(late, true);
  await until("there is a place again", async () => {
    const stream = pages[0].waitForResponse(isStream);
    await turn(pages[0], false);
    return (await stream).status() === 200;
  });
  await status(pages[0], first).getByText("while you looked").waitFor();
  hub.run(["session", "revoke", second.session]);
  await status(pages[0], second).getByText("while you looked").waitFor();
  assert.equal(await status(late, second).innerText(), "Active");
});

test("many endings at once are told in a few words", { timeout: 120_000 }, async (t) => {
  const { hub } = await inhabited(t, MANY);
  const ann = await hub.person();
  await ann.signIn("ann");
  await listening(ann.page);
  await line(ann.page).evaluate((line) => {
    window.told = [];
    new MutationObserver(() => window.told.push(line.textContent)).observe(line, { childList: true, characterData: true, subtree: true });
  });
  hub.run(["session", "revoke", "--user", "bob", "--yes"]);
  await line(ann.page).filter({ hasText: `${MANY} sessions on this page` }).waitFor();
  assert.equal(await ann.page.locator('tbody [data-label="Status"]', { hasText: "while you looked" }).count(), MANY);
  const told = await ann.page.evaluate(() => window.told);
  assert.ok(told.length <= 3, JSON.stringify(told));
  assert.equal(await line(ann.page).getAttribute("aria-live"), "polite");
});

test("a page hears nothing any more when its administrator was signed out, and says so", { timeout: 120_000 }, async (t) => {
  const { hub, clients } = await inhabited(t);
  // What the browser says of the sign-in page that it gets then is no fault.
  const ann = await hub.person({ guarded: false });
  await ann.signIn("ann");
  await listening(ann.page);
  const own = await ann.page.locator("tbody tr", { hasText: "This session" }).getByRole("checkbox").getAttribute("value");
  hub.run(["session", "revoke", own]);
  await line(ann.page).filter({ hasText: "does not hear of endings any more" }).waitFor();
  hub.run(["session", "revoke", clients[0].session]);
  assert.equal(await status(ann.page, clients[0]).innerText(), "Active");
});

test("a page that listens when a backup was put back says that it has to be loaded anew", { timeout: 120_000 }, async (t) => {
  const { hub } = await inhabited(t);
  const ann = await hub.person();
  await ann.signIn("ann");
  // As if it had been made on another history.
  await ann.page.route("**/admin/sessions/endings?*", (route) => route.continue({ url: route.request().url().replace(/after=[^&]*/, "after=999-0001020304050607") }));
  await listening(ann.page);
  await line(ann.page).filter({ hasText: "reload it" }).waitFor();
});
