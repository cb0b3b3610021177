// The start page, error pages, the theme.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ASSETS_MAX_BYTES, Hub, both } from "./harness.mjs";

both("the start page and the error pages are fit to be seen", async (script, t) => {
  const hub = await Hub.start(t);
  const anybody = await hub.person({ script });
  await anybody.visit("/");
  await anybody.visit("/nowhere", { status: 404 });
  await anybody.visit("/setup", { status: 404 });
  await anybody.visit("/logout", { status: 405 });
  await anybody.visit("/login");
});

test("style, script and icons are small, and fetched once", async (t) => {
  const hub = await Hub.start(t);
  const anybody = await hub.person();
  const bytes = await anybody.assetBytes("/login");
  assert.ok(bytes > 0 && bytes <= ASSETS_MAX_BYTES, `${bytes} bytes`);
  const fetched = async () => (await hub.log()).split("\n").filter((line) => line.includes("/static/")).length;
  const before = await fetched();
  assert.ok(before >= 3, `${before} fetched`);
  await anybody.page.goto("/login?next=/account", { waitUntil: "networkidle" });
  assert.equal(await fetched(), before);
});

both("the theme is chosen by a button and kept", async (script, t) => {
  const hub = await Hub.start(t);
  const anybody = await hub.person({ script, scheme: "light" });
  const { page } = anybody;
  await anybody.visit("/login");
  const theme = () => page.locator("html").getAttribute("data-theme");
  const ground = () => page.locator("body").evaluate((body) => getComputedStyle(body).backgroundColor);
  assert.equal(await theme(), "auto");
  const light = await ground();
  for (const [button, expected] of [["Dark", "dark"], ["Light", "light"], ["As the system", "auto"]]) {
    await anybody.press(button, page.getByRole("group", { name: "Theme" }));
    assert.equal(anybody.path, "/login");
    assert.equal(await theme(), expected);
    assert.equal((await ground()) === light, expected !== "dark");
    assert.equal(await page.getByRole("button", { name: button }).getAttribute("aria-pressed"), "true");
  }
});
