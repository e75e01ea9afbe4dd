-- Abandoned carts: the state of the second consumer, its incidents, and the outbox of its offers.

-- The group's mapping has a filter: offsets that it was not given are none of its business.
ALTER TABLE consumer_group ADD COLUMN is_filtered INTEGER NOT NULL DEFAULT 0;

-- One that serves for each group, and at times one that is being rebuilt beside it.
CREATE TABLE abandonment_state (
  id           INTEGER PRIMARY KEY,
  group_id     INTEGER NOT NULL,
  serves       INTEGER NOT NULL,
  -- Of the topic; null while nobody has counted them.
  partitions   INTEGER,
  watermark_ms INTEGER,
  settled_ms   INTEGER,
  shoppers     INTEGER NOT NULL DEFAULT 0,
  late         INTEGER NOT NULL DEFAULT 0,
  decided      INTEGER NOT NULL DEFAULT 0,
  abandoned    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX abandonment_state_serving ON abandonment_state (group_id) WHERE serves = 1;

CREATE TABLE abandonment_clock (
  state_id  INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  clock_ms  INTEGER NOT NULL,
  PRIMARY KEY (state_id, partition)
) STRICT, WITHOUT ROWID;

-- look_ms: nothing of the user falls due before it. runs: see abandonment-rows.ts.
CREATE TABLE abandonment_shopper (
  state_id INTEGER NOT NULL,
  user_id  INTEGER NOT NULL,
  look_ms  INTEGER NOT NULL,
  runs     TEXT NOT NULL,
  PRIMARY KEY (state_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX abandonment_shopper_due ON abandonment_shopper (state_id, look_ms, user_id);

CREATE TABLE abandonment_region (
  state_id INTEGER NOT NULL,
  region   TEXT NOT NULL,
  -- JSON
  windows  TEXT NOT NULL,
  PRIMARY KEY (state_id, region)
) STRICT, WITHOUT ROWID;

CREATE TABLE abandonment_incident (
  state_id  INTEGER NOT NULL,
  id        TEXT NOT NULL,
  opened_ms INTEGER NOT NULL,
  closed_ms INTEGER,
  -- JSON
  incident  TEXT NOT NULL,
  PRIMARY KEY (state_id, id)
) STRICT, WITHOUT ROWID;

-- withheld: found by a rebuild, of a past that no offer can reach any more.
CREATE TABLE abandonment_offer (
  group_id     INTEGER NOT NULL,
  offer_id     TEXT NOT NULL,
  incident_id  TEXT NOT NULL,
  user_id      INTEGER NOT NULL,
  region       TEXT NOT NULL,
  deadline_ms  INTEGER NOT NULL,
  decided_ms   INTEGER NOT NULL,
  published_ms INTEGER,
  withheld     INTEGER NOT NULL,
  PRIMARY KEY (group_id, offer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX abandonment_offer_waiting ON abandonment_offer (group_id, decided_ms)
  WHERE published_ms IS NULL AND withheld = 0;
CREATE INDEX abandonment_offer_published ON abandonment_offer (group_id, published_ms) WHERE published_ms IS NOT NULL;
CREATE INDEX abandonment_offer_of_incident ON abandonment_offer (group_id, incident_id, published_ms);
CREATE INDEX abandonment_offer_of_user ON abandonment_offer (user_id);

-- The idle timer's firings: when a partition was read up to this offset, its clock was raised.
CREATE TABLE abandonment_firing (
  source_id INTEGER NOT NULL,
  at_offset INTEGER NOT NULL,
  clock_ms  INTEGER NOT NULL,
  PRIMARY KEY (source_id, at_offset)
) STRICT, WITHOUT ROWID;
