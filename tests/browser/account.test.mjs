// One's own account: password, profile, sessions.

import assert from "node:assert/strict";
import { HOSTILE, Hub, PASSWORD, both } from "./harness.mjs";

both("who changes their password stays signed in here and nowhere else", async (script, t) => {
  const hub = await Hub.start(t);
  hub.add("bob");
  const client = await hub.client("bob");
  const [bob, elsewhere] = [await hub.person({ script }), await hub.person({ script })];
  await bob.signIn("bob");
  await elsewhere.signIn("bob");
  await bob.visit("/account");
  const change = async (current, fresh, again) => {
    await bob.field("Current password").fill(current);
    await bob.field("New password").fill(fresh);
    await bob.field("New password again").fill(again);
    await bob.press("Change the password");
  };
  await change("wrong horse 7", "another horse 8", "another horse 9");
  await bob.look({ path: "a wrong password" });
  assert.ok((await bob.page.locator("[aria-invalid=true]").count()) >= 1);
  const before = await bob.context.cookies();
  await change(PASSWORD, "another horse 8", "another horse 8");
  assert.equal(bob.url.pathname, "/account");
  assert.match(await bob.note(), /password/i);
  await bob.look({ path: "the password is changed" });
  // The cookie's value is a new one: whoever had the old one is out.
  const value = (cookies) => cookies.find(({ name }) => name === "hub_session").value;
  assert.notEqual(value(await bob.context.cookies()), value(before));
  await elsewhere.page.goto("/account");
  assert.equal(elsewhere.url.pathname, "/login");
  const refused = await client.refresh();
  assert.deepEqual([refused.status, refused.body.code], [401, "password_changed"]);
  await bob.press("Sign out", bob.page.locator("header"));
  await bob.signIn("bob", { password: "another horse 8" });
  assert.equal(bob.url.pathname, "/account");
});

both("one's own sessions are listed, and each can be ended", async (script, t) => {
  const hub = await Hub.start(t);
  hub.add("bob");
  const phone = await hub.client("bob", { address: "198.51.100.23", agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1" });
  const others = [await hub.client("bob"), await hub.client("bob")];
  const bob = await hub.person({ script });
  await bob.signIn("bob");
  await bob.visit("/account");
  const row = bob.page.getByRole("row").filter({ hasText: "198.51.100.23" });
  await bob.follow(/^End/, row);
  await bob.look({ name: "account-session-revoke" });
  await bob.press("End this session");
  assert.equal((await phone.refresh()).body.code, "session_revoked");
  assert.equal((await others[0].refresh()).status, 200);
  await bob.follow("End all others");
  await bob.look();
  await bob.press("End all others");
  for (const other of others) assert.equal((await other.refresh()).body.code, "session_revoked");
  await bob.visit("/account");
});

both("a profile keeps what was typed, whatever it is", async (script, t) => {
  const hub = await Hub.start(t);
  hub.add("bob");
  const bob = await hub.person({ script });
  await bob.signIn("bob");
  for (const text of HOSTILE.filter((text) => text.length < 300 && !/[\p{Cf}\p{Cc}]/u.test(text)).slice(0, script ? 12 : 5)) {
    await bob.page.goto("/account");
    await bob.field("About you").fill(text);
    await bob.press("Save the profile");
    assert.equal(await bob.field("About you").inputValue(), text);
    assert.equal(await bob.page.title(), "Account · RegardingWork Hub");
  }
  await bob.look({ path: "a strange profile" });
  // What the rules refuse comes back with the reason, and nothing typed is lost.
  await bob.field("Website").fill("javascript:alert(1)");
  await bob.page.locator("form[action='/account/profile']").evaluate((form) => (form.noValidate = true));
  await bob.press("Save the profile");
  assert.equal(await bob.field("Website").inputValue(), "javascript:alert(1)");
  assert.equal(await bob.field("Website").getAttribute("aria-invalid"), "true");
  await bob.look({ path: "a refused profile" });
});
