-- How far the clocks of senders are off: how many requests at most so many seconds (negative where ahead of ours), by day of receipt.
CREATE TABLE drift (
    day      INTEGER NOT NULL,
    seconds  INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    PRIMARY KEY (day, seconds)
) STRICT, WITHOUT ROWID;
