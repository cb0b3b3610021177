-- Sign-ins at the Hub's own pages. Such a sign-in is a session like any other, so that whatever ends sessions ends it too; its browser holds
-- cookies in place of tokens, of which the database knows the SHA-256 only.

-- 1: begun at the Hub's own pages. No token of such a session is ever given out; `rotated_at` is when its browser was last seen.
ALTER TABLE sessions ADD COLUMN browser INTEGER NOT NULL DEFAULT 0 CHECK (browser IN (0, 1));

CREATE TABLE browser_cookies (
  value_hash    BLOB    NOT NULL PRIMARY KEY CHECK (length(value_hash) = 32),
  session_id    INTEGER NOT NULL,
  area          TEXT    NOT NULL CHECK (area IN ('account', 'admin')),
  made_at       INTEGER NOT NULL, -- when the area was entered
  made_steady   INTEGER NOT NULL,
  made_boot     INTEGER NOT NULL,
  used_at       INTEGER NOT NULL, -- when it was last shown
  used_steady   INTEGER NOT NULL,
  used_boot     INTEGER NOT NULL,
  proven_at     INTEGER NOT NULL, -- when its holder last gave the password
  proven_steady INTEGER NOT NULL,
  proven_boot   INTEGER NOT NULL,
  UNIQUE (session_id, area)
) STRICT, WITHOUT ROWID;

-- However a session ends, its cookies go in the same transaction.
CREATE TRIGGER sessions_end_their_cookies AFTER UPDATE OF ended_at ON sessions
WHEN NEW.browser = 1 AND NEW.ended_at IS NOT NULL
BEGIN
  DELETE FROM browser_cookies WHERE session_id = NEW.id;
END;

-- A right password that waits for the second factor. It is no session and opens no page but the one that asks for the code.
CREATE TABLE half_sign_ins (
  value_hash    BLOB    NOT NULL PRIMARY KEY CHECK (length(value_hash) = 32),
  user_id       INTEGER NOT NULL,
  password_mark BLOB    NOT NULL CHECK (length(password_mark) = 32), -- SHA-256 of the stored hash that was compared with
  made_at       INTEGER NOT NULL,
  made_steady   INTEGER NOT NULL,
  made_boot     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX half_sign_ins_of_user ON half_sign_ins (user_id);

-- The one-time link that makes the first administrator: the SHA-256 of its token, which itself stands in the file `setup-token`.
CREATE TABLE setup_link (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  token_hash  BLOB    NOT NULL CHECK (length(token_hash) = 32),
  made_at     INTEGER NOT NULL,
  made_steady INTEGER NOT NULL,
  made_boot   INTEGER NOT NULL
) STRICT;
