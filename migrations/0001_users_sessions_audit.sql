-- Users, their sessions, how each session's refresh tokens followed one another, and what was done by whom.
-- Times are microseconds since 1970 UTC. `steady` counts microseconds within one boot of the machine (`boot`).

PRAGMA application_id = 1215652401; -- "Hub1": what tells this file from any other SQLite database

-- The Hub's own row: which secret key this database belongs to, and the last proof that it takes writes.
CREATE TABLE hub (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  key_check BLOB    NOT NULL,
  probed_at INTEGER
) STRICT;

-- AUTOINCREMENT: the number of a deleted user never returns.
CREATE TABLE users (
  id                INTEGER PRIMARY KEY AUTOINCREMENT,
  username          TEXT    NOT NULL,
  username_key      TEXT    NOT NULL UNIQUE, -- lower case
  email             TEXT    NOT NULL,
  email_key         TEXT    NOT NULL UNIQUE, -- lower case
  email_verified    INTEGER NOT NULL DEFAULT 0 CHECK (email_verified IN (0, 1)),
  password_hash     TEXT    NOT NULL,        -- PHC string
  bio               TEXT,
  profile_photo_url TEXT,
  website_url       TEXT,
  created_at        INTEGER NOT NULL,
  updated_at        INTEGER NOT NULL,
  is_active         INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
  role              TEXT    NOT NULL DEFAULT 'USER' CHECK (role IN ('USER', 'ADMIN', 'SUPERADMIN')),
  premium_tier      TEXT    NOT NULL DEFAULT 'FREE'
) STRICT;

-- What clients call themselves, each text once: a session's rows stay small.
CREATE TABLE user_agents (
  id   INTEGER PRIMARY KEY,
  text TEXT    NOT NULL UNIQUE
) STRICT;

-- One row a session, one session a sign-in. No token is here, nor a hash of one: a refresh token is a function of the row and the key.
-- `user_id` refers to no row on purpose: the session of a deleted user stays, ended, so that its tokens can be answered truthfully.
CREATE TABLE sessions (
  id                INTEGER PRIMARY KEY,     -- 63 random bits, `sid` in tokens
  user_id           INTEGER NOT NULL,
  salt              BLOB    NOT NULL CHECK (length(salt) = 16),
  generation        INTEGER NOT NULL CHECK (generation >= 1),
  retries           INTEGER NOT NULL,        -- answers of the present generation again
  rotated_at        INTEGER NOT NULL,        -- when the present generation was made
  rotated_steady    INTEGER NOT NULL,
  rotated_boot      INTEGER NOT NULL,
  previous_at       INTEGER,                 -- when the one before it was made
  previous_steady   INTEGER,
  previous_boot     INTEGER,
  created_at        INTEGER NOT NULL,
  ends_at           INTEGER NOT NULL,        -- the absolute end
  ended_at          INTEGER,
  end_reason        TEXT,
  first_address     TEXT,
  first_agent       INTEGER NOT NULL REFERENCES user_agents (id),
  address           TEXT,
  agent             INTEGER NOT NULL REFERENCES user_agents (id),
  lineage_length    INTEGER NOT NULL,        -- lineage rows ever written
  CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) STRICT;

CREATE INDEX sessions_of_user ON sessions (user_id, created_at);

-- What happened to a session's tokens, the last 100 events each.
CREATE TABLE lineage (
  session_id INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  kind       TEXT    NOT NULL CHECK (kind IN ('start', 'rotate', 'retry', 'straggler', 'reuse', 'end')),
  generation INTEGER NOT NULL,               -- rotate: the one made; otherwise: the one presented or present
  at         INTEGER NOT NULL,
  steady     INTEGER NOT NULL,
  boot       INTEGER NOT NULL,
  address    TEXT,
  agent      INTEGER NOT NULL REFERENCES user_agents (id),
  PRIMARY KEY (session_id, position)
) STRICT, WITHOUT ROWID;

-- Who did what. `hash` = SHA-256 over the row before and this one: a changed, removed or inserted row shows.
CREATE TABLE audit (
  id         INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  actor      TEXT    NOT NULL,
  action     TEXT    NOT NULL,
  target     TEXT,
  address    TEXT,
  request_id TEXT,
  detail     TEXT,
  hash       BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit is append-only');
END;

CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit is append-only');
END;
