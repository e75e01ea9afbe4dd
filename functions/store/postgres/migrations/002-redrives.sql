-- Dead letters as work: where each stands, and the attempts at them. And identities whose dead letter is gone.

ALTER TABLE dead_letter
  ADD COLUMN state text COLLATE "C" NOT NULL DEFAULT 'open',
  -- How often its record was sent again.
  ADD COLUMN attempts integer NOT NULL DEFAULT 0,
  ADD COLUMN settled_ms bigint,
  ADD COLUMN settled_by text,
  ADD COLUMN settled_why text;
CREATE INDEX dead_letter_by_state ON dead_letter (group_id, state, code, seq);

-- Of dead_letters: records of attempts that failed again. They have no row of their own.
ALTER TABLE account ADD COLUMN failed_attempts bigint NOT NULL DEFAULT 0;

CREATE TABLE redrive (
  id            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  group_id      integer NOT NULL,
  requested_by  text NOT NULL,
  requested_ms  bigint NOT NULL,
  selection     text NOT NULL,
  per_second    integer NOT NULL,
  -- running, sent or cancelled
  state         text COLLATE "C" NOT NULL,
  finished_ms   bigint,
  cancelled_by  text,
  trouble       text,
  -- Who advances it, and until when nobody else may.
  holder        text,
  held_until_ms bigint NOT NULL DEFAULT 0
);
CREATE INDEX redrive_running ON redrive (id) WHERE state = 'running';
CREATE INDEX redrive_by_age ON redrive (requested_ms);

-- One sending of one dead letter. redrive_id is null where another group redrove the record.
CREATE TABLE attempt (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  group_id      integer NOT NULL,
  seq           bigint NOT NULL,
  redrive_id    integer,
  number        integer,
  -- In the record's header; null until it is issued.
  token         text COLLATE "C",
  -- waiting, issued, sent, stored, duplicate, noise, failed, gone or cancelled
  state         text COLLATE "C" NOT NULL,
  -- What is sent instead of the record's own value, until it came back.
  value         bytea,
  issued_ms     bigint,
  settled_ms    bigint,
  -- Why it failed again, and the record that did.
  code          text COLLATE "C",
  reason        text,
  source_id     integer,
  record_offset bigint,
  record_ms     bigint
);
CREATE UNIQUE INDEX attempt_by_token ON attempt (token, group_id) WHERE token IS NOT NULL;
CREATE INDEX attempt_by_seq ON attempt (group_id, seq);
CREATE INDEX attempt_by_redrive ON attempt (redrive_id, state, seq);

-- Identities whose dead letter is gone: the only ones that may go, so the only ones that expiry has to look at.
CREATE TABLE orphan_identity (
  source_id     integer NOT NULL,
  record_offset bigint NOT NULL,
  record_ms     bigint NOT NULL,
  value_hash    bytea NOT NULL,
  PRIMARY KEY (source_id, record_offset, record_ms, value_hash)
);
INSERT INTO orphan_identity
  SELECT source_id, record_offset, record_ms, value_hash FROM dead_letter_identity AS known
  JOIN source ON source.id = source_id
  WHERE NOT EXISTS (SELECT FROM dead_letter WHERE group_id = source.group_id AND seq = known.seq);
