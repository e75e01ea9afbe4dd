-- Generations of figures. A group's figures are under figures_id in event_minute, event_hour and hour_users (null: the
-- group's own id); while they are rebuilt, live writes go to next_figures_id as well. See rebuilds.ts.
ALTER TABLE consumer_group ADD COLUMN figures_id integer, ADD COLUMN next_figures_id integer;

-- The new generation is -2 * id, and what was left out of it -2 * id - 1: no group's id is negative.
CREATE TABLE rebuild (
  id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  group_id     integer NOT NULL,
  requested_by text NOT NULL,
  requested_ms bigint NOT NULL,
  -- running, finished or given up
  state        text COLLATE "C" NOT NULL,
  finished_ms  bigint,
  events       bigint NOT NULL DEFAULT 0,
  erased       bigint NOT NULL DEFAULT 0
);

-- Which events a running rebuild has counted, or left out; under the number of what was left out. id: see id-key.ts.
CREATE TABLE rebuild_id (
  figures_id integer NOT NULL,
  id         bytea NOT NULL,
  PRIMARY KEY (figures_id, id)
);

-- Generations that nobody reads any more; their rows go in small steps.
CREATE TABLE stale_figures (
  figures_id integer PRIMARY KEY
);
