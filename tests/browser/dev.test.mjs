// `hub dev`, whose story has what a new Hub has not: a stolen token drawn, deliveries that were given up, and a banner on every page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Hub } from "./harness.mjs";

test("the pages of the made-up story are fit to be seen, under a banner as wide as they are", { timeout: 120_000 }, async (t) => {
  const hub = await Hub.dev(t);
  const admin = await hub.person();
  const { page } = admin;
  const isUnderItsBanner = async (path) => {
    const edges = await page.evaluate(() => {
      const places = [".development", "main"].map((selector) => document.querySelector(selector).getBoundingClientRect());
      return places.map(({ left, right }) => [left, right]);
    });
    assert.deepEqual(edges[0], edges[1], path);
  };
  for (const path of ["/docs", "/docs?q=token_reused"]) {
    // The reference itself is looked over elsewhere.
    await page.goto(path);
    await isUnderItsBanner(path);
  }
  await admin.signIn("admin", { password: "admin" });
  await isUnderItsBanner("/admin");
  await admin.visit("/admin/sessions?status=reused");
  await page.locator("tbody [data-label=Device] a").click();
  await page.getByRole("heading", { name: "Lineage" }).waitFor();
  await admin.look({ name: "dev-stolen" });
  await admin.visit("/admin/webhooks", { name: "dev-webhooks" });
  await admin.follow("crm");
  await admin.look({ name: "dev-webhook" });
  const row = (table, kind) => page.getByRole("table", { name: table }).getByRole("row", { name: kind });
  assert.match(await row("Dead letters", "webhook.test").innerText(), /13\s+no connection: connection refused/);
  assert.match(await row("Deliveries that wait", "session.reused").innerText(), /alice/);
  // Sent again it fails anew, and waits.
  await admin.press("Send again");
  await row("Deliveries that wait", "webhook.test").waitFor();
  await admin.look({ name: "dev-webhook-again" });
});
