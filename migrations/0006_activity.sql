-- What the dashboard counts by the hour, and what makes a search of the audit quick.
-- An hour is counted from 1970 UTC. Times are microseconds.

-- Refreshes by the hour. A rotation leaves no row with a time to count by, so the server counts and writes the sum here each minute.
CREATE TABLE activity (
  hour      INTEGER PRIMARY KEY,
  refreshes INTEGER NOT NULL,
  since     INTEGER NOT NULL -- when the counting in this hour began
) STRICT;

-- How many audit rows each hour has of each action: counted with each row, in its transaction.
CREATE TABLE audit_hours (
  hour    INTEGER NOT NULL,
  action  TEXT    NOT NULL,
  entries INTEGER NOT NULL,
  PRIMARY KEY (hour, action)
) STRICT, WITHOUT ROWID;

INSERT INTO audit_hours (hour, action, entries)
SELECT at / 3600000000, action, count(*)
FROM audit
GROUP BY 1, 2;

-- They give a filter's rows in the order of the list. (None for request ids: a million rows are walked in a blink, and an index of
-- random text costs each sign-in more than all of these.)
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_actor ON audit (actor);
CREATE INDEX audit_by_action ON audit (action);
CREATE INDEX audit_by_target ON audit (target);
CREATE INDEX audit_by_address ON audit (address);

-- The dashboard asks how many administrators there are, and how many of them have a second factor.
CREATE INDEX users_by_role ON users (role);
