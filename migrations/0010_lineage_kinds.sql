-- The kinds of events, compared one after another. For a list SQLite builds a table of its members each time that it checks a row, and every refresh
-- writes one: that cost more than to write the row.

ALTER TABLE lineage RENAME TO lineage_before;

CREATE TABLE lineage (
  session_id INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  kind       TEXT    NOT NULL
             CHECK (kind = 'rotate' OR kind = 'retry' OR kind = 'start' OR kind = 'end' OR kind = 'straggler' OR kind = 'reuse'),
  generation INTEGER NOT NULL,               -- rotate: the one made; otherwise: the one presented or present
  at         INTEGER NOT NULL,
  steady     INTEGER NOT NULL,
  boot       INTEGER NOT NULL,
  address    TEXT,
  agent      INTEGER NOT NULL REFERENCES user_agents (id),
  PRIMARY KEY (session_id, position)
) STRICT, WITHOUT ROWID;

INSERT INTO lineage (session_id, position, kind, generation, at, steady, boot, address, agent)
SELECT session_id, position, kind, generation, at, steady, boot, address, agent
FROM lineage_before
ORDER BY session_id, position;

DROP TABLE lineage_before;
