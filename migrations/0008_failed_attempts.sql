-- Wrong passwords in a row, so that a restart does not forget them, and the networks that each user signs in from.
-- A network is bytes: 4 or 6, then the address as far as it counts (all of IPv4, the first 64 bits of IPv6); 0 where no address is known.

-- No name is here, for what was typed as one may be a password: a subject is an HMAC of it, for names that exist and for names that do not.
CREATE TABLE failed_attempts (
  subject       BLOB    NOT NULL CHECK (length(subject) = 32),
  network       BLOB    NOT NULL,        -- one that the user is known from; empty for all others together
  failures      INTEGER NOT NULL CHECK (failures > 0), -- in a row
  failed_at     INTEGER NOT NULL,        -- the last of them
  failed_steady INTEGER NOT NULL,
  failed_boot   INTEGER NOT NULL,
  PRIMARY KEY (subject, network)
) STRICT, WITHOUT ROWID;

CREATE INDEX failed_attempts_by_time ON failed_attempts (failed_at);

-- The last networks that a user began a session from.
CREATE TABLE known_networks (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  network BLOB    NOT NULL,
  seen_at INTEGER NOT NULL,              -- when the last session began there
  PRIMARY KEY (user_id, network)
) STRICT, WITHOUT ROWID;

INSERT INTO known_networks (user_id, network, seen_at)
SELECT user_id, network, max(created_at)
FROM (
  SELECT user_id,
         created_at,
         CASE length(key) WHEN 0 THEN X'00' WHEN 17 THEN substr(key, 1, 9) ELSE key END AS network
  FROM (
    SELECT s.user_id, s.created_at, hub_address_key(s.first_address) AS key
    FROM sessions s
    JOIN users u ON u.id = s.user_id
  )
)
GROUP BY user_id, network;
