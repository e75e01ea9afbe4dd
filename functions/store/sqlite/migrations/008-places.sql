-- Where in the sequence a partition's events lie: at most one mark for each batch, and few where batches are small.
CREATE TABLE place_mark (
  account_id    INTEGER NOT NULL,
  record_offset INTEGER NOT NULL,
  seq           INTEGER NOT NULL,
  PRIMARY KEY (account_id, record_offset)
) STRICT, WITHOUT ROWID;

-- Every 128th of what is here already.
INSERT INTO place_mark SELECT account_id, record_offset, seq FROM event WHERE seq % 128 = 1 ON CONFLICT DO NOTHING;
