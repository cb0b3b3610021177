// Stays signed in at a Hub: see hub-client.d.ts.

// Pause and patience of each try, while the Hub repeats a lost answer.
const TRIES_MS = [[20, 2500], [300, 2500], [1000, 10_000]];
// Longer than all tries.
const LOCK_MS = 20_000;

function claims(token) {
  try {
    return JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')));
  } catch {
    return {};
  }
}

// Written last, read first: beside a new access token stands its refresh token.
const kept = (area) => ({
  get: () => ({ access_token: area.access_token, refresh_token: area.refresh_token }),
  set({ access_token, refresh_token }) {
    area.refresh_token = refresh_token;
    area.access_token = access_token;
  },
  remove() {
    delete area.access_token;
    delete area.refresh_token;
  },
});

export const stores = {
  local: () => kept(localStorage),
  session: () => kept(sessionStorage),
  memory: (pair) => ({ get: () => pair, set: (next) => (pair = next), remove: () => (pair = null) }),
};

function send(request, token) {
  if (token) request.headers.set('Authorization', `Bearer ${token}`);
  return fetch(request);
}

export function createHub({
  url = new URL(import.meta.url).origin,
  origins = [],
  store = globalThis.localStorage ? stores.local() : stores.memory(),
} = {}) {
  const api = new URL('/api/auth/', url).href;
  const allowed = [api, globalThis.location ?? api, ...origins].map((url) => new URL(url).origin);
  const listeners = {};
  let skew = 0;
  let seen, renewal, refusal;
  let turn = read();

  const tell = (type, detail) => listeners[type]?.forEach(async (listener) => listener(detail));

  function on(type, listener) {
    const all = (listeners[type] ??= new Set()).add(listener);
    return () => all.delete(listener);
  }

  async function read(reason) {
    const pair = (await store.get()) ?? {};
    const now = claims(pair.refresh_token).sid ?? pair.refresh_token ?? '';
    if (now !== (seen ?? now)) tell(now ? 'signedin' : 'signedout', reason);
    seen = now;
    return pair;
  }

  const change = (work, reason) => (turn = turn.then(work, work).then(() => read(reason)));

  // Unless the store has a later pair, another session or none.
  async function settle(pair, reason) {
    return (await change(async () => {
      const now = claims((await read()).refresh_token);
      const { sid, gen } = claims(pair.refresh_token);
      if (now.sid !== sid || now.gen > gen) return;
      if (reason) return store.remove();
      skew = claims(pair.access_token).iat * 1000 - Date.now();
      await store.set(pair);
      tell('refreshed', pair.user);
    }, reason)).access_token;
  }

  async function call(method, path, body, via = fetch, token, ms = 10_000) {
    const request = new Request(api + path, {
      method,
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(ms),
    });
    const response = await via(request, token);
    const said = await response.clone().json().catch(() => 0);
    if (response.ok && said) return said;
    const retryAfter = +response.headers.get('Retry-After') || 1;
    const until = performance.now() + retryAfter * 1000;
    throw Object.assign(new Error(said.error), said, { status: response.status, retryAfter, until, response });
  }

  async function rotate(used) {
    let lost;
    for (const [pause, patience] of TRIES_MS) {
      await new Promise((over) => setTimeout(over, pause));
      const { access_token, refresh_token } = await read();
      // Another tab may have done it.
      if (access_token !== used) return access_token;
      if (performance.now() < refusal?.until) throw refusal;
      try {
        return await settle(await call('POST', 'refresh', { refresh_token }, send, '', patience));
      } catch (error) {
        if (error.code && error.status < 402) return settle({ refresh_token }, error.code);
        if (error.status > 399) throw (refusal = error);
        lost = error;
      }
    }
    throw lost;
  }

  async function alone(work) {
    let result;
    const mine = () => (result ??= work());
    try {
      await navigator.locks.request(api, { signal: AbortSignal.timeout(LOCK_MS) }, mine);
    } catch {}
    return mine();
  }

  async function renew(used) {
    const next = await (renewal ??= alone(() => rotate(used)).finally(() => (renewal = null)));
    // Never another user's token.
    return !used || claims(next).sid === claims(used).sid ? next : null;
  }

  async function accessToken() {
    const { access_token, refresh_token } = await read();
    const isFresh = claims(access_token).exp * 1000 > Date.now() + skew;
    return (isFresh || !refresh_token ? access_token : await renew(access_token)) ?? null;
  }

  async function fetch(input, init) {
    const request = new Request(input, init);
    if (!allowed.includes(new URL(request.url).origin)) return send(request);
    if (init?.body instanceof ReadableStream) throw new TypeError('a stream cannot be sent twice: pass a Blob');
    try {
      const token = await accessToken();
      const response = await send(request.clone(), token);
      if (!token || response.status !== 401) return response;
      const said = await response.clone().json().catch(() => 0);
      const next = said?.code === 'invalid_credentials' ? null : await renew(token);
      return next ? await send(request, next) : response;
    } catch (error) {
      if (error.status > 428) return error.response.clone();
      throw error;
    }
  }

  async function login(username, password) {
    const pair = await call('POST', 'login', { username, password }, send);
    await change(() => store.set(pair));
    return pair.user;
  }

  async function logout() {
    const { access_token, refresh_token } = await read();
    await change(() => store.remove(), 'signed_out');
    const end = (pair) => call('POST', 'logout', {}, send, pair.access_token);
    return end({ access_token })
      .catch(async () => end(await call('POST', 'refresh', { refresh_token }, send)))
      .then(() => true, () => false);
  }

  async function changePassword(current_password, new_password) {
    try {
      await settle(await call('POST', 'password', { current_password, new_password }));
    } catch (error) {
      // A lost answer's pair is still to be had.
      if (!error.status) await renew((await read()).access_token).catch(() => 0);
      throw error;
    }
  }

  globalThis.addEventListener?.('storage', () => read());
  globalThis.addEventListener?.('pageshow', () => read());

  return {
    fetch,
    makeAuthenticatedRequest: fetch,
    accessToken,
    login,
    logout,
    sessions: async () => (await call('GET', 'sessions')).sessions,
    revokeSession: (id) => call('DELETE', `sessions/${id}`),
    changePassword,
    on,
  };
}

let hub;
export const makeAuthenticatedRequest = async (input, init) => (hub ??= createHub()).fetch(input, init);
