// The pages that people without a role see, looked over: their own, and the reference of the API.

import assert from "node:assert/strict";
import { Hub, both } from "./harness.mjs";
import { REFERENCE_MAX_BYTES, walk } from "./walk.mjs";

/** The reference is sent short (`gzip`): what the wire may have at most. */
const REFERENCE_MAX_WIRE_BYTES = 50_000;

both("every page of their own is fit to be seen by a user", async (script, t) => {
  const hub = await Hub.start(t);
  hub.add("bob");
  const bob = await hub.person({ script });
  await bob.signIn("bob");
  await walk(bob, ["/account", "/"]);
  await bob.visit("/admin", { status: 403 });
});

both("the reference of the API is fit to be seen and searched by anybody", async (script, t) => {
  const hub = await Hub.start(t);
  const visitor = await hub.person({ script });
  const answer = await visitor.visit("/docs", { max: REFERENCE_MAX_BYTES, name: "docs" });
  const { responseBodySize } = await answer.request().sizes();
  assert.ok(responseBodySize <= REFERENCE_MAX_WIRE_BYTES, `${responseBodySize} bytes on the wire`);
  await visitor.page.getByLabel("Call, field or error").fill("token_reused");
  await visitor.page.keyboard.press("Enter");
  await visitor.page.waitForURL("**/docs?q=token_reused");
  await visitor.look({ name: "docs-found" });
  assert.equal(await visitor.page.locator("details[open] code", { hasText: "token_reused" }).first().isVisible(), true);
  await visitor.visit("/docs?q=no+such+words", { name: "docs-nothing" });
});
