// Settings: what the Hub runs with, and a key that is rotated while everybody works.

import assert from "node:assert/strict";
import { Hub, both } from "./harness.mjs";

const CLIENTS = 6;
const ROTATIONS = 2;

both("the key is rotated under load, and not one refresh fails", async (script, t) => {
  const hub = await Hub.start(t);
  hub.add("ann", "SUPERADMIN");
  hub.add("bob");
  const ann = await hub.person({ script });
  await ann.signIn("ann");
  await ann.visit("/admin/settings");
  const refused = [];
  let refreshes = 0;
  let over = false;
  const load = Array.from({ length: CLIENTS }, async () => {
    const client = await hub.client("bob");
    while (!over) {
      const answer = await client.refresh();
      refreshes += 1;
      if (answer.status !== 200) return refused.push(answer.body);
      const mine = await hub.call("GET", "/api/auth/me", { token: client.access });
      if (mine.status !== 200) return refused.push(mine.body);
    }
  });
  for (let rotation = 0; rotation < ROTATIONS; rotation += 1) {
    const before = refreshes;
    await ann.page.goto("/admin/settings");
    await ann.follow("Rotate the key");
    await ann.prove();
    await ann.look();
    await ann.press("Rotate the key");
    await ann.prove();
    await ann.look({ path: "the key is rotated" });
    assert.ok(refreshes > before + CLIENTS, "there is load");
  }
  over = true;
  await Promise.all(load);
  assert.deepEqual(refused, []);
  await ann.visit("/admin/settings");
  assert.equal(await ann.page.getByRole("table").first().locator("tbody tr").count(), 1 + ROTATIONS);
});

both("an ADMIN does not see the settings", async (script, t) => {
  const hub = await Hub.start(t);
  hub.add("abe", "ADMIN");
  const abe = await hub.person({ script });
  await abe.signIn("abe");
  await abe.visit("/admin/settings", { status: 403, name: "forbidden" });
  assert.equal(await abe.page.getByRole("link", { name: "Settings" }).count(), 0);
});
