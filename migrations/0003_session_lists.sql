-- What lists of a million sessions stand on: an index for each way to sort and to search, and how many there are of each kind.

-- An address as bytes that sort like addresses: 4 or 6, then the address; empty where none is known. A network is a range of them.
ALTER TABLE sessions ADD COLUMN address_key BLOB NOT NULL DEFAULT X'';
UPDATE sessions
SET address_key = hub_address_key(address);

-- The name that a client has in lists. It follows from the text; a release that names clients differently fills this column anew.
ALTER TABLE user_agents ADD COLUMN device TEXT NOT NULL DEFAULT '';
UPDATE user_agents
SET device = hub_device(text);

-- The only index that a rotation touches. With `end_reason` and `ends_at` in it, sessions are counted by status without their rows.
CREATE INDEX sessions_used ON sessions (rotated_at, end_reason, ends_at);
CREATE INDEX sessions_started ON sessions (created_at);
CREATE INDEX sessions_address ON sessions (address_key);
CREATE INDEX sessions_agent ON sessions (agent);
CREATE INDEX sessions_ending ON sessions (ends_at) WHERE ended_at IS NULL;
CREATE INDEX user_agents_device ON user_agents (device);

-- Users who are gone and may have left sessions: lists sorted by name show those last.
CREATE TABLE former_users (
  id INTEGER PRIMARY KEY
) STRICT;

INSERT INTO former_users (id)
SELECT DISTINCT user_id
FROM sessions
WHERE user_id NOT IN (SELECT id FROM users);

CREATE TRIGGER users_leave AFTER DELETE ON users
BEGIN
  INSERT INTO former_users (id) VALUES (OLD.id);
END;

-- How many sessions there are: not ended, ended, ended because a used token came again. A rotation changes none of these numbers.
CREATE TABLE session_tally (
  id     INTEGER PRIMARY KEY CHECK (id = 1),
  live   INTEGER NOT NULL CHECK (live >= 0),
  ended  INTEGER NOT NULL CHECK (ended >= 0),
  reused INTEGER NOT NULL CHECK (reused >= 0)
) STRICT;

INSERT INTO session_tally (id, live, ended, reused)
SELECT 1,
       count(*) FILTER (WHERE end_reason IS NULL),
       count(*) FILTER (WHERE end_reason <> 'reuse'),
       count(*) FILTER (WHERE end_reason = 'reuse')
FROM sessions;

CREATE TRIGGER sessions_tally_insert AFTER INSERT ON sessions
BEGIN
  UPDATE session_tally
  SET live = live + (NEW.end_reason IS NULL),
      ended = ended + coalesce(NEW.end_reason <> 'reuse', 0),
      reused = reused + coalesce(NEW.end_reason = 'reuse', 0);
END;

CREATE TRIGGER sessions_tally_end AFTER UPDATE OF end_reason ON sessions
BEGIN
  UPDATE session_tally
  SET live = live + (NEW.end_reason IS NULL) - (OLD.end_reason IS NULL),
      ended = ended + coalesce(NEW.end_reason <> 'reuse', 0) - coalesce(OLD.end_reason <> 'reuse', 0),
      reused = reused + coalesce(NEW.end_reason = 'reuse', 0) - coalesce(OLD.end_reason = 'reuse', 0);
END;

CREATE TRIGGER sessions_tally_delete AFTER DELETE ON sessions
BEGIN
  UPDATE session_tally
  SET live = live - (OLD.end_reason IS NULL),
      ended = ended - coalesce(OLD.end_reason <> 'reuse', 0),
      reused = reused - coalesce(OLD.end_reason = 'reuse', 0);
END;
