-- Rows that go: by age and size, with their user, and ids once nothing can bring their event back.

-- Rows that were removed on purpose. stored = rows kept + expired + erased, and the same for dead letters.
ALTER TABLE account ADD COLUMN expired_events INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN erased_events INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN expired_dead_letters INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN erased_dead_letters INTEGER NOT NULL DEFAULT 0;

-- The trail of erasures. group_id and seq say how far one has come; finished_ms is null until it has ended.
CREATE TABLE erasure (
  id           INTEGER PRIMARY KEY,
  user_id      INTEGER NOT NULL,
  requested_by TEXT NOT NULL,
  requested_ms INTEGER NOT NULL,
  finished_ms  INTEGER,
  position     TEXT NOT NULL DEFAULT '{"groupId":0,"table":"event","seq":0}',
  events       INTEGER NOT NULL DEFAULT 0,
  dead_letters INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The highest offset whose id is among the recent ones, by partition.
CREATE TABLE recent_id_source (
  source_id  INTEGER PRIMARY KEY,
  offset_max INTEGER NOT NULL
) STRICT;

-- The same for each sealed run: it can go when every partition has passed its offset.
CREATE TABLE sealed_run_source (
  run        INTEGER NOT NULL,
  source_id  INTEGER NOT NULL,
  offset_max INTEGER NOT NULL,
  PRIMARY KEY (run, source_id)
) STRICT, WITHOUT ROWID;

-- Ids that a kept ID_CONFLICT speaks of: they outlive their run. seq is the dead letter's.
CREATE TABLE conflict_id (
  group_id INTEGER NOT NULL,
  event_id ANY NOT NULL,
  seq      INTEGER NOT NULL,
  PRIMARY KEY (group_id, event_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX conflict_id_by_seq ON conflict_id (group_id, seq);

-- Of ids that are here already it is not known where they came from: at most from the last accounted offset.
INSERT INTO recent_id_source
  SELECT source_id, max(to_offset) FROM account JOIN accounted_range ON account_id = account.id GROUP BY source_id;
INSERT INTO sealed_run_source
  WITH RECURSIVE sealed(run) AS (
    SELECT 0 FROM id_state WHERE runs > 0
    UNION ALL SELECT run + 1 FROM sealed WHERE run + 1 < (SELECT runs FROM id_state)
  )
  SELECT run, source_id, offset_max FROM sealed CROSS JOIN recent_id_source;
