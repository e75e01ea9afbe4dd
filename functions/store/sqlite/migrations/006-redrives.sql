-- Dead letters as work: where each stands, and the attempts at them.

ALTER TABLE dead_letter ADD COLUMN state TEXT NOT NULL DEFAULT 'open';
-- How often its record was sent again.
ALTER TABLE dead_letter ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dead_letter ADD COLUMN settled_ms INTEGER;
ALTER TABLE dead_letter ADD COLUMN settled_by TEXT;
ALTER TABLE dead_letter ADD COLUMN settled_why TEXT;
CREATE INDEX dead_letter_by_state ON dead_letter (group_id, state, code, seq);

-- Of dead_letters: records of attempts that failed again. They have no row of their own.
ALTER TABLE account ADD COLUMN failed_attempts INTEGER NOT NULL DEFAULT 0;

CREATE TABLE redrive (
  id            INTEGER PRIMARY KEY,
  group_id      INTEGER NOT NULL,
  requested_by  TEXT NOT NULL,
  requested_ms  INTEGER NOT NULL,
  selection     TEXT NOT NULL,
  per_second    INTEGER NOT NULL,
  -- running, sent or cancelled
  state         TEXT NOT NULL,
  finished_ms   INTEGER,
  cancelled_by  TEXT,
  trouble       TEXT,
  -- Who advances it, and until when nobody else may.
  holder        TEXT,
  held_until_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX redrive_running ON redrive (id) WHERE state = 'running';
CREATE INDEX redrive_by_age ON redrive (requested_ms);

-- One sending of one dead letter. redrive_id and number are null where another group redrove the record.
CREATE TABLE attempt (
  id            INTEGER PRIMARY KEY,
  group_id      INTEGER NOT NULL,
  seq           INTEGER NOT NULL,
  redrive_id    INTEGER,
  number        INTEGER,
  -- In the record's header; null until it is issued.
  token         TEXT,
  -- waiting, issued, sent, stored, duplicate, noise, failed, gone or cancelled
  state         TEXT NOT NULL,
  -- What is sent instead of the record's own value, until it came back.
  value         BLOB,
  issued_ms     INTEGER,
  settled_ms    INTEGER,
  -- Why it failed again, and the record that did.
  code          TEXT,
  reason        TEXT,
  source_id     INTEGER,
  record_offset INTEGER,
  record_ms     INTEGER
) STRICT;
CREATE UNIQUE INDEX attempt_by_token ON attempt (token, group_id) WHERE token IS NOT NULL;
CREATE INDEX attempt_by_seq ON attempt (group_id, seq);
CREATE INDEX attempt_by_redrive ON attempt (redrive_id, state, seq);
