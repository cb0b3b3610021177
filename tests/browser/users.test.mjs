// Users: found, added, disabled, given another role, deleted; what each act does to their clients.

import assert from "node:assert/strict";
import { Hub, PASSWORD, both } from "./harness.mjs";

async function inhabited(t, script) {
  const hub = await Hub.start(t);
  hub.add("ann", "SUPERADMIN");
  hub.add("bob");
  const client = await hub.client("bob");
  const ann = await hub.person({ script });
  await ann.signIn("ann");
  return { hub, ann, client };
}

/** Opens an act's page from a user's page and does it; `fill` types what it asks for. */
async function act(person, link, button, fill = async () => {}) {
  await person.follow(link);
  await person.prove();
  await person.look();
  await fill();
  await person.press(button, person.page.locator("main form").last());
  await person.look({ path: `${link} is done` });
}

both("a disabled user is out at once, and may come back when enabled", async (script, t) => {
  const { hub, ann, client } = await inhabited(t, script);
  await ann.visit("/admin/users");
  await ann.follow("bob", ann.page.locator("tbody"));
  await ann.look({ name: "user" });
  await act(ann, /^Disable/, /^Disable/);
  assert.ok((await ann.text()).includes("Disabled"));
  assert.equal((await client.refresh()).status, 401);
  const bob = await hub.person({ script });
  await bob.signIn("bob");
  assert.equal(bob.url.pathname, "/login");
  assert.match(await bob.text(), /disabled/);
  await act(ann, /^Enable/, /^Enable/);
  await bob.signIn("bob");
  assert.equal(bob.url.pathname, "/account");
  // What had been ended stays ended.
  assert.equal((await client.refresh()).status, 401);
});

both("a user is added, raised, given a password, signed out and deleted", async (script, t) => {
  const { hub, ann } = await inhabited(t, script);
  await ann.visit("/admin/users");
  await ann.follow("Add a user");
  await ann.prove();
  await ann.look({ name: "user-new" });
  await ann.field("Username").fill("cat");
  await ann.field("Email").fill("not an address");
  await ann.page.locator("main form").last().evaluate((form) => (form.noValidate = true));
  for (const field of await ann.page.locator("main input[type=password]").all()) await field.fill(PASSWORD);
  await ann.press(/^(Add|Make)/, ann.page.locator("main form").last());
  await ann.look({ path: "a user with a wrong address" });
  assert.equal(await ann.field("Username").inputValue(), "cat");
  await ann.field("Email").fill("cat@example.com");
  for (const field of await ann.page.locator("main input[type=password]").all()) await field.fill(PASSWORD);
  await ann.press(/^(Add|Make)/, ann.page.locator("main form").last());
  if (ann.url.pathname === "/admin/users") await ann.follow("cat", ann.page.locator("tbody"));
  await ann.look({ name: "user-added" });
  const client = await hub.client("cat");
  await act(ann, /^Sign out/, /^Sign out/);
  assert.equal((await client.refresh()).body.code, "session_revoked");
  await act(ann, /role/i, /role|Change|Save/i, () => ann.page.locator("main form select").last().selectOption("ADMIN"));
  assert.ok((await ann.text()).includes("ADMIN"));
  await act(ann, /^Delete/, /^Delete/, () => ann.field("Their name, to go on").fill("cat"));
  await ann.visit("/admin/users");
  assert.equal(await ann.page.locator("tbody tr").count(), 2);
});

both("a user is not deleted where another name was typed", async (script, t) => {
  const { ann, client } = await inhabited(t, script);
  await ann.visit("/admin/users");
  await ann.follow("bob", ann.page.locator("tbody"));
  await act(ann, /^Delete/, /^Delete/, () => ann.field("Their name, to go on").fill("ann"));
  assert.equal(await ann.page.locator("[aria-invalid=true]").count(), 1);
  assert.equal((await client.refresh()).status, 200);
});
