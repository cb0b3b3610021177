// The list of sessions: find exactly the right ones, and end them.

import assert from "node:assert/strict";
import { Hub, both, until } from "./harness.mjs";

const HOME = "203.0.113.7";
/** More than one batch. */
const MANY = 250;
const CAFE = "198.51.100.23";

/** A Hub with an administrator, and two people with clients at two places. */
async function inhabited(t, script) {
  const hub = await Hub.start(t);
  hub.add("ann", "ADMIN");
  hub.add("bob");
  hub.add("cat");
  const clients = { home: [], cafe: [] };
  for (const name of ["bob", "cat"]) {
    for (let number = 0; number < 3; number += 1) {
      clients.home.push(await hub.client(name, { address: HOME }));
      clients.cafe.push(await hub.client(name, { address: CAFE }));
    }
  }
  const ann = await hub.person({ script });
  await ann.signIn("ann");
  await ann.visit("/admin/sessions");
  return { hub, ann, clients };
}

async function search(person, words) {
  await person.page.getByRole("searchbox").fill(words);
  await person.press("Search");
}

const rows = (person) => person.page.locator("table.list tbody tr");

/** The code that each client's next refresh is refused with; undefined where it is not. */
const codes = async (clients) => Promise.all(clients.map(async (client) => (await client.refresh()).body.code));

both("a session is found by its address, ended, and its client's next refresh fails", async (script, t) => {
  const { ann, clients } = await inhabited(t, script);
  await search(ann, `ip:${CAFE} user:bob`);
  await ann.look({ name: "sessions-search" });
  assert.equal(await rows(ann).count(), 3);
  // The state of the list lives in its address.
  await ann.page.reload();
  assert.equal(await rows(ann).count(), 3);
  const mine = clients.cafe.filter((client) => client.name === "bob");
  const target = mine[0];
  await Promise.all([ann.page.waitForEvent("load"), ann.page.locator(`a[href="/admin/sessions/${target.session}"]`).first().click()]);
  await ann.follow("End this session");
  await ann.press("End this session");
  assert.deepEqual(await codes(mine), ["session_revoked", undefined, undefined]);
});

both("the ticked are ended and no others", async (script, t) => {
  const { ann, clients } = await inhabited(t, script);
  const [first, second] = clients.home;
  for (const client of [first, second]) await ann.page.locator(`input[name=id][value="${client.session}"]`).check();
  await ann.press(/Revoke the ticked/);
  await ann.prove();
  await confirm(ann, 2);
  const told = await codes(clients.home);
  assert.deepEqual(told, ["session_revoked", "session_revoked", ...Array(4).fill(undefined)]);
  assert.deepEqual(new Set(await codes(clients.cafe)), new Set([undefined]));
});

both("all that match a filter are ended and no others", async (script, t) => {
  const { ann, clients } = await inhabited(t, script);
  await search(ann, `ip:${CAFE}`);
  await ann.press(/Revoke all that match/);
  await ann.prove();
  await confirm(ann, 6);
  assert.deepEqual(new Set(await codes(clients.cafe)), new Set(["session_revoked"]));
  assert.deepEqual(new Set(await codes(clients.home)), new Set([undefined]));
  // The one who acted is still signed in.
  await ann.visit("/admin/sessions");
});

both("everything is ended but one's own session, after a word typed", async (script, t) => {
  const { ann, clients } = await inhabited(t, script);
  await ann.press(/Revoke everything/);
  await ann.prove();
  await ann.look({ name: "sessions-revoke-everything" });
  const word = ann.page.locator("main form input[type=text]").last();
  await ann.page.locator("main form").last().evaluate((form) => (form.noValidate = true));
  await word.fill("no");
  await ann.press(/^(End|Revoke)/, ann.page.locator("main form").last());
  await ann.look({ path: "the wrong word" });
  assert.deepEqual(new Set(await codes(clients.home)), new Set([undefined]));
  const wanted = /[Tt]ype (\S+)/.exec(await ann.text())[1].replace(/[^a-z]/gi, "");
  await ann.page.locator("main form input[type=text]").last().fill(wanted);
  await ann.press(/^(End|Revoke)/, ann.page.locator("main form").last());
  await done(ann);
  assert.deepEqual(new Set(await codes([...clients.home, ...clients.cafe])), new Set(["session_revoked"]));
  await ann.visit("/admin/sessions");
});

both("many are ended in batches, and a page tells how far it is", async (script, t) => {
  const hub = await Hub.start(t);
  hub.add("ann", "ADMIN");
  hub.add("bob");
  const clients = [];
  for (let number = 0; number < MANY; number += 1) clients.push(await hub.client("bob", { address: CAFE }));
  const spared = await hub.client("bob", { address: HOME });
  const ann = await hub.person({ script });
  await ann.signIn("ann");
  await ann.visit(`/admin/sessions?q=ip:${CAFE}`);
  await ann.press(/Revoke all that match/);
  await ann.prove();
  await ann.press(/^Revoke/, ann.page.locator("main form").last());
  assert.match(ann.url.pathname, /^\/admin\/sessions\/revoke\//);
  await done(ann);
  assert.deepEqual(new Set(await codes(clients)), new Set(["session_revoked"]));
  assert.equal((await spared.refresh()).status, 200);
});

/** Reads the confirm page, which names the count, and goes on. */
async function confirm(person, count) {
  await person.look({ name: `sessions-revoke-${count}` });
  assert.match(await person.page.locator("h1").innerText(), new RegExp(`\\b${count}\\b`));
  await person.press(/^(End|Revoke)/, person.page.locator("main form").last());
  await done(person);
}

/** A few are ended at once; of many there is a page of progress, which looks again by itself where there is script. */
async function done(person) {
  if (person.url.pathname === "/admin/sessions") {
    await person.look({ path: "sessions are revoked" });
    assert.match(await person.note(), /revoked/);
    return;
  }
  await person.look({ name: "sessions-revoke-progress" });
  await until("the revoking is done", async () => {
    if ((await person.page.locator("h1").innerText()).startsWith("Revoked")) return true;
    if (!person.script) await person.follow("Look again").catch(() => undefined);
    return false;
  });
  await person.look({ name: "sessions-revoke-done" });
}
