-- The last messages of each outcome that is neither accepted nor suppressed, and of each violation of the plan: names, and nothing of
-- the content. `place` goes round, `number` goes on. `subjects` are the keyed hashes of whom it is about, 16 bytes each.
CREATE TABLE outcome_sample (
    reason     TEXT NOT NULL,
    place      INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    received   INTEGER NOT NULL,
    key        INTEGER NOT NULL,
    event      TEXT NOT NULL,
    message_id TEXT NOT NULL,
    hint       TEXT NOT NULL,
    subjects   BLOB NOT NULL,
    PRIMARY KEY (reason, place)
) STRICT, WITHOUT ROWID;
