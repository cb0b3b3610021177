// Makes the pictures of README.md from `hub dev`, whose story anybody can see: HUBTEST_BINARY=target/release/hub node tests/browser/pictures/make.mjs
// With a directory behind it, they land there, and those for a narrow screen too.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { small } from "./small.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const BINARY = process.env.HUBTEST_BINARY ?? join(ROOT, "target/release/hub");
const CHROMIUM = process.env.HUBTEST_CHROMIUM ?? "/usr/bin/chromium";
const [directory = HERE] = process.argv.slice(2);
const WIDE = { width: 1280, height: 860 };
const NARROW = { width: 360, height: 860 };
const SIZES = directory === HERE ? [WIDE] : [WIDE, NARROW];
const SCHEMES = ["light", "dark"];
/** Longer than anything takes on a slow machine. */
const PATIENCE_MS = 60_000;
/** A picture of README.md has at most this many bytes. */
const MAX_BYTES = 80_000;

/** `hub dev` as it is without the sources; what it says of itself. */
async function served() {
  const server = spawn(BINARY, ["dev", "--bind", "127.0.0.1:0"], { cwd: "/", stdio: ["ignore", "pipe", "ignore"] });
  let greeting = "";
  const origin = await new Promise((resolve, reject) => {
    server.stdout.on("data", (text) => {
      greeting += text;
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(greeting);
      if (address) resolve(address[0]);
    });
    server.on("exit", (code) => reject(new Error(`hub dev ended with ${code}: ${greeting}`)));
    setTimeout(() => reject(new Error("hub dev does not begin")), PATIENCE_MS).unref();
  });
  return { server, origin };
}

/** Each picture's name, and how one comes to what it shows. */
const SCENES = [
  ["dashboard", (page) => page.goto("/admin")],
  ["sessions", (page) => page.goto("/admin/sessions?q=user:alice")],
  [
    "lineage",
    async (page) => {
      await page.goto("/admin/sessions?q=user:alice&status=reused");
      await page.locator("table.list tbody tr a[href^='/admin/sessions/']").first().click();
      await page.getByRole("heading", { name: "Lineage" }).waitFor();
    },
  ],
  ["reference", (page) => page.goto("/docs")],
];

const { server, origin } = await served();
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
try {
  for (const colorScheme of SCHEMES) {
    const context = await browser.newContext({ baseURL: origin, colorScheme, viewport: WIDE, reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.goto("/login");
    await page.getByLabel("Username", { exact: true }).fill("admin");
    await page.getByLabel("Password", { exact: true }).fill("admin");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Dashboard" }).waitFor();
    for (const [name, come] of SCENES) {
      await come(page);
      for (const size of SIZES) {
        await page.setViewportSize(size);
        const bytes = small(await page.screenshot());
        const file = `${name}${colorScheme === "dark" ? "-dark" : ""}${size === NARROW ? "-narrow" : ""}.png`;
        assert.ok(bytes.length <= MAX_BYTES, `${file} has ${bytes.length} bytes`);
        writeFileSync(join(directory, file), bytes);
        console.log(`${file}: ${bytes.length} bytes`);
      }
      await page.setViewportSize(WIDE);
    }
    await context.close();
  }
} finally {
  await browser.close();
  server.kill("SIGTERM");
}
