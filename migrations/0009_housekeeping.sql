-- How much time this database has seen pass, on clocks that nobody can set; and what was removed because it was over.
-- Microseconds. No row that is written on a refresh gets longer, and no index comes along.

-- The sum of what was certain: while the machine is off, or the server does not run after a start of it, nothing is added.
CREATE TABLE lived (
  id     INTEGER PRIMARY KEY CHECK (id = 1),
  micros INTEGER NOT NULL CHECK (micros >= 0),
  steady INTEGER NOT NULL,                  -- when the sum was last brought up to date
  boot   INTEGER NOT NULL
) STRICT;

-- Where each start of a machine lies on that sum: it stood at `lived` when that machine's steady clock stood at `steady`, or before.
CREATE TABLE boots (
  boot   INTEGER PRIMARY KEY,
  steady INTEGER NOT NULL,
  lived  INTEGER NOT NULL
) STRICT;

-- Whatever is there already is at least as old as the counting.
INSERT INTO boots (boot, steady, lived)
SELECT boot, max(steady), 0
FROM (
  SELECT rotated_boot AS boot, rotated_steady AS steady
  FROM sessions
  UNION ALL
  SELECT e.boot, e.steady
  FROM sessions s
  JOIN lineage e ON e.session_id = s.id AND e.position = s.lineage_length
  WHERE s.ended_at IS NOT NULL
)
GROUP BY boot;

-- When the last session began there, on the clock that nobody can set. NULL: before this was kept, so at least as long ago as the counting.
ALTER TABLE known_networks ADD COLUMN seen_steady INTEGER;
ALTER TABLE known_networks ADD COLUMN seen_boot INTEGER;

-- Rows that were removed: since the audit was last told, and ever.
CREATE TABLE removals (
  kind   TEXT    PRIMARY KEY,
  untold INTEGER NOT NULL CHECK (untold >= 0),
  ever   INTEGER NOT NULL CHECK (ever >= 0)
) STRICT, WITHOUT ROWID;
