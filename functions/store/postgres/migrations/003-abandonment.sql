-- Abandoned carts: the state of the second consumer, its incidents, and the outbox of its offers.

-- The group's mapping has a filter: offsets that it was not given are none of its business.
ALTER TABLE consumer_group ADD COLUMN is_filtered boolean NOT NULL DEFAULT false;

-- One that serves for each group, and at times one that is being rebuilt beside it.
CREATE TABLE abandonment_state (
  id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  group_id     integer NOT NULL,
  serves       boolean NOT NULL,
  -- Of the topic; null while nobody has counted them.
  partitions   integer,
  watermark_ms bigint,
  settled_ms   bigint,
  shoppers     bigint NOT NULL DEFAULT 0,
  late         bigint NOT NULL DEFAULT 0,
  decided      bigint NOT NULL DEFAULT 0,
  abandoned    bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX abandonment_state_serving ON abandonment_state (group_id) WHERE serves;

CREATE TABLE abandonment_clock (
  state_id  integer NOT NULL,
  partition integer NOT NULL,
  clock_ms  bigint NOT NULL,
  PRIMARY KEY (state_id, partition)
) WITH (fillfactor = 50);

-- look_ms: nothing of the user falls due before it. runs: see abandonment-rows.ts.
CREATE TABLE abandonment_shopper (
  state_id integer NOT NULL,
  user_id  bigint NOT NULL,
  look_ms  bigint NOT NULL,
  runs     text COLLATE "C" NOT NULL,
  PRIMARY KEY (state_id, user_id)
) WITH (fillfactor = 70);
CREATE INDEX abandonment_shopper_due ON abandonment_shopper (state_id, look_ms, user_id);

CREATE TABLE abandonment_region (
  state_id integer NOT NULL,
  region   text COLLATE "C" NOT NULL,
  -- JSON
  windows  text COLLATE "C" NOT NULL,
  PRIMARY KEY (state_id, region)
) WITH (fillfactor = 50);

CREATE TABLE abandonment_incident (
  state_id  integer NOT NULL,
  id        text COLLATE "C" NOT NULL,
  opened_ms bigint NOT NULL,
  closed_ms bigint,
  -- JSON
  incident  text COLLATE "C" NOT NULL,
  PRIMARY KEY (state_id, id)
);

-- withheld: found by a rebuild, of a past that no offer can reach any more.
CREATE TABLE abandonment_offer (
  group_id     integer NOT NULL,
  offer_id     text COLLATE "C" NOT NULL,
  incident_id  text COLLATE "C" NOT NULL,
  user_id      bigint NOT NULL,
  region       text COLLATE "C" NOT NULL,
  deadline_ms  bigint NOT NULL,
  decided_ms   bigint NOT NULL,
  published_ms bigint,
  withheld     boolean NOT NULL,
  PRIMARY KEY (group_id, offer_id)
);
CREATE INDEX abandonment_offer_waiting ON abandonment_offer (group_id, decided_ms)
  WHERE published_ms IS NULL AND NOT withheld;
CREATE INDEX abandonment_offer_published ON abandonment_offer (group_id, published_ms) WHERE published_ms IS NOT NULL;
CREATE INDEX abandonment_offer_of_incident ON abandonment_offer (group_id, incident_id, published_ms);
CREATE INDEX abandonment_offer_of_user ON abandonment_offer (user_id);

-- The idle timer's firings: when a partition was read up to this offset, its clock was raised.
CREATE TABLE abandonment_firing (
  source_id integer NOT NULL,
  at_offset bigint NOT NULL,
  clock_ms  bigint NOT NULL,
  PRIMARY KEY (source_id, at_offset)
);
