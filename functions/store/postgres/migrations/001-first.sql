-- The first schema, made inside a schema of the database that is Freshet's own. This file never changes: what comes
-- later is a file of its own. COLLATE "C": names are compared and ordered by their characters, whatever the database
-- was made with.

CREATE TABLE consumer_group (
  id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  -- The last number given to an event or a dead letter of this group. Kept apart from the rows, so that no number comes
  -- twice when rows go. A batch locks this row from its first statement to its commit, so numbers are given in the order
  -- of commits and without gaps.
  seq  bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- A partition of a topic as one group reads it.
CREATE TABLE source (
  id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  group_id  integer NOT NULL,
  topic     text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  UNIQUE (group_id, topic, partition)
);

-- stored + duplicates + noise + dead_letters = the offsets in the account's ranges.
-- stored = event rows kept + expired + erased, and the same for dead letters.
CREATE TABLE account (
  source_id            integer NOT NULL,
  epoch                integer NOT NULL,
  stored               bigint NOT NULL DEFAULT 0,
  duplicates           bigint NOT NULL DEFAULT 0,
  noise                bigint NOT NULL DEFAULT 0,
  dead_letters         bigint NOT NULL DEFAULT 0,
  redelivered          bigint NOT NULL DEFAULT 0,
  expired_events       bigint NOT NULL DEFAULT 0,
  erased_events        bigint NOT NULL DEFAULT 0,
  expired_dead_letters bigint NOT NULL DEFAULT 0,
  erased_dead_letters  bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (source_id, epoch)
) WITH (fillfactor = 50);

-- Accounted offsets as ranges [from_offset, to_offset) that neither overlap nor touch. A row each, because a topic with
-- transactions has a hole at every commit and their number grows.
CREATE TABLE accounted_range (
  source_id   integer NOT NULL,
  epoch       integer NOT NULL,
  from_offset bigint NOT NULL,
  to_offset   bigint NOT NULL,
  PRIMARY KEY (source_id, epoch, from_offset)
) WITH (fillfactor = 50);

-- Why offsets below the committed one are not accounted: ranges [from_offset, to_offset) that do not overlap.
CREATE TABLE explained_range (
  source_id   integer NOT NULL,
  epoch       integer NOT NULL,
  from_offset bigint NOT NULL,
  to_offset   bigint NOT NULL,
  reason      text COLLATE "C" NOT NULL,
  PRIMARY KEY (source_id, epoch, from_offset)
);

-- Events and dead letters share their group's seq, so both are appended to and need no index but their key.
CREATE TABLE event (
  group_id         integer NOT NULL,
  source_id        integer NOT NULL,
  seq              bigint NOT NULL,
  record_offset    bigint NOT NULL,
  record_ms        bigint NOT NULL,
  arrived_ms       bigint NOT NULL,
  event_ms         bigint NOT NULL,
  user_id          bigint NOT NULL,
  product_id       bigint,
  amount           double precision NOT NULL,
  amount_cents     bigint NOT NULL,
  epoch            integer NOT NULL,
  is_revenue_event boolean NOT NULL,
  event_id         text NOT NULL,
  event_type       text COLLATE "C" NOT NULL,
  amount_bucket    text COLLATE "C" NOT NULL,
  region           text,
  timestamp        text NOT NULL,
  -- JSON as text: jsonb refuses the escaped NUL that JSON may carry, and would reorder keys.
  extra            text,
  PRIMARY KEY (group_id, seq)
);

CREATE TABLE dead_letter (
  group_id      integer NOT NULL,
  source_id     integer NOT NULL,
  seq           bigint NOT NULL,
  record_offset bigint NOT NULL,
  record_ms     bigint NOT NULL,
  arrived_ms    bigint NOT NULL,
  epoch         integer NOT NULL,
  code          text COLLATE "C" NOT NULL,
  reason        text NOT NULL,
  key           bytea,
  value         bytea,
  PRIMARY KEY (group_id, seq)
);

-- Identities outlive the rows they speak of, so they are kept apart.
-- id: the id's bytes behind one byte that says what they are; see id-key.ts. content_hash: SHA-256 of the canonical event.
CREATE TABLE event_identity (
  group_id      integer NOT NULL,
  source_id     integer NOT NULL,
  record_offset bigint NOT NULL,
  id            bytea NOT NULL,
  content_hash  bytea NOT NULL,
  PRIMARY KEY (group_id, id)
);
-- An id can go when the topic's log has passed its record.
CREATE INDEX event_identity_by_place ON event_identity (source_id, record_offset);

-- Where else a known id was met: each of these records can bring it back. The last one of a partition is kept.
CREATE TABLE duplicate_place (
  group_id      integer NOT NULL,
  id            bytea NOT NULL,
  source_id     integer NOT NULL,
  record_offset bigint NOT NULL,
  PRIMARY KEY (group_id, id, source_id)
);

-- Ids that a kept ID_CONFLICT speaks of; seq is the dead letter's.
CREATE TABLE conflict_id (
  group_id integer NOT NULL,
  seq      bigint NOT NULL,
  id       bytea NOT NULL,
  PRIMARY KEY (group_id, seq)
);
CREATE INDEX conflict_id_by_id ON conflict_id (group_id, id);

-- value_hash: SHA-256 of the record's value; empty for a tombstone.
CREATE TABLE dead_letter_identity (
  source_id     integer NOT NULL,
  record_offset bigint NOT NULL,
  record_ms     bigint NOT NULL,
  value_hash    bytea NOT NULL,
  seq           bigint NOT NULL,
  PRIMARY KEY (source_id, record_offset, record_ms, value_hash)
);

-- By arrival: throughput and error rate.
CREATE TABLE arrival_second (
  group_id     integer NOT NULL,
  second       bigint NOT NULL,
  events       bigint NOT NULL,
  dead_letters bigint NOT NULL,
  PRIMARY KEY (group_id, second)
) WITH (fillfactor = 70);

-- By the events' own time: business figures. No region is '', which no event can carry.
CREATE TABLE event_minute (
  group_id      integer NOT NULL,
  minute        bigint NOT NULL,
  event_type    text COLLATE "C" NOT NULL,
  region        text COLLATE "C" NOT NULL,
  amount_bucket text COLLATE "C" NOT NULL,
  events        bigint NOT NULL,
  amount_cents  bigint NOT NULL,
  PRIMARY KEY (group_id, minute, event_type, region, amount_bucket)
) WITH (fillfactor = 70);

-- The same by whole hours since 1970, UTC: they outlive the minutes.
CREATE TABLE event_hour (
  group_id      integer NOT NULL,
  hour          bigint NOT NULL,
  event_type    text COLLATE "C" NOT NULL,
  region        text COLLATE "C" NOT NULL,
  amount_bucket text COLLATE "C" NOT NULL,
  events        bigint NOT NULL,
  amount_cents  bigint NOT NULL,
  PRIMARY KEY (group_id, hour, event_type, region, amount_bucket)
) WITH (fillfactor = 70);

-- How many users there were in an hour; sketch: see distinct-users.ts.
CREATE TABLE hour_users (
  group_id integer NOT NULL,
  hour     bigint NOT NULL,
  sketch   bytea NOT NULL,
  PRIMARY KEY (group_id, hour)
);

-- lasting: the first of its minute, kept for 26 hours; the others for two hours.
CREATE TABLE lag_sample (
  source_id        integer NOT NULL,
  at               bigint NOT NULL,
  log_start_offset bigint NOT NULL,
  end_offset       bigint NOT NULL,
  committed_offset bigint,
  lasting          boolean NOT NULL,
  PRIMARY KEY (source_id, at)
);

-- The comparison of counters and rows, which goes on page by page. One row: where it stands, and the last whole pass.
CREATE TABLE sweep (
  id          integer PRIMARY KEY CHECK (id = 1),
  -- JSON, or null between two passes: {"groupId", "table", "seq", "complaints"}
  position    text,
  finished_ms bigint,
  -- JSON: sentences found by the last whole pass.
  complaints  text NOT NULL DEFAULT '[]'
);
INSERT INTO sweep (id) VALUES (1);

-- What the counters said when the pass began, and what it has found so far up to the group's seq of that moment.
CREATE TABLE sweep_tally (
  source_id          integer NOT NULL,
  epoch              integer NOT NULL,
  group_id           integer NOT NULL,
  fence_seq          bigint NOT NULL,
  stored             bigint NOT NULL,
  dead_letters       bigint NOT NULL,
  events_found       bigint NOT NULL DEFAULT 0,
  dead_letters_found bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (source_id, epoch)
);

-- The trail of erasures. position says how far one has come, as the sweep's does; finished_ms is null until it has ended.
CREATE TABLE erasure (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id      bigint NOT NULL,
  requested_by text NOT NULL,
  requested_ms bigint NOT NULL,
  finished_ms  bigint,
  position     text NOT NULL DEFAULT '{"groupId":0,"table":"event","seq":0}',
  events       bigint NOT NULL DEFAULT 0,
  dead_letters bigint NOT NULL DEFAULT 0
);
