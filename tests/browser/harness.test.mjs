// The harness sees what it is there to see.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Hub } from "./harness.mjs";

const CSP = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'";

/** A page with something wrong in it, as if the Hub had served it. */
async function bad(t, body, headers = {}) {
  const hub = await Hub.start(t);
  const person = await hub.person();
  await person.context.route("**/bad", (route) =>
    route.fulfill({
      contentType: "text/html; charset=utf-8",
      headers,
      body: `<!doctype html><html lang="en"><head><title>Bad</title><link rel="icon" href="data:,"></head><body><main><h1>Bad</h1>${body}</main></body></html>`,
    }),
  );
  await person.page.goto("/bad", { waitUntil: "networkidle" });
  return person;
}

for (const [what, body, told] of [
  ["a field without a label", "<input>", /label/],
  ["words that are hard to read", '<p><font color="#eeeeee">pale</font></p>', /color-contrast/],
  ["a style in the page", '<p style="color: red">red</p>', /no inline code/],
  ["a second heading of the first rank", "<h1>Again</h1>", /one h1/],
  ["a page that is too wide", '<img alt="" width="400" height="1" src="/static/x">', /px wide/],
  ["a page that is too long", `<p>${"long ".repeat(10_001)}</p>`, /bytes/],
]) {
  test(`${what} is seen`, async (t) => {
    const person = await bad(t, body);
    await assert.rejects(() => person.look(), told);
    person.faults.length = 0;
  });
}

for (const [what, body, headers, told] of [
  ["a request to elsewhere", '<img alt="" src="http://127.0.0.1:9/x">', {}, /a request to http:\/\/127\.0\.0\.1:9/],
  ["content that the policy refuses", "<script>1</script>", { "Content-Security-Policy": CSP }, /Content Security Policy/],
  ["an error of a script", '<script src="data:text/javascript,missing()"></script>', {}, /missing is not defined/],
]) {
  test(`${what} is seen`, async (t) => {
    const person = await bad(t, body, headers);
    assert.match(person.faults.join("\n"), told);
    person.faults.length = 0;
  });
}
