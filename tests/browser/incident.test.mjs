// A stolen token: what the administrator reads, and what they can do about one session.

import assert from "node:assert/strict";
import { Hub, both } from "./harness.mjs";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
const CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";

both("a reuse is told in plain words, with its lineage", async (script, t) => {
  // Without a grace every second use is one too many, and the test need not wait.
  const hub = await Hub.start(t, { HUB_REFRESH_GRACE: "0s" });
  hub.add("ann", "ADMIN");
  hub.add("bob");
  const client = await hub.client("bob", { address: "203.0.113.7", agent: FIREFOX });
  const stolen = client.refreshToken;
  for (let rotations = 0; rotations < 12; rotations += 1) assert.equal((await client.refresh()).status, 200);
  const thief = { "X-Forwarded-For": "198.51.100.23", "User-Agent": CHROME };
  const answer = await hub.call("POST", "/api/auth/refresh", { body: { refresh_token: stolen }, headers: thief });
  assert.deepEqual([answer.status, answer.body.code], [401, "token_reused"]);
  assert.equal((await client.refresh()).status, 401);

  const ann = await hub.person({ script });
  await ann.signIn("ann");
  await ann.visit(`/admin/sessions/${client.session}`, { name: "session-reuse" });
  const text = await ann.text();
  assert.match(text, /used twice/i);
  assert.match(text, /stolen/i);
  for (const fact of ["203.0.113.7", "198.51.100.23", "Firefox", "Chrome", "Reuse detected"]) {
    assert.ok(text.includes(fact), fact);
  }
  // The picture has its words, and the same events stand in a list.
  const picture = ann.page.locator("svg[role=img]").first();
  assert.ok((await picture.locator("title").count()) >= 1);
  assert.ok((await ann.page.locator("main ol li").count()) >= 14);
});

both("one session is ended, and its client hears so at the next refresh", async (script, t) => {
  const hub = await Hub.start(t);
  hub.add("ann", "ADMIN");
  hub.add("bob");
  const [ended, other] = [await hub.client("bob"), await hub.client("bob")];
  const ann = await hub.person({ script });
  await ann.signIn("ann");
  await ann.visit(`/admin/sessions/${ended.session}`, { name: "session" });
  await ann.follow("End this session");
  await ann.look({ name: "session-revoke" });
  await ann.press("End this session");
  await ann.look({ path: "a session is ended" });
  assert.deepEqual([(await ended.refresh()).body.code, (await other.refresh()).status], ["session_revoked", 200]);
});
