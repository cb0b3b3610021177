// The browser client as an npm package: packed, installed into an empty project without a network, run there, and its types checked.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { stores } from "./client_stage.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TSC = join(ROOT, "tests/browser/node_modules/typescript/bin/tsc");
const NAME = "regardingwork-hub-client";
const METHODS = ["fetch", "makeAuthenticatedRequest", "accessToken", "login", "logout", "sessions", "revokeSession", "changePassword", "on"];
/** Longer than any of it takes on a slow machine. */
const PATIENCE_MS = 60_000;

const text = (path) => readFileSync(join(ROOT, path), "utf8");

/** Runs a program to its end; what it printed. */
async function run(cwd, command, words, environment = {}) {
  const child = spawn(command, words, { cwd, env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"], timeout: PATIENCE_MS });
  let printed = "";
  let complaint = "";
  child.stdout.on("data", (piece) => (printed += piece));
  child.stderr.on("data", (piece) => (complaint += piece));
  const code = await new Promise((ended) => child.on("close", ended));
  assert.equal(code, 0, `${command} ${words.join(" ")}:\n${printed}\n${complaint}`);
  return printed;
}

/** An empty project with the package in it, installed from its file alone. */
async function project(t) {
  const directory = mkdtempSync(join(tmpdir(), "hub-client-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const npm = { npm_config_cache: join(directory, "cache"), npm_config_offline: "true", npm_config_update_notifier: "false" };
  const [packed] = JSON.parse(await run(join(ROOT, "clients/js"), "npm", ["pack", "--json", "--pack-destination", directory], npm));
  const home = join(directory, "empty");
  mkdirSync(home);
  writeFileSync(join(home, "package.json"), '{ "name": "empty", "private": true, "type": "module" }');
  await run(home, "npm", ["install", "--no-audit", "--no-fund", join(directory, packed.filename)], npm);
  return { home, packed };
}

/** A Hub that has a user and never refuses a right password. */
async function fakeHub(t) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const access_token = `h.${part({ sid: "1", iat: now, exp: now + 60 })}.s`;
  const server = createServer((request, response) => {
    const signedIn = request.headers.authorization === `Bearer ${access_token}`;
    const login = request.url === "/api/auth/login";
    const body = login ? { access_token, refresh_token: `h.${part({ sid: "1", gen: 1 })}.s`, user: { username: "ann" } } : { signedIn };
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

test("the package is the files that the Hub serves, installs into an empty project and works there", { timeout: 120_000 }, async (t) => {
  const { home, packed } = await project(t);
  const files = packed.files.map(({ path }) => path).sort();
  assert.deepEqual(files, ["LICENSE", "README.md", "hub-client.d.ts", "hub-client.js", "package.json"]);
  const installed = (path) => readFileSync(join(home, "node_modules", NAME, path), "utf8");
  for (const file of ["hub-client.js", "hub-client.d.ts"]) {
    assert.equal(installed(file), text(`static/${file}`));
    assert.ok(!existsSync(join(ROOT, "clients/js", file)), `${file} has one place`);
  }
  const manifest = JSON.parse(installed("package.json"));
  assert.equal(manifest.version, /^version = "(.*)"$/m.exec(text("Cargo.toml"))[1]);
  assert.equal(manifest.dependencies, undefined);
  assert.deepEqual(Object.keys(manifest.scripts).sort(), ["postpack", "prepack"], "nothing runs at an installation");

  writeFileSync(
    join(home, "app.js"),
    `import { createHub, makeAuthenticatedRequest, stores } from "${NAME}";
    const hub = createHub({ url: process.argv[2] });
    const heard = [];
    hub.on("signedin", () => heard.push("signedin"));
    const user = await hub.login("ann", "right");
    const answer = await (await hub.fetch(process.argv[2] + "/things")).json();
    let withoutUrl;
    await makeAuthenticatedRequest("https://hub.example.com/").catch((error) => (withoutUrl = error.name));
    try { createHub() } catch (error) { withoutUrl ??= error.name }
    console.log(JSON.stringify({ user, answer, heard, methods: Object.keys(hub), stores: Object.keys(stores), withoutUrl }));`,
  );
  const printed = JSON.parse(await run(home, process.execPath, ["app.js", await fakeHub(t)]));
  assert.deepEqual(printed, {
    user: { username: "ann" },
    answer: { signedIn: true },
    heard: ["signedin"],
    methods: METHODS,
    stores: Object.keys(stores),
    withoutUrl: "TypeError",
  });

  await t.test("its types are those of what is there, and refuse what is not", async () => {
    writeFileSync(
      join(home, "app.ts"),
      `import { createHub, makeAuthenticatedRequest, stores } from "${NAME}";
      import type { Hub, HubError, Pair, Session, Store, User } from "${NAME}";
      const own: Store = { get: async () => null, set: async (pair: Pair) => void pair.access_token, remove() {} };
      const hub: Hub = createHub({ url: new URL("https://hub.example.com"), origins: new Set(["https://api.example.com"]), store: own });
      export const methods: Record<keyof Hub, true> = { ${METHODS.map((name) => `${name}: true`).join(", ")} };
      export const kept: Record<keyof typeof stores, () => Store> = { local: stores.local, session: stores.session, memory: stores.memory };
      const user: User = await hub.login("ann", "right");
      const [session]: Session[] = await hub.sessions();
      const token: string | null = await hub.accessToken();
      const off: () => boolean = hub.on("signedout", (reason) => reason?.startsWith("session"));
      hub.on("refreshed", (now) => now?.premium_tier === user.premium_tier && off());
      await hub.fetch("/x", { method: "POST", body: new FormData() }).catch((error: HubError) => error.retryAfter + error.status);
      const response: Response = await makeAuthenticatedRequest(new Request("https://hub.example.com/"), { headers: { a: token ?? "" } });
      await hub.revokeSession(session!.id).then(() => hub.changePassword("a", "b"));
      export const ended: boolean = await hub.logout();
      // @ts-expect-error: no such event
      hub.on("gone", () => response.ok);
      // @ts-expect-error: a store has three methods
      createHub({ store: { get: () => null } });
      // @ts-expect-error: a name and a password
      await hub.login("ann");
      // @ts-expect-error: no such option
      createHub({ prefix: "x" });`,
    );
    const options = { module: "nodenext", target: "es2022", lib: ["es2022", "dom", "dom.iterable"], types: [], strict: true, noEmit: true, skipDefaultLibCheck: true, exactOptionalPropertyTypes: true };
    writeFileSync(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["app.ts"] }));
    await run(home, process.execPath, [TSC, "--project", home]);
  });
});
