-- Identities whose dead letter is gone: the only ones that may go, so the only ones that expiry has to look at.
CREATE TABLE orphan_identity (
  source_id     INTEGER NOT NULL,
  record_offset INTEGER NOT NULL,
  record_ms     INTEGER NOT NULL,
  value_hash    BLOB NOT NULL,
  PRIMARY KEY (source_id, record_offset, record_ms, value_hash)
) STRICT, WITHOUT ROWID;

INSERT INTO orphan_identity
  SELECT source_id, record_offset, record_ms, value_hash FROM dead_letter_identity AS known
  JOIN source ON source.id = source_id
  WHERE NOT EXISTS (SELECT 1 FROM dead_letter WHERE group_id = source.group_id AND seq = known.seq);
