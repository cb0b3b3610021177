-- Targets that are told of events by HTTP, and what each of them is to be told.

CREATE TABLE webhooks (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  name            TEXT    NOT NULL,
  name_key        TEXT    NOT NULL UNIQUE,   -- lower case
  url             TEXT    NOT NULL,
  salt            BLOB    NOT NULL CHECK (length(salt) = 16), -- no secret is here, nor a hash of one: it is a function of the row and the key
  key             INTEGER NOT NULL,
  old_salt        BLOB    CHECK (length(old_salt) = 16), -- of the secret before this one, which goes on to sign for a while
  old_key         INTEGER,
  renewed_at      INTEGER,                   -- when this one took its place
  renewed_steady  INTEGER,
  renewed_boot    INTEGER,
  made_at         INTEGER NOT NULL,
  disabled_at     INTEGER,                   -- NULL: enabled
  disabled_steady INTEGER,
  disabled_boot   INTEGER,
  waiting         INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0), -- deliveries that are still to be made
  dead            INTEGER NOT NULL DEFAULT 0 CHECK (dead >= 0),    -- deliveries that were given up
  lost            INTEGER NOT NULL DEFAULT 0 CHECK (lost >= 0),    -- events for which there was no room, ever
  CHECK ((old_salt IS NULL) = (old_key IS NULL)),
  CHECK ((old_salt IS NULL) = (renewed_at IS NULL)),
  CHECK ((disabled_at IS NULL) = (disabled_boot IS NULL))
) STRICT;

-- Which events a target wants.
CREATE TABLE webhook_kinds (
  kind       TEXT    NOT NULL,
  webhook_id INTEGER NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  PRIMARY KEY (kind, webhook_id)
) STRICT, WITHOUT ROWID;

-- One row an event and target, written in the transaction of the event, with all that its body says: user and session may be gone when it is sent.
CREATE TABLE webhook_deliveries (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  mark        BLOB    NOT NULL DEFAULT (randomblob(16)) CHECK (length(mark) = 16), -- what a receiver knows it by
  webhook_id  INTEGER NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  state       TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'behind', 'delivered', 'dead')), -- behind: an earlier one of the same user waits
  kind        TEXT    NOT NULL,
  at          INTEGER,                       -- when it happened; NULL for a moment where the row of the cause does not tell
  user_id     INTEGER,
  username    TEXT,
  email       TEXT,
  role        TEXT,
  session_id  INTEGER,
  browser     INTEGER CHECK (browser IN (0, 1)),
  address     TEXT,
  agent       TEXT,
  why         TEXT,
  failures    INTEGER,
  tries       INTEGER NOT NULL DEFAULT 0,
  tried_at    INTEGER,                       -- the last time
  status      INTEGER,                       -- of the last answer
  problem     TEXT,                          -- with the last try
  due_at      INTEGER,                       -- when it is tried next; NULL: at once
  due_steady  INTEGER NOT NULL DEFAULT 0,
  due_boot    INTEGER,
  done_at     INTEGER,                       -- when it was delivered or given up
  done_steady INTEGER,
  done_boot   INTEGER
) STRICT;

CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_steady) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_lanes ON webhook_deliveries (webhook_id, user_id, id) WHERE state IN ('waiting', 'behind');
CREATE INDEX webhook_deliveries_delivered ON webhook_deliveries (webhook_id, done_at) WHERE state = 'delivered';
CREATE INDEX webhook_deliveries_dead ON webhook_deliveries (webhook_id, done_at) WHERE state = 'dead';
CREATE INDEX webhook_deliveries_undated ON webhook_deliveries (id) WHERE at IS NULL;

-- A delivery stands behind an earlier one of the same user; and a target that takes nothing fills no disk: beyond 100,000 events are lost, and counted.
CREATE TRIGGER webhook_deliveries_queue AFTER INSERT ON webhook_deliveries
WHEN NEW.state = 'waiting'
BEGIN
  UPDATE webhooks
  SET waiting = waiting + 1
  WHERE id = NEW.webhook_id;
  UPDATE webhook_deliveries
  SET state = 'behind'
  WHERE id = NEW.id AND EXISTS (
    SELECT 1
    FROM webhook_deliveries
    WHERE webhook_id = NEW.webhook_id AND user_id = NEW.user_id AND id < NEW.id AND state IN ('waiting', 'behind')
  );
  UPDATE webhooks
  SET lost = lost + 1
  WHERE id = NEW.webhook_id AND waiting > 100000;
  DELETE FROM webhook_deliveries
  WHERE id = NEW.id AND (SELECT waiting FROM webhooks WHERE id = NEW.webhook_id) > 100000;
END;

CREATE TRIGGER webhook_deliveries_move AFTER UPDATE OF state ON webhook_deliveries
WHEN OLD.state <> NEW.state
BEGIN
  UPDATE webhooks
  SET waiting = waiting + (NEW.state IN ('waiting', 'behind')) - (OLD.state IN ('waiting', 'behind')),
      dead = dead + (NEW.state = 'dead') - (OLD.state = 'dead')
  WHERE id = NEW.webhook_id;
END;

CREATE TRIGGER webhook_deliveries_leave AFTER DELETE ON webhook_deliveries
BEGIN
  UPDATE webhooks
  SET waiting = waiting - (OLD.state IN ('waiting', 'behind')),
      dead = dead - (OLD.state = 'dead')
  WHERE id = OLD.webhook_id;
END;

-- What happens is written whichever way it comes about, and only if somebody wants it. A rotation sets none of these columns, and so costs nothing here.
CREATE TRIGGER sessions_tell_webhooks_their_start AFTER INSERT ON sessions
WHEN EXISTS (SELECT 1 FROM webhook_kinds WHERE kind = 'session.started')
BEGIN
  INSERT INTO webhook_deliveries (webhook_id, kind, at, user_id, username, session_id, browser, address, agent)
  SELECT w.id, k.kind, NEW.created_at, NEW.user_id, (SELECT username FROM users WHERE id = NEW.user_id),
         NEW.id, NEW.browser, NEW.address, (SELECT text FROM user_agents WHERE id = NEW.agent)
  FROM webhook_kinds k
  JOIN webhooks w ON w.id = k.webhook_id
  WHERE k.kind = 'session.started' AND w.disabled_at IS NULL;
END;

-- That a token came again is told before the ending that follows from it.
CREATE TRIGGER sessions_tell_webhooks_their_end AFTER UPDATE OF ended_at ON sessions
WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
  AND EXISTS (SELECT 1 FROM webhook_kinds WHERE kind IN ('session.ended', 'session.reused'))
BEGIN
  INSERT INTO webhook_deliveries (webhook_id, kind, at, user_id, username, session_id, browser, address, agent, why)
  SELECT w.id, k.kind, NEW.ended_at, NEW.user_id, (SELECT username FROM users WHERE id = NEW.user_id),
         NEW.id, NEW.browser, NEW.address, (SELECT text FROM user_agents WHERE id = NEW.agent), NEW.end_reason
  FROM webhook_kinds k
  JOIN webhooks w ON w.id = k.webhook_id
  WHERE (k.kind = 'session.ended' OR k.kind = 'session.reused' AND NEW.end_reason = 'reuse') AND w.disabled_at IS NULL
  ORDER BY k.kind DESC;
END;

CREATE TRIGGER users_tell_webhooks_their_making AFTER INSERT ON users
WHEN EXISTS (SELECT 1 FROM webhook_kinds WHERE kind = 'user.created')
BEGIN
  INSERT INTO webhook_deliveries (webhook_id, kind, at, user_id, username, email, role)
  SELECT w.id, k.kind, NEW.created_at, NEW.id, NEW.username, NEW.email, NEW.role
  FROM webhook_kinds k
  JOIN webhooks w ON w.id = k.webhook_id
  WHERE k.kind = 'user.created' AND w.disabled_at IS NULL;
END;

CREATE TRIGGER users_tell_webhooks_their_disabling AFTER UPDATE OF is_active ON users
WHEN OLD.is_active = 1 AND NEW.is_active = 0 AND EXISTS (SELECT 1 FROM webhook_kinds WHERE kind = 'user.disabled')
BEGIN
  INSERT INTO webhook_deliveries (webhook_id, kind, at, user_id, username, email, role)
  SELECT w.id, k.kind, NEW.updated_at, NEW.id, NEW.username, NEW.email, NEW.role
  FROM webhook_kinds k
  JOIN webhooks w ON w.id = k.webhook_id
  WHERE k.kind = 'user.disabled' AND w.disabled_at IS NULL;
END;

CREATE TRIGGER users_tell_webhooks_their_leave AFTER DELETE ON users
WHEN EXISTS (SELECT 1 FROM webhook_kinds WHERE kind = 'user.deleted')
BEGIN
  INSERT INTO webhook_deliveries (webhook_id, kind, user_id, username, email, role)
  SELECT w.id, k.kind, OLD.id, OLD.username, OLD.email, OLD.role
  FROM webhook_kinds k
  JOIN webhooks w ON w.id = k.webhook_id
  WHERE k.kind = 'user.deleted' AND w.disabled_at IS NULL;
END;
