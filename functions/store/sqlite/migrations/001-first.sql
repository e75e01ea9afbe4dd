-- The first schema. This file never changes: what comes later is a file of its own.

CREATE TABLE consumer_group (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  -- The last number given to an event or a dead letter of this group. Kept apart from the rows, so that no number comes
  -- twice when rows go.
  seq  INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A partition of a topic as one group reads it.
CREATE TABLE source (
  id        INTEGER PRIMARY KEY,
  group_id  INTEGER NOT NULL,
  topic     TEXT NOT NULL,
  partition INTEGER NOT NULL,
  UNIQUE (group_id, topic, partition)
) STRICT;

-- stored + duplicates + noise + dead_letters = the offsets in the account's ranges.
CREATE TABLE account (
  id           INTEGER PRIMARY KEY,
  source_id    INTEGER NOT NULL,
  epoch        INTEGER NOT NULL,
  stored       INTEGER NOT NULL DEFAULT 0,
  duplicates   INTEGER NOT NULL DEFAULT 0,
  noise        INTEGER NOT NULL DEFAULT 0,
  dead_letters INTEGER NOT NULL DEFAULT 0,
  redelivered  INTEGER NOT NULL DEFAULT 0,
  UNIQUE (source_id, epoch)
) STRICT;

-- Accounted offsets as ranges [from_offset, to_offset) that neither overlap nor touch. A row each, because a topic with
-- transactions has a hole at every commit and their number grows.
CREATE TABLE accounted_range (
  account_id  INTEGER NOT NULL,
  from_offset INTEGER NOT NULL,
  to_offset   INTEGER NOT NULL,
  PRIMARY KEY (account_id, from_offset)
) STRICT, WITHOUT ROWID;

-- Events and dead letters share their group's seq, so both are appended to and need no index but their key.
CREATE TABLE event (
  group_id         INTEGER NOT NULL,
  seq              INTEGER NOT NULL,
  account_id       INTEGER NOT NULL,
  record_offset    INTEGER NOT NULL,
  record_ms        INTEGER NOT NULL,
  arrived_ms       INTEGER NOT NULL,
  event_ms         INTEGER NOT NULL,
  event_id         TEXT NOT NULL,
  event_type       TEXT NOT NULL,
  user_id          INTEGER NOT NULL,
  product_id       INTEGER,
  amount           REAL NOT NULL,
  amount_cents     INTEGER NOT NULL,
  amount_bucket    TEXT NOT NULL,
  is_revenue_event INTEGER NOT NULL,
  region           TEXT,
  timestamp        TEXT NOT NULL,
  extra            TEXT,
  PRIMARY KEY (group_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letter (
  group_id      INTEGER NOT NULL,
  seq           INTEGER NOT NULL,
  account_id    INTEGER NOT NULL,
  record_offset INTEGER NOT NULL,
  record_ms     INTEGER NOT NULL,
  arrived_ms    INTEGER NOT NULL,
  code          TEXT NOT NULL,
  reason        TEXT NOT NULL,
  key           BLOB,
  value         BLOB,
  PRIMARY KEY (group_id, seq)
) STRICT, WITHOUT ROWID;

-- Identities outlive the rows they speak of, so they are kept apart. ids.ts says why in two tables.
-- event_id: 16 bytes for a lower-case UUID, else the text. content_hash: SHA-256 of the canonical event.
CREATE TABLE recent_id (
  group_id     INTEGER NOT NULL,
  event_id     ANY NOT NULL,
  content_hash BLOB NOT NULL,
  PRIMARY KEY (group_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sealed_id (
  run          INTEGER NOT NULL,
  group_id     INTEGER NOT NULL,
  event_id     ANY NOT NULL,
  content_hash BLOB NOT NULL,
  PRIMARY KEY (run, group_id, event_id)
) STRICT, WITHOUT ROWID;

-- The Bloom filters of runs 32 * id to 32 * id + 31: for each position 32 bits, one a run, little-endian.
CREATE TABLE sealed_id_filter (
  id   INTEGER PRIMARY KEY,
  bits BLOB NOT NULL
) STRICT;

-- One row: how many ids are recent, and how many runs are sealed.
CREATE TABLE id_state (
  id     INTEGER PRIMARY KEY CHECK (id = 1),
  recent INTEGER NOT NULL,
  runs   INTEGER NOT NULL
) STRICT;
INSERT INTO id_state VALUES (1, 0, 0);

-- value_hash: SHA-256 of the record's value; empty for a tombstone.
CREATE TABLE dead_letter_identity (
  source_id     INTEGER NOT NULL,
  record_offset INTEGER NOT NULL,
  record_ms     INTEGER NOT NULL,
  value_hash    BLOB NOT NULL,
  seq           INTEGER NOT NULL,
  PRIMARY KEY (source_id, record_offset, record_ms, value_hash)
) STRICT, WITHOUT ROWID;

-- By arrival: throughput and error rate.
CREATE TABLE arrival_second (
  group_id     INTEGER NOT NULL,
  second       INTEGER NOT NULL,
  events       INTEGER NOT NULL,
  dead_letters INTEGER NOT NULL,
  PRIMARY KEY (group_id, second)
) STRICT, WITHOUT ROWID;

-- By the events' own time: business figures. No region is '', which no event can carry.
CREATE TABLE event_minute (
  group_id      INTEGER NOT NULL,
  minute        INTEGER NOT NULL,
  event_type    TEXT NOT NULL,
  region        TEXT NOT NULL,
  amount_bucket TEXT NOT NULL,
  events        INTEGER NOT NULL,
  amount_cents  INTEGER NOT NULL,
  PRIMARY KEY (group_id, minute, event_type, region, amount_bucket)
) STRICT, WITHOUT ROWID;

-- lasting: the first of its minute, kept for a day; the others for two hours.
CREATE TABLE lag_sample (
  source_id        INTEGER NOT NULL,
  at               INTEGER NOT NULL,
  log_start_offset INTEGER NOT NULL,
  end_offset       INTEGER NOT NULL,
  committed_offset INTEGER,
  lasting          INTEGER NOT NULL,
  PRIMARY KEY (source_id, at)
) STRICT, WITHOUT ROWID;

-- The comparison of counters and rows, which goes on page by page. One row: where it stands, and the last whole pass.
CREATE TABLE sweep (
  id               INTEGER PRIMARY KEY CHECK (id = 1),
  -- JSON, or null between two passes: {"groupId", "table", "seq", "complaints"}
  position         TEXT,
  finished_ms      INTEGER,
  -- JSON: sentences found by the last whole pass.
  complaints       TEXT NOT NULL DEFAULT '[]'
) STRICT;
INSERT INTO sweep (id) VALUES (1);

-- What the counters said when the pass began, and what it has found so far up to the group's seq of that moment.
CREATE TABLE sweep_tally (
  account_id         INTEGER PRIMARY KEY,
  group_id           INTEGER NOT NULL,
  fence_seq          INTEGER NOT NULL,
  stored             INTEGER NOT NULL,
  dead_letters       INTEGER NOT NULL,
  events_found       INTEGER NOT NULL DEFAULT 0,
  dead_letters_found INTEGER NOT NULL DEFAULT 0
) STRICT;
