-- How many events each hour of a generation of figures counts: whether its figures have changed is seen by one row.
CREATE TABLE hour_count (
  group_id INTEGER NOT NULL,
  hour     INTEGER NOT NULL,
  events   INTEGER NOT NULL,
  PRIMARY KEY (group_id, hour)
) STRICT, WITHOUT ROWID;

INSERT INTO hour_count SELECT group_id, hour, sum(events) FROM event_hour GROUP BY group_id, hour;
