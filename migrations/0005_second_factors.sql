-- The second factor: time-based codes (RFC 6238) and recovery codes.
-- No secret is here: the one that codes are made of is a function of `nonce`, the user's number and the key.

CREATE TABLE second_factors (
  user_id       INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  nonce         BLOB    NOT NULL CHECK (length(nonce) = 16),
  key_id        INTEGER NOT NULL,        -- which key the secret is derived from
  drawn_at      INTEGER NOT NULL,        -- when the secret was first shown
  drawn_steady  INTEGER NOT NULL,
  drawn_boot    INTEGER NOT NULL,
  confirmed_at  INTEGER,                 -- since when it counts: the first right code
  last_step     INTEGER,                 -- of the last code that was right: it and all before it are used
  failures      INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0), -- in a row
  failed_at     INTEGER,                 -- the last of them
  failed_steady INTEGER,
  failed_boot   INTEGER,
  CHECK ((confirmed_at IS NULL) = (last_step IS NULL)),
  CHECK (failures = 0 OR failed_steady IS NOT NULL)
) STRICT;

-- One row a code that was not used yet. A code is 80 random bits, so its SHA-256 tells nothing.
CREATE TABLE recovery_codes (
  user_id INTEGER NOT NULL REFERENCES second_factors (user_id) ON DELETE CASCADE,
  hash    BLOB    NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;
