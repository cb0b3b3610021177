// A Hub that speaks TLS itself, in a browser.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hub, PASSWORD, both } from "./harness.mjs";

/** A certificate for this machine, made by openssl: the settings that name it. */
function certificate(t) {
  const directory = mkdtempSync(join(tmpdir(), "hub-tls-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  const words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=hub";
  const done = spawnSync("openssl", [...words.split(" "), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert]);
  assert.equal(done.status, 0, String(done.stderr));
  return { HUB_TLS__CERT: cert, HUB_TLS__KEY: key };
}

both("people sign in over TLS and get cookies that never leave it", async (script, t) => {
  const hub = await Hub.start(t, certificate(t));
  assert.match(hub.origin, /^https:/);
  hub.add("bob");
  const bob = await hub.person({ script });
  const answer = await bob.visit("/login");
  assert.match(answer.headers()["strict-transport-security"], /^max-age=63072000/);
  const security = await answer.securityDetails();
  assert.equal(security.protocol, "TLS 1.3");
  await bob.field("Username").fill("bob");
  await bob.field("Password").fill(PASSWORD);
  await bob.press("Sign in");
  assert.equal(bob.url.pathname, "/account");
  const cookies = await bob.context.cookies();
  assert.ok(cookies.length > 0);
  for (const { name, secure, path, domain } of cookies) {
    assert.deepEqual([name.startsWith("__Host-"), secure, path, domain], [true, true, "/", "127.0.0.1"], name);
  }
});
