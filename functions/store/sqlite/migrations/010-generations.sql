-- Generations of figures. A group's figures are under figures_id in event_minute, event_hour and hour_users (null: the
-- group's own id); while they are rebuilt, live writes go to next_figures_id as well. See rebuilds.ts.
ALTER TABLE consumer_group ADD COLUMN figures_id INTEGER;
ALTER TABLE consumer_group ADD COLUMN next_figures_id INTEGER;

-- The new generation is -2 * id, and what was left out of it -2 * id - 1: no group's id is negative.
CREATE TABLE rebuild (
  id           INTEGER PRIMARY KEY,
  group_id     INTEGER NOT NULL,
  requested_by TEXT NOT NULL,
  requested_ms INTEGER NOT NULL,
  -- running, finished or given up
  state        TEXT NOT NULL,
  finished_ms  INTEGER,
  events       INTEGER NOT NULL DEFAULT 0,
  erased       INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Which events a running rebuild has counted.
CREATE TABLE rebuild_id (
  figures_id INTEGER NOT NULL,
  event_id   ANY NOT NULL,
  PRIMARY KEY (figures_id, event_id)
) STRICT, WITHOUT ROWID;

-- Generations that nobody reads any more; their rows go in small steps.
CREATE TABLE stale_figures (
  figures_id INTEGER PRIMARY KEY
) STRICT;
