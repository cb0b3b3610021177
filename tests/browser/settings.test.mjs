// The settings, and the key: rotated from its page while clients are at work, and nobody notices.

import assert from "node:assert/strict";
import { Hub, both } from "./harness.mjs";

/** Clients that refresh without a pause, each one call after the other. */
const CLIENTS = 8;
const ROTATIONS = 3;

/** Refreshes and uses what comes until told to stop; every answer must be good. */
async function work(client, state) {
  while (!state.stop) {
    const answer = await client.refresh();
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const known = await client.hub.call("GET", "/api/auth/validate", { token: client.access });
    assert.equal(known.status, 200, JSON.stringify(known.body));
    state.done += 1;
  }
}

both("the settings show what is in effect and where it came from, and no secret", async (script, t) => {
  const hub = await Hub.start(t, { HUB_ACCESS_TTL: "7h" });
  hub.add("ann", "SUPERADMIN");
  hub.add("adam", "ADMIN");
  const ann = await hub.person({ script });
  await ann.signIn("ann");
  await ann.visit("/admin/settings", { name: "settings" });
  const text = await ann.text();
  assert.match(text, /access_ttl/);
  assert.match(text, /HUB_ACCESS_TTL/);
  const adam = await hub.person({ script });
  await adam.signIn("adam");
  await adam.visit("/admin/settings", { status: 403 });
});

both("the key is rotated under load without one refused refresh", async (script, t) => {
  const hub = await Hub.start(t);
  hub.add("ann", "SUPERADMIN");
  hub.add("bob");
  const ann = await hub.person({ script });
  await ann.signIn("ann");
  const state = { stop: false, done: 0 };
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => hub.client("bob")));
  const working = Promise.all(clients.map((client) => work(client, state)));
  try {
    for (let round = 0; round < ROTATIONS; round += 1) {
      const before = state.done;
      await ann.page.goto("/admin/settings");
      await ann.follow("Rotate the key");
      await ann.prove();
      if (round === 0) await ann.look({ name: "settings-rotate" });
      await ann.press("Rotate the key");
      assert.equal(ann.path, "/admin/settings");
      assert.match(await ann.note(), /A new key makes every token/);
      assert.ok(state.done > before, "nobody was at work");
    }
  } finally {
    state.stop = true;
    await working;
  }
  await ann.look({ name: "settings-rotated" });
  const keys = JSON.parse(hub.run(["key", "list", "--json"]));
  assert.deepEqual(keys.map((key) => key.state), ["present", ...Array(ROTATIONS).fill("verifies")]);
});
