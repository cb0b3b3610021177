// Lets requests through whose access token the Hub calls good, for Express and whatever else calls `(req, res, next)`. Node 20 or later, no dependency.
//
//   const verify = hubVerify({ hub: "http://127.0.0.1:8000", serviceToken: process.env.HUB_SERVICE_TOKEN });
//   app.use("/api", verify);        // then req.user is the user as /api/auth/validate shows them
//   server.on("close", () => verify.close());
//
// Answers are remembered for a minute at most, never past the token's end, and only while the feed of revocations is open and has told everything: so
// what ended is refused within a second, and when the feed breaks off every request is asked for. When the Hub cannot be asked, nobody is let in (503).

import { createHash } from "node:crypto";

/** The longest that an answer is remembered. */
const LONGEST_MS = 60_000;
/** Answers remembered at once; beyond that the oldest goes. */
const MOST_ANSWERS = 10_000;
/** The Hub says something every 15 s: after so long without a word the feed is dead, whatever the network says. */
const SILENCE_MS = 40_000;
/** How long the Hub may take to answer. */
const PATIENCE_MS = 5_000;
/** Between two tries to open the feed. */
const RETRY_MS = 1_000;

export function hubVerify({ hub, serviceToken }) {
  const at = (path) => new URL(path, hub);
  const remembered = new Map(); // SHA-256 of the token: { user, sid, until }
  const closed = new AbortController();
  let ready = false; // the feed is open, and all that was missed is told
  let told = 0; // events so far: an answer that one of them overtook is not remembered
  let lastId = "";

  function forget(matches) {
    for (const [key, answer] of remembered) if (matches(answer)) remembered.delete(key);
  }

  function hear({ id, event, data }) {
    told += 1;
    if (id) lastId = id;
    if (event === "session") forget((answer) => answer.sid === data.sid);
    else if (event === "user") forget((answer) => answer.user.id === data.user_id);
    else if (event === "ready") ready = true;
    else remembered.clear(); // reset, or what a later Hub may say
  }

  async function listen() {
    const connection = new AbortController();
    const end = () => connection.abort();
    closed.signal.addEventListener("abort", end);
    let silence = setTimeout(end, SILENCE_MS);
    try {
      const headers = { Authorization: `Bearer ${serviceToken}`, Accept: "text/event-stream" };
      if (lastId) headers["Last-Event-ID"] = lastId;
      const response = await fetch(at("/api/auth/revocations"), { headers, redirect: "error", signal: connection.signal });
      if (!response.ok) throw new Error(`the Hub answers ${response.status} to the feed's token`);
      let rest = "";
      for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
        clearTimeout(silence);
        silence = setTimeout(end, SILENCE_MS);
        const blocks = (rest + text).split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) {
          const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: ?(.*)/s, 2)));
          if (fields.data) hear({ ...fields, data: JSON.parse(fields.data) });
        }
      }
    } finally {
      clearTimeout(silence);
      closed.signal.removeEventListener("abort", end);
      end();
      // From here on something may end unheard.
      ready = false;
      told += 1;
      remembered.clear();
    }
  }

  (async () => {
    while (!closed.signal.aborted) {
      await listen().catch((error) => closed.signal.aborted || console.warn(`hub-verify: no feed, every request is asked for: ${error.message}`));
      if (!closed.signal.aborted) await new Promise((resume) => setTimeout(resume, RETRY_MS).unref());
    }
  })();

  async function ask(token) {
    const before = told;
    const headers = { Authorization: `Bearer ${token}` };
    const response = await fetch(at("/api/auth/validate"), { headers, redirect: "error", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (response.status === 401) return { refusal: await response.json() };
    const body = response.status === 200 ? await response.json() : {};
    if (body.valid !== true) throw new Error(`the Hub answers ${response.status}`);
    const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
    const answer = { user: body.user, sid: claims.sid, until: Math.min(Date.now() + LONGEST_MS, body.expires_at * 1000) };
    if (ready && told === before) {
      if (remembered.size >= MOST_ANSWERS) remembered.delete(remembered.keys().next().value);
      remembered.set(keyOf(token), answer);
    }
    return answer;
  }

  function recall(token) {
    const answer = ready ? remembered.get(keyOf(token)) : undefined;
    return answer && Date.now() < answer.until ? answer : undefined;
  }

  async function verify(req, res, next) {
    const token = /^bearer +(\S+) *$/i.exec(req.headers.authorization ?? "")?.[1];
    if (!token) return refuse(res, 401, { error: "Authorization header required", code: "authorization_required" });
    let answer;
    try {
      answer = recall(token) ?? (await ask(token));
    } catch {
      return refuse(res, 503, { error: "Service temporarily unavailable", code: "unavailable" });
    }
    if (answer.refusal) return refuse(res, 401, { error: answer.refusal.error, code: answer.refusal.code });
    req.user = answer.user;
    next();
  }

  verify.close = () => closed.abort();
  /** Whether answers are remembered now: for health checks. */
  verify.isReady = () => ready;
  return verify;
}

function keyOf(token) {
  return createHash("sha256").update(token).digest("base64");
}

function refuse(res, status, body) {
  res.statusCode = status;
  res.setHeader("Content-Type", "application/json; charset=utf-8");
  res.setHeader("Cache-Control", "no-store");
  res.end(JSON.stringify(body));
}
