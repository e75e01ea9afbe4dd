-- Where in the sequence a partition's events lie: at most one mark for each batch, and few where batches are small.
CREATE TABLE place_mark (
  source_id     integer NOT NULL,
  epoch         integer NOT NULL,
  record_offset bigint NOT NULL,
  seq           bigint NOT NULL,
  PRIMARY KEY (source_id, epoch, record_offset)
);

-- Every 128th of what is here already.
INSERT INTO place_mark SELECT source_id, epoch, record_offset, seq FROM event WHERE seq % 128 = 1 ON CONFLICT DO NOTHING;
