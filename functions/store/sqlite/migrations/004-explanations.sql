-- Why offsets below the committed one are not accounted: ranges [from_offset, to_offset) that do not overlap.
CREATE TABLE explained_range (
  account_id  INTEGER NOT NULL,
  from_offset INTEGER NOT NULL,
  to_offset   INTEGER NOT NULL,
  reason      TEXT NOT NULL,
  PRIMARY KEY (account_id, from_offset)
) STRICT, WITHOUT ROWID;
