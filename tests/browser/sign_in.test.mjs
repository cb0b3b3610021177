// Getting in and out: setup, sign-in, the second factor, sign-out; also by the keyboard alone.

import assert from "node:assert/strict";
import { Hub, PASSWORD, both, digits } from "./harness.mjs";

both("the setup link makes the first administrator, once", async (script, t) => {
  const hub = await Hub.start(t);
  const first = await hub.person({ script });
  await first.visit(hub.setupLink, { name: "setup" });
  await first.field("Username").fill("ann");
  await first.field("Email").fill("ann@example.com");
  await first.field("Password").fill(PASSWORD);
  await first.field("The same password again").fill("another horse 8");
  await first.press("Make the administrator");
  // What was wrong stands on top and at its field; what was typed is still there, but no password.
  await first.look({ path: "setup with an error" });
  assert.equal(await first.field("Username").inputValue(), "ann");
  assert.equal(await first.field("Password").inputValue(), "");
  assert.equal(await first.page.locator("[aria-invalid=true]").count(), 1);
  await first.field("Password").fill(PASSWORD);
  await first.field("The same password again").fill(PASSWORD);
  await first.press("Make the administrator");
  assert.equal(first.path, "/setup/done");
  await first.look({ name: "setup-done" });
  const second = await hub.person({ script });
  await second.visit(hub.setupLink, { status: 404, name: "setup-used" });
});

both("people sign in with a password and sign out again", async (script, t) => {
  const hub = await Hub.start(t);
  hub.add("ann", "SUPERADMIN");
  hub.add("bob");
  const bob = await hub.person({ script });
  await bob.visit("/login");
  await bob.field("Username").fill("bob");
  await bob.field("Password").fill("wrong horse 7");
  await bob.press("Sign in");
  await bob.look({ path: "a wrong password" });
  assert.match(await bob.text(), /do not belong together/);
  assert.equal(await bob.field("Username").inputValue(), "bob");
  await bob.field("Password").fill(PASSWORD);
  await bob.press("Sign in");
  assert.equal(bob.url.pathname, "/account");
  const frame = bob.page.locator("header");
  await bob.press("Sign out", frame);
  assert.equal(bob.url.pathname, "/login");
  await bob.page.goto("/account");
  assert.equal(decodeURIComponent(bob.path), "/login?next=/account");
});

both("the keyboard is enough to sign in and out", async (script, t) => {
  const hub = await Hub.start(t);
  hub.add("bob");
  const bob = await hub.person({ script });
  const { page } = bob;
  const { keyboard } = page;
  await page.goto("/login");
  // The name's field has the focus from the start.
  await keyboard.type("bob");
  await keyboard.press("Tab");
  await keyboard.type(PASSWORD);
  await Promise.all([page.waitForEvent("load"), keyboard.press("Enter")]);
  assert.equal(bob.url.pathname, "/account");
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: element } = document;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return { words: element.textContent.trim(), ring: outlineStyle !== "none" && outlineWidth !== "0px" };
    });
  await keyboard.press("Tab");
  assert.deepEqual(await focused(), { words: "Skip to content", ring: true });
  for (let steps = 0; steps < 20; steps += 1) {
    await keyboard.press("Tab");
    const { words, ring } = await focused();
    assert.ok(ring, `no ring around ${words}`);
    if (words === "Sign out") break;
  }
  await Promise.all([page.waitForEvent("load"), keyboard.press("Enter")]);
  assert.equal(bob.url.pathname, "/login");
});

both("a second factor is added, and asked for at every sign-in from then on", async (script, t) => {
  const hub = await Hub.start(t);
  hub.add("ann", "SUPERADMIN");
  const ann = await hub.person({ script });
  await ann.signIn("ann");
  await ann.visit("/account");
  await ann.follow("Add a second factor");
  await ann.look();
  if ((await ann.field("Your password").count()) > 0) await ann.field("Your password").fill(PASSWORD);
  await ann.press("Show the picture");
  await ann.look({ name: "second-factor-picture" });
  const secret = await ann.page.locator(".code code").innerText();
  await ann.field("Code").fill("000000");
  await ann.press("Turn the second factor on");
  await ann.look({ path: "a wrong first code" });
  const again = (await ann.page.locator(".code code").count()) > 0 ? await ann.page.locator(".code code").innerText() : secret;
  await ann.field("Code").fill(digits(again));
  await ann.press("Turn the second factor on");
  await ann.look({ name: "recovery-codes" });
  const codes = await ann.page.locator(".codes li").allInnerTexts();
  assert.equal(codes.length, 10);
  await ann.press("Sign out", ann.page.locator("header"));

  await ann.signIn("ann");
  assert.equal(ann.url.pathname, "/login/second-factor");
  await ann.look({ name: "second-factor-asked" });
  await ann.field("Code").fill("000000");
  await ann.press("Go on");
  await ann.look({ path: "a wrong code" });
  assert.equal(ann.url.pathname, "/login/second-factor");
  // The first code was of this step or the one before: a step counts once.
  await ann.field("Code").fill(digits(again, 1));
  await ann.press("Go on");
  await ann.visit("/account/second-factor");
  await ann.visit("/account/second-factor/recovery-codes");
  await ann.visit("/account/second-factor/remove");
  await ann.press("Sign out", ann.page.locator("header"));

  for (const [code, lets] of [[codes[0], true], [codes[0], false], [codes[1], true]]) {
    const other = await hub.person({ script });
    await other.signIn("ann");
    await other.field("Code").fill(code);
    await other.press("Go on");
    assert.equal(other.url.pathname !== "/login/second-factor", lets, code);
  }
});
