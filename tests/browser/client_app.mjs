// An app of another origin whose pages import the browser client from the Hub, in as many tabs as a person has.

import { createServer } from "node:http";
import { Hub, until } from "./harness.mjs";

const PAGE = `<!doctype html><html lang=en><title>App</title><link rel=icon href=data:,><h1>App</h1><script type=module src=/app.js></script>`;
const DAY_SECONDS = 90_000;

/** A server of pages; `files` by their paths. Notes what is asked of it, leads on to where `?to=` says, and refuses every other call of `/things`. */
export async function serve(t, files = {}) {
  const asked = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://127.0.0.1");
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    asked.push({ path: pathname, method: request.method, token: request.headers.authorization, body: Buffer.concat(pieces) });
    if (pathname === "/things" && asked.filter(({ path }) => path === pathname).length % 2) response.statusCode = 401;
    response.setHeader("Access-Control-Allow-Origin", request.headers.origin ?? "*");
    response.setHeader("Access-Control-Allow-Headers", "Authorization, Content-Type");
    const to = searchParams.get("to");
    if (to && request.method !== "OPTIONS") return response.writeHead(302, { Location: to }).end();
    const file = files[pathname];
    response.setHeader("Content-Type", file === undefined ? "application/json" : pathname.endsWith(".js") ? "text/javascript" : "text/html; charset=utf-8");
    response.end(file ?? "{}");
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  return { origin: `http://127.0.0.1:${server.address().port}`, files, asked };
}

/** A Hub, an app whose pages have `hub`, and a person with so many tabs there; nobody is signed in. */
export async function stage(t, { tabs, settings = {} }) {
  const app = await serve(t, { "/": PAGE, "/login": PAGE });
  const hub = await Hub.start(t, { HUB_CORS_ORIGINS: app.origin, ...settings });
  app.files["/app.js"] = `import * as client from "${hub.origin}/static/hub-client.js";
    Object.assign(window, client, { told: [], hub: client.createHub() });
    for (const type of ["signedin", "signedout", "refreshed"]) hub.on(type, (detail) => told.push([type, detail]));
    window.ready = true;`;
  hub.add("bob");
  const person = await hub.person({ guarded: false });
  const pages = [person.page, ...(await Promise.all(Array.from({ length: tabs - 1 }, () => person.tab())))];
  await Promise.all(pages.map((page) => open(page, app.origin)));
  return { app, hub, person, pages, context: person.context, me: `${hub.origin}/api/auth/me` };
}

export async function open(page, url) {
  await page.goto(url);
  await page.waitForFunction(() => window.ready);
}

const put = (page, access, refresh) =>
  page.evaluate(([access, refresh]) => {
    localStorage.refresh_token = refresh;
    localStorage.access_token = access;
  }, [access, refresh]);

/** A new session, that all tabs know of and have told nothing about. */
export async function signedIn({ hub, pages }) {
  const client = await hub.client("bob");
  await put(pages[0], client.access, client.refreshToken);
  await Promise.all(pages.map(async (page) => {
    await until("the tab knows the session", () => page.evaluate((access) => hub.accessToken().then((token) => token === access), client.access));
    await page.evaluate(() => void (window.told.length = 0));
  }));
  return client;
}

/** The day after: the access token in the storage says that it has expired. Pages look at what it says, and do not send it. */
export async function dayAfter({ pages }) {
  const [access, refresh] = await stored(pages[0]);
  const [head, body, signature] = access.split(".");
  const says = JSON.parse(Buffer.from(body, "base64url"));
  says.iat -= DAY_SECONDS;
  says.exp -= DAY_SECONDS;
  const old = `${head}.${Buffer.from(JSON.stringify(says)).toString("base64url")}.${signature}`;
  await put(pages[0], old, refresh);
  await Promise.all(pages.map((page) => until("the tab sees the old token", () => page.evaluate((old) => localStorage.access_token === old, old))));
}

/** Calls `hub.fetch` in a tab: the status, or the name of what it rejected with. */
export const status = (page, url, init) =>
  page.evaluate(([url, init]) => hub.fetch(url, init).then((response) => response.status, (error) => error.name), [url, init]);

export const told = (page) => page.evaluate(() => window.told);
export const stored = (page) => page.evaluate(() => [localStorage.getItem("access_token"), localStorage.getItem("refresh_token")]);

/** How often the session of the tabs was renewed, as the Hub counts. */
export async function rotations({ hub, pages }) {
  const [access] = await stored(pages[0]);
  const { body } = await hub.call("GET", "/api/auth/sessions", { token: access });
  return body.sessions.find(({ current }) => current).rotations;
}
