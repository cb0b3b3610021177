// The middlewares in contrib/verify, before the real binary: signed in passes, ended is refused within a second though it was remembered, and without the Hub nobody is let in.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { hubVerify } from "../../contrib/verify/express/hub-verify.mjs";
import { Hub, until } from "./harness.mjs";

const FLASK = fileURLToPath(new URL("../../contrib/verify/flask/", import.meta.url));
/** Where Flask is installed, once, in the versions of requirements.txt. */
const PACKAGES = fileURLToPath(new URL("../../target/tools/flask", import.meta.url));
/** What is promised. */
const SOON_MS = 1_000;

async function inhabited(t) {
  const hub = await Hub.start(t);
  hub.add("bob");
  const token = hub.run(["service", "add", "shop"]).trim();
  hub.secrets.add("the token of a service", token);
  return { hub, token };
}

/** What each middleware has to keep; `app` is the address of what it guards, `isReady` whether it remembers by now. */
async function holds(hub, app, isReady) {
  const ask = async (access) => {
    const headers = access ? { Authorization: `Bearer ${access}` } : {};
    const answer = await fetch(app, { headers });
    return { status: answer.status, body: await answer.json() };
  };
  const becomes = async (access, status) => {
    const since = Date.now();
    let answer = await ask(access);
    while (answer.status !== status) {
      assert.ok(Date.now() - since < SOON_MS, `still ${answer.status} after a second`);
      answer = await ask(access);
    }
    return answer;
  };
  await until("it remembers", isReady);
  const [bob, other] = [await hub.client("bob"), await hub.client("bob")];
  for (const { access } of [bob, other]) assert.deepEqual(await ask(access), { status: 200, body: { name: "bob" } });
  const asked = async () => (await hub.log()).split("/api/auth/validate").length - 1;
  assert.equal(await asked(), 2);
  assert.equal((await ask(bob.access)).status, 200);
  assert.equal(await asked(), 2, "it is remembered");
  assert.equal((await ask()).body.code, "authorization_required");
  assert.equal((await ask("nonsense")).body.code, "invalid_token");

  hub.run(["session", "revoke", bob.session]);
  assert.equal((await becomes(bob.access, 401)).body.code, "session_revoked");
  assert.equal((await ask(other.access)).status, 200);
  hub.run(["user", "disable", "bob"]);
  assert.equal((await becomes(other.access, 401)).body.code, "user_disabled");

  hub.run(["user", "enable", "bob"]);
  const last = await hub.client("bob");
  assert.equal((await ask(last.access)).status, 200);
  await hub.end();
  assert.equal((await becomes(last.access, 503)).body.code, "unavailable");
}

test("the one for Express", { timeout: 60_000 }, async (t) => {
  const { hub, token } = await inhabited(t);
  const verify = hubVerify({ hub: hub.origin, serviceToken: token });
  t.after(() => verify.close());
  // Express calls it with nothing else.
  const server = createServer((req, res) => verify(req, res, () => res.end(JSON.stringify({ name: req.user.username }))));
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  await holds(hub, `http://127.0.0.1:${server.address().port}/`, () => verify.isReady());
});

test("the one for Flask", { timeout: 120_000 }, async (t) => {
  if (!existsSync(PACKAGES)) {
    const words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", PACKAGES, "--requirement", `${FLASK}requirements.txt`];
    const installed = spawnSync("python3", words, { encoding: "utf8" });
    assert.equal(installed.status, 0, installed.stderr);
  }
  const { hub, token } = await inhabited(t);
  const environment = { ...process.env, PYTHONPATH: PACKAGES, PYTHONDONTWRITEBYTECODE: "1", HUB: hub.origin, HUB_SERVICE_TOKEN: token };
  const app = spawn("python3", [`${FLASK}example.py`], { env: environment, stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => app.kill());
  const address = await new Promise((resolve, reject) => {
    app.stdout.on("data", (text) => resolve(String(text).trim()));
    app.on("exit", (code) => reject(new Error(`the app ended with ${code}`)));
  });
  await holds(hub, `${address}/name`, async () => (await (await fetch(`${address}/health`)).json()).ready);
});
