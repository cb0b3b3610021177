-- The keys that this database knows, and which of them made each session's present generation. The keys themselves are in `secret.key`.

-- AUTOINCREMENT: the number of a key that was lost never returns.
CREATE TABLE keys (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  check_value BLOB    NOT NULL UNIQUE CHECK (length(check_value) = 16),
  made_at     INTEGER,  -- NULL: before this table was there
  replaced_at INTEGER   -- NULL: the present one, which is the last
) STRICT;

INSERT INTO keys (check_value)
SELECT key_check
FROM hub;

ALTER TABLE hub DROP COLUMN key_check;

-- The key of the present generation: a refresh that comes again is answered in the same bytes, whichever key is the present one by then.
ALTER TABLE sessions ADD COLUMN key INTEGER NOT NULL DEFAULT 1;
