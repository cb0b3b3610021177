-- What ended and what changed, in order, for services that remember answers of `GET /api/auth/validate`; and who may read it.

-- Written in the transaction of the ending, whichever way it ends. AUTOINCREMENT: numbers follow one another without a gap and never return. What expires
-- by itself has no row, since tokens carry their end.
CREATE TABLE revocations (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  mark       BLOB    NOT NULL DEFAULT (randomblob(8)) CHECK (length(mark) = 8), -- what tells this row from the one of the same number in a copy that went another way
  kind       TEXT    NOT NULL CHECK (kind IN ('session', 'user', 'reset')),
  session_id INTEGER,
  user_id    INTEGER,
  what       TEXT,                           -- session: why it was ended; user: disabled, deleted or changed
  at         INTEGER,                        -- session: when it was ended
  CHECK ((kind = 'session') = (session_id IS NOT NULL)),
  CHECK ((kind = 'session') = (at IS NOT NULL)),
  CHECK ((kind = 'reset') = (user_id IS NULL)),
  CHECK ((kind = 'reset') = (what IS NULL))
) STRICT;

-- The place to begin at.
INSERT INTO revocations (kind) VALUES ('reset');

-- A rotation sets none of these columns, and so costs nothing here.
CREATE TRIGGER sessions_tell_their_end AFTER UPDATE OF ended_at ON sessions
WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
BEGIN
  INSERT INTO revocations (kind, session_id, user_id, what, at)
  VALUES ('session', NEW.id, NEW.user_id, NEW.end_reason, NEW.ended_at);
END;

-- Whatever an answer about a user shows.
CREATE TRIGGER users_tell_their_change
AFTER UPDATE OF username, email, email_verified, bio, profile_photo_url, website_url, updated_at, is_active, role, premium_tier ON users
WHEN NEW.username IS NOT OLD.username
  OR NEW.email IS NOT OLD.email
  OR NEW.email_verified IS NOT OLD.email_verified
  OR NEW.bio IS NOT OLD.bio
  OR NEW.profile_photo_url IS NOT OLD.profile_photo_url
  OR NEW.website_url IS NOT OLD.website_url
  OR NEW.updated_at IS NOT OLD.updated_at
  OR NEW.is_active IS NOT OLD.is_active
  OR NEW.role IS NOT OLD.role
  OR NEW.premium_tier IS NOT OLD.premium_tier
BEGIN
  INSERT INTO revocations (kind, user_id, what)
  VALUES ('user', NEW.id, CASE WHEN OLD.is_active = 1 AND NEW.is_active = 0 THEN 'disabled' ELSE 'changed' END);
END;

CREATE TRIGGER users_tell_their_leave AFTER DELETE ON users
BEGIN
  INSERT INTO revocations (kind, user_id, what) VALUES ('user', OLD.id, 'deleted');
END;

-- How far the rows above went at a moment: those up to `last` are at least as old as that. So none of them has to carry its moment.
CREATE TABLE revocation_ages (
  last   INTEGER PRIMARY KEY,
  at     INTEGER NOT NULL,
  steady INTEGER NOT NULL,
  boot   INTEGER NOT NULL
) STRICT;

-- Services that may read the rows above. No token is here, nor a hash of one: it is a function of the row and the key.
CREATE TABLE service_accounts (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  name     TEXT    NOT NULL,
  name_key TEXT    NOT NULL UNIQUE,          -- lower case
  salt     BLOB    NOT NULL CHECK (length(salt) = 16),
  key      INTEGER NOT NULL,                 -- which key its token is made with
  made_at  INTEGER NOT NULL,
  used_at  INTEGER                           -- to the hour; NULL: never
) STRICT;
