/**
 * The browser client of a RegardingWork Hub: an ES module without dependencies, for browsers, workers and Node 20 or later.
 *
 * ```js
 * import { createHub } from 'https://hub.example.com/static/hub-client.js';
 * const hub = createHub();
 * hub.on('signedout', () => location.assign('/login'));
 * const response = await hub.fetch('/api/things');
 * ```
 *
 * What it promises:
 *
 * - Many calls, and many tabs, that meet an expired token make one refresh. Within a page one is in flight; between tabs a Web Lock
 *   keeps their order, and whoever gets it compares before rotating: a pair that another tab renewed is used and not renewed again.
 *   A lock that somebody holds for 20 seconds is not waited for any longer; the Hub's grace makes up for it.
 * - A lost answer is asked for again within the 10 seconds in which the Hub repeats it.
 * - 429, 5xx and a network that is away end no session. After a 429 or 5xx no refresh is sent before its `Retry-After` (seconds) is over.
 * - Signed out stays signed out, also if a refresh is under way: an answer that comes late is dropped, and so is one that comes behind a newer one.
 * - Tokens go to the allowed origins only; the refresh token goes to the Hub only.
 * - It never leads anybody to another page. Listen to `signedout`.
 */

/** What the Hub says of a user; `login` tells the email address too. */
export interface User {
  id: number;
  username: string;
  email?: string;
  email_verified?: boolean;
  bio: string | null;
  profile_photo_url: string | null;
  website_url: string | null;
  /** UTC, `2025-09-06T15:30:45.123456`, as are all times here. */
  created_at: string;
  updated_at: string;
  is_active: boolean;
  role: 'USER' | 'ADMIN' | 'SUPERADMIN';
  premium_tier: string;
}

/** One of the user's sessions. */
export interface Session {
  id: string;
  created_at: string;
  last_used_at: string;
  expires_at: string;
  ip: string | null;
  user_agent: string | null;
  device: string | null;
  /** How often its refresh token was renewed. */
  rotations: number;
  /** Whether it is the one that asks. */
  current: boolean;
}

/** Both tokens of a session. */
export interface Pair {
  access_token: string;
  refresh_token: string;
}

/**
 * Where a pair is kept between calls and between pages. Each method may be asynchronous.
 *
 * A store that several pages or processes share must give whoever reads it what was written last.
 */
export interface Store {
  /** The pair, or nothing when nobody is signed in. */
  get(): MaybePromise<Partial<Record<keyof Pair, string | null>> | null | undefined>;
  /** Keeps a pair. It may have more fields than the two tokens, which need not be kept. */
  set(pair: Pair): MaybePromise<unknown>;
  /** Forgets it. */
  remove(): MaybePromise<unknown>;
}

type MaybePromise<T> = T | Promise<T>;

export declare const stores: {
  /** `localStorage`, under `access_token` and `refresh_token`: shared by all tabs, kept until the sign-out. The usual one in pages. */
  local(): Store;
  /**
   * `sessionStorage`: one tab's, until it is closed. A tab that is duplicated takes a copy of the pair along, and two copies of a refresh token
   * end in reuse: prefer `local` or `memory`.
   */
  session(): Store;
  /** This page's memory, until it is left; of `pair`, if it is given. The usual one where there is no `localStorage`. */
  memory(pair?: Pair): Store;
};

export interface HubOptions {
  /**
   * The Hub, like `https://hub.example.com`: the address that answers, for calls of the Hub follow no redirect. Left out, it is the origin that this
   * module was loaded from; so it must be given where the module comes from the npm package or out of a bundle.
   */
  url?: string | URL;
  /** Further origins that may be sent the access token. The Hub's and the page's own always may. */
  origins?: Iterable<string | URL>;
  /** `stores.local()` by default, or `stores.memory()` where there is no `localStorage`. */
  store?: Store;
}

/** What the methods of a hub reject with when the Hub refuses. When there is no answer they reject as `fetch` does. */
export interface HubError extends Error {
  /** The status of the answer. */
  status: number;
  /** The Hub's stable code: branch on this one. Missing if it was not the Hub that answered. */
  code?: string;
  /** How many seconds to wait before the next try: the answer's `Retry-After`, or 1. */
  retryAfter: number;
  /** The answer. Its body can be read once. */
  response: Response;
}

export interface HubEvents {
  /** Somebody signed in, here or in another tab, or another user than before. */
  signedin: undefined;
  /**
   * The session is over: `signed_out` after `logout`, the Hub's code if it said so (`session_revoked`, `token_expired`, `password_changed` …), and
   * `undefined` if another tab was the one to know.
   */
  signedout: string | undefined;
  /** A new pair is in the store. After a refresh with the user as they are now, after a change of the password with `undefined`. */
  refreshed: User | undefined;
}

export interface Hub {
  /**
   * `fetch` with the access token, renewed when it has expired. It takes and gives what `fetch` does.
   *
   * - An origin that is not allowed gets the request as it is, without a token.
   * - A 401 is answered by one renewal and the same request again, its body too. A `ReadableStream` cannot be sent twice and is refused with a
   *   `TypeError` before anything is sent: give a `Blob`, or `await hub.accessToken()` and use `fetch` itself. A 401 `invalid_credentials` (a wrong
   *   password) is given back at once.
   * - While a renewal is needed and the Hub is busy, it resolves to the Hub's 429 or 5xx, with `Retry-After`; if it cannot be reached, it
   *   rejects. In both cases the session goes on. So a 401 means: signed out, or refused for a reason of the other side's own.
   * - A request is never sent again in the name of another user who signed in meanwhile.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;

  /**
   * The same as `fetch`, under the name that the API's documentation gave to the function it printed. That one led to `/login` by itself and gave
   * `undefined`; this one gives the response.
   */
  makeAuthenticatedRequest(url: RequestInfo | URL, options?: RequestInit): Promise<Response>;

  /**
   * An access token that has not expired, renewed if need be: for WebSockets and other libraries. `null` when signed out.
   * Rejects with a {@link HubError}, or as `fetch` does, if it had to be renewed and could not be.
   */
  accessToken(): Promise<string | null>;

  /** Signs in. Rejects with a {@link HubError}: `invalid_credentials`, `user_disabled`, `too_many_requests` … */
  login(username: string, password: string): Promise<User>;

  /**
   * Signs out: here and in all tabs at once, whatever the network does, then at the Hub. Never rejects; gives whether the Hub ended the session
   * now. If not, it could not be reached, or the session was over before.
   */
  logout(): Promise<boolean>;

  /** The user's sessions, newest first. */
  sessions(): Promise<Session[]>;

  /** Ends one of them. If it is this one, the next call finds out and tells `signedout`. */
  revokeSession(id: string): Promise<unknown>;

  /** Gives the user another password. This session goes on with a new pair, every other one ends. */
  changePassword(current: string, next: string): Promise<void>;

  /** Calls `listener` at each such event from now on. Gives the function that ends that. */
  on<Type extends keyof HubEvents>(type: Type, listener: (detail: HubEvents[Type]) => unknown): () => boolean;
}

/** A client of one Hub. Pages need one only; two of them on one store work, too. */
export declare function createHub(options?: HubOptions): Hub;

/** `fetch` of a hub of its own, made at the first call with `createHub()`: for pages that import this module from the Hub. */
export declare function makeAuthenticatedRequest(url: RequestInfo | URL, options?: RequestInit): Promise<Response>;
