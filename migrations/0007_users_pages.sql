-- What the list of users sorts by beside name and number.

-- When they last signed in; 0 for never. Sessions' rows go one day, this stays.
ALTER TABLE users ADD COLUMN signed_in_at INTEGER NOT NULL DEFAULT 0;

UPDATE users
SET signed_in_at = coalesce((SELECT max(created_at) FROM sessions WHERE user_id = users.id), 0);

CREATE INDEX users_signed_in ON users (signed_in_at, id);

CREATE TRIGGER sessions_mark_their_users AFTER INSERT ON sessions
BEGIN
  UPDATE users SET signed_in_at = max(signed_in_at, NEW.created_at) WHERE id = NEW.user_id;
END;
