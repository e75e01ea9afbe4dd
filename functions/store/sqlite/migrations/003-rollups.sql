-- Business figures by the hour, which outlive those by the minute, and how many users there were.

CREATE TABLE event_hour (
  group_id      INTEGER NOT NULL,
  -- Whole hours since 1970, UTC.
  hour          INTEGER NOT NULL,
  event_type    TEXT NOT NULL,
  region        TEXT NOT NULL,
  amount_bucket TEXT NOT NULL,
  events        INTEGER NOT NULL,
  amount_cents  INTEGER NOT NULL,
  PRIMARY KEY (group_id, hour, event_type, region, amount_bucket)
) STRICT, WITHOUT ROWID;

-- % takes the sign of its left side, and hours before 1970 are negative.
INSERT INTO event_hour
  SELECT group_id, (minute - (minute % 60 + 60) % 60) / 60, event_type, region, amount_bucket,
    sum(events), sum(amount_cents)
  FROM event_minute GROUP BY 1, 2, 3, 4, 5;

-- sketch: see distinct-users.ts. Hours from before this table have none.
CREATE TABLE hour_users (
  group_id INTEGER NOT NULL,
  hour     INTEGER NOT NULL,
  sketch   BLOB NOT NULL,
  PRIMARY KEY (group_id, hour)
) STRICT, WITHOUT ROWID;
