// Webhooks: added, tried, disabled and deleted from their pages, which are fit to be seen in every state.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { Hub, both } from "./harness.mjs";

/** A receiver that takes nothing until told to, and what it was sent. */
async function receiver(t) {
  const state = { status: 500, bodies: [] };
  const server = createServer(async (request, answer) => {
    let body = "";
    for await (const piece of request) body += piece;
    state.bodies.push(JSON.parse(body));
    answer.writeHead(state.status).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  state.url = `http://127.0.0.1:${server.address().port}/hook?key=receivers-own`;
  return state;
}

async function until(what, holds) {
  for (let round = 0; round < 500; round += 1) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  assert.fail(`${what}: it never came`);
}

both("a webhook is added, tried, disabled and deleted from its pages", async (script, t) => {
  const told = await receiver(t);
  const hub = await Hub.start(t, { HUB_WEBHOOKS__ALLOWED_NETWORKS: "127.0.0.0/8" });
  hub.add("ann", "SUPERADMIN");
  const ann = await hub.person({ script });
  await ann.signIn("ann");
  await ann.visit("/admin/settings");
  await ann.follow("Webhooks");
  await ann.look({ name: "webhooks-empty" });
  await ann.follow("Add a webhook");
  await ann.look({ name: "webhooks-new" });
  await ann.field("Name").fill("crm");
  await ann.field("Address").fill("https://10.0.0.1/");
  await ann.press("Add this webhook");
  await ann.look({ name: "webhooks-wrong" });
  assert.match(await ann.text(), /a private address/);
  await ann.field("Address").fill(told.url);
  await ann.page.getByLabel("session.started").check();
  await ann.press("Add this webhook");
  assert.match(await ann.text(), /whsec_/);
  await ann.look({ name: "webhooks-made" });
  await ann.follow("I have kept it");
  await ann.press("Send a test");
  await until("a try", () => told.bodies.length > 0);
  assert.equal(told.bodies[0].type, "webhook.test");
  await hub.client("ann");
  await until("both are noted", async () => {
    await ann.visit("/admin/webhooks/1");
    return (await ann.text()).match(/answered 500/g)?.length === 2;
  });
  await ann.look({ name: "webhooks-waiting" });
  assert.doesNotMatch(await ann.text(), /receivers-own/);
  told.status = 204;
  await ann.follow("Disable");
  await ann.look({ name: "webhooks-disable" });
  await ann.press("Disable this webhook");
  assert.match(await ann.note(), /told nothing until you enable it/);
  await ann.look({ name: "webhooks-disabled" });
  await ann.press("Enable");
  await until("both are delivered", async () => {
    await ann.visit("/admin/webhooks/1");
    return (await ann.text()).match(/answered 204/g)?.length === 2;
  });
  await ann.look({ name: "webhooks-delivered" });
  await ann.visit("/admin/webhooks", { name: "webhooks" });
  await ann.visit("/admin/webhooks/1");
  await ann.follow("Delete");
  await ann.look({ name: "webhooks-delete" });
  await ann.press("Delete this webhook");
  assert.match(await ann.text(), /No webhooks yet/);
});
