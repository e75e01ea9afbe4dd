-- Whose turn it is to move the write-ahead log into the file; see checkpoint.ts. One row.
CREATE TABLE checkpoint_turn (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  until_ms INTEGER NOT NULL
) STRICT;
INSERT INTO checkpoint_turn VALUES (1, 0);
