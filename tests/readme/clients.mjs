// The README's two browser clients against a real server: the function as printed, and the module that the server serves. `GIVEN` names a
// file with the server's address, the printed code, and sessions whose access tokens have expired.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const { url: hub, simple, sessions } = JSON.parse(readFileSync(process.env.GIVEN, 'utf8'));
const refreshUrl = `${hub}/api/auth/refresh`;
const me = `${hub}/api/auth/me`;
// The real one, whatever a test puts in its place.
const { fetch } = globalThis;
const module = await (await fetch(`${hub}/static/hub-client.js`)).text();
const { createHub } = await import(`data:text/javascript,${encodeURIComponent(module)}`);

// What the tabs of one browser share.
class Browser {
  constructor({ locks = true } = {}) {
    this.session = sessions.pop();
    assert.ok(this.session, 'a session is left for this test');
    this.stored = new Map([['access_token', this.session.expired], ['refresh_token', this.session.refresh]]);
    this.locks = locks ? new Locks() : undefined;
    this.refreshes = 0;
    this.answered = []; // the refresh tokens of all answers
    this.beforeRefresh = async () => {}; // may answer in the Hub's place, or throw
    this.afterRefresh = async () => {};
  }

  storage() {
    return {
      getItem: (name) => this.stored.get(name) ?? null,
      setItem: (name, value) => { this.stored.set(name, String(value)); },
      removeItem: (name) => { this.stored.delete(name); },
    };
  }

  fetch = async (address, options) => {
    if ((address.url ?? String(address)) !== refreshUrl) return fetch(address, options);
    this.refreshes += 1;
    const instead = await this.beforeRefresh();
    if (instead) return instead;
    const answer = await fetch(address, options);
    if (answer.ok) this.answered.push((await answer.clone().json()).refresh_token);
    await this.afterRefresh();
    return answer;
  };

  // A page with its own copy of the code.
  tab(code, name) {
    const window = { location: { href: '/app' } };
    const make = new Function('localStorage', 'window', 'navigator', 'fetch', `${code}\nreturn ${name};`);
    return { window, request: make(this.storage(), window, { locks: this.locks }, this.fetch) };
  }

  simpleTab() { return this.tab(simple, 'makeAuthenticatedRequest'); }

  // A page that has imported the module, in which the network and the locks are those of this browser.
  moduleTab(t) {
    t.mock.method(globalThis, 'fetch', this.fetch);
    Object.defineProperty(globalThis, 'navigator', { value: { locks: this.locks }, configurable: true });
    const names = ['access_token', 'refresh_token'];
    const store = {
      get: () => Object.fromEntries(names.map((name) => [name, this.stored.get(name)])),
      set: (pair) => names.forEach((name) => this.stored.set(name, pair[name])),
      remove: () => this.stored.clear(),
    };
    const tab = createHub({ url: hub, store });
    const reasons = [];
    tab.on('signedout', (reason) => reasons.push(reason));
    return { request: tab.fetch, reasons };
  }

  async revoke() {
    const answer = await fetch(`${hub}/api/auth/logout`, { method: 'POST', headers: { Authorization: `Bearer ${this.session.live}` } });
    assert.equal(answer.status, 200);
  }

  async assertAlive(refresh_token = this.stored.get('refresh_token')) {
    const answer = await fetch(refreshUrl, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ refresh_token }),
    });
    assert.equal(answer.status, 200, 'the refresh token still works');
  }

  // The last generation that was answered, in whatever order the answers came.
  newest() {
    const generation = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).gen;
    return this.answered.reduce((one, other) => (generation(other) > generation(one) ? other : one));
  }

  assertRenewed() {
    assert.notEqual(this.stored.get('access_token'), this.session.expired);
    assert.notEqual(this.stored.get('refresh_token'), this.session.refresh);
  }

  assertUntouched() {
    assert.equal(this.stored.get('access_token'), this.session.expired);
    assert.equal(this.stored.get('refresh_token'), this.session.refresh);
  }
}

// As navigator.locks: whoever holds a name makes the others wait.
class Locks {
  last = Promise.resolve();
  request(_name, _options, work) {
    const mine = this.last.then(() => work());
    this.last = mine.catch(() => {});
    return mine;
  }
}

const refusal = (status) => new Response('{"error":"Service temporarily unavailable","code":"unavailable"}', {
  status,
  headers: { 'Content-Type': 'application/json', 'Retry-After': '1' },
});
const six = (make) => Promise.all(Array.from({ length: 6 }, make));

test('the expired token is expired, and nothing else is wrong with it', async () => {
  const { session } = new Browser();
  const answer = await fetch(me, { headers: { Authorization: `Bearer ${session.expired}` } });
  assert.equal(answer.status, 401);
  assert.equal((await answer.json()).code, 'token_expired');
});

test('simple: an expired access token is renewed and the call made again', async () => {
  const browser = new Browser();
  const { request, window } = browser.simpleTab();
  const response = await request(me);
  assert.equal(response.status, 200);
  assert.equal((await response.json()).user.username, 'johndoe123');
  browser.assertRenewed();
  assert.equal(browser.refreshes, 1);
  assert.equal(window.location.href, '/app');
});

test('simple: six calls at once all succeed and leave one living session', async () => {
  const browser = new Browser();
  const { request, window } = browser.simpleTab();
  const responses = await six(() => request(me));
  assert.equal(browser.refreshes, 6);
  assert.deepEqual(responses.map((response) => response.status), Array(6).fill(200));
  assert.equal(window.location.href, '/app');
  await browser.assertAlive(browser.newest());
});

test('simple: six tabs at once all succeed, and none is sent to the login page', async () => {
  const browser = new Browser();
  const tabs = Array.from({ length: 6 }, () => browser.simpleTab());
  const responses = await Promise.all(tabs.map(({ request }) => request(me)));
  assert.deepEqual(responses.map((response) => response.status), Array(6).fill(200));
  assert.deepEqual(tabs.map(({ window }) => window.location.href), Array(6).fill('/app'));
  await browser.assertAlive(browser.newest());
});

test('simple: six refreshes at the same moment get the same pair', async () => {
  const browser = new Browser();
  const { request, window } = browser.simpleTab();
  // Nobody refreshes before all six hold the same token.
  let waiting = 0;
  let release;
  const all = new Promise((resolve) => { release = resolve; });
  browser.beforeRefresh = async () => {
    waiting += 1;
    if (waiting === 6) release();
    await all;
  };
  const responses = await six(() => request(me));
  assert.deepEqual(responses.map((response) => response.status), Array(6).fill(200));
  assert.equal(new Set(browser.answered).size, 1);
  assert.equal(window.location.href, '/app');
  await browser.assertAlive();
});

test('simple: a call two renewals late gets the present pair', async () => {
  const browser = new Browser();
  const late = browser.simpleTab();
  let release;
  const renewedTwice = new Promise((resolve) => { release = resolve; });
  let first;
  const held = new Promise((resolve) => { first = resolve; });
  browser.beforeRefresh = async () => { first(); await renewedTwice; };
  const answer = late.request(me);
  await held;
  browser.beforeRefresh = async () => {};
  for (let renewal = 0; renewal < 2; renewal += 1) {
    browser.stored.set('access_token', browser.session.expired);
    assert.equal((await browser.simpleTab().request(me)).status, 200);
  }
  release();
  assert.equal((await answer).status, 200);
  assert.equal(late.window.location.href, '/app');
  assert.equal(browser.answered.length, 3);
  assert.equal(browser.answered[2], browser.answered[1]);
  await browser.assertAlive();
});

test('simple: an ended session leads to the login page', async () => {
  const browser = new Browser();
  await browser.revoke();
  const { request, window } = browser.simpleTab();
  assert.equal(await request(me), undefined);
  assert.equal(window.location.href, '/login');
});

test('simple: a busy Hub leads to the login page, as the README admits', async () => {
  const browser = new Browser();
  browser.beforeRefresh = async () => refusal(503);
  const { request, window } = browser.simpleTab();
  await request(me);
  assert.equal(window.location.href, '/login');
});

for (const locks of [true, false]) {
  const where = locks ? 'with locks' : 'without locks';

  test(`module, ${where}: an expired access token is renewed before the call is made`, async (t) => {
    const browser = new Browser({ locks });
    const response = await browser.moduleTab(t).request(me, { headers: { 'X-Own': '1' } });
    assert.equal(response.status, 200);
    browser.assertRenewed();
    assert.equal(browser.refreshes, 1);
  });

  test(`module, ${where}: six calls at once make one refresh`, async (t) => {
    const browser = new Browser({ locks });
    const { request } = browser.moduleTab(t);
    const responses = await six(() => request(me));
    assert.deepEqual(responses.map(({ status }) => status), Array(6).fill(200));
    assert.equal(browser.refreshes, 1);
    await browser.assertAlive();
  });

  test(`module, ${where}: six tabs keep one living session`, async (t) => {
    const browser = new Browser({ locks });
    const responses = await six(() => browser.moduleTab(t).request(me));
    assert.deepEqual(responses.map(({ status }) => status), Array(6).fill(200));
    if (locks) assert.equal(browser.refreshes, 1);
    await browser.assertAlive();
  });

  test(`module, ${where}: an ended session is told with its reason`, async (t) => {
    const browser = new Browser({ locks });
    await browser.revoke();
    const { request, reasons } = browser.moduleTab(t);
    assert.equal((await request(me)).status, 401);
    assert.deepEqual(reasons, ['session_revoked']);
    assert.equal(browser.stored.size, 0);
    assert.equal((await request(me)).status, 401);
    assert.deepEqual(reasons, ['session_revoked']);
  });
}

for (const [name, status, fault] of [
  ['503', 503, async () => refusal(503)],
  ['500', 500, async () => refusal(500)],
  ['429', 429, async () => refusal(429)],
  ['a proxy\'s page', 502, async () => new Response('<h1>Bad gateway</h1>', { status: 502 })],
  ['a broken network', undefined, async () => { throw new TypeError('fetch failed'); }],
]) {
  test(`module: ${name} leaves the tokens as they are, and a call a second later succeeds`, async (t) => {
    const browser = new Browser();
    const { request, reasons } = browser.moduleTab(t);
    browser.beforeRefresh = fault;
    if (status) assert.equal((await request(me)).status, status);
    else await assert.rejects(request(me), { message: 'fetch failed' });
    browser.assertUntouched();
    browser.beforeRefresh = async () => {};
    await new Promise((over) => setTimeout(over, status ? 1050 : 0));
    assert.equal((await request(me)).status, 200);
    assert.deepEqual(reasons, []);
  });
}

test('module: an answer that was lost after the rotation is asked for again', async (t) => {
  const browser = new Browser();
  let lost = 0;
  browser.afterRefresh = async () => { if (lost++ === 0) throw new TypeError('fetch failed'); };
  const response = await browser.moduleTab(t).request(me);
  assert.equal(response.status, 200);
  assert.equal(browser.refreshes, 2);
  await browser.assertAlive();
});

test('module: a token that another tab renewed meanwhile is used and not rotated', async (t) => {
  const browser = new Browser();
  const [slow, other] = [browser.moduleTab(t), browser.moduleTab(t)];
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  const locked = browser.locks.request('any', {}, () => held);
  const late = slow.request(me);
  await new Promise((over) => setTimeout(over, 50));
  browser.locks.last = Promise.resolve();
  assert.equal((await other.request(me)).status, 200);
  release();
  await locked;
  assert.equal((await late).status, 200);
  assert.equal(browser.refreshes, 1);
});
