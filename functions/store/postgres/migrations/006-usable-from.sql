-- A deploy changes the schema while programs of the release before it still run. They go on with a schema that is newer
-- than they are as long as this is not above their own number. A migration that takes away what an older program needs
-- sets it to its own number, and comes a release after the program that does without.
ALTER TABLE schema_version ADD COLUMN usable_from integer NOT NULL DEFAULT 6;
