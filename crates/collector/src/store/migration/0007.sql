-- How much may be kept in a day of what comes with a key: null as configured, -1 without limit.
ALTER TABLE key ADD COLUMN bytes_per_day INTEGER;
ALTER TABLE key ADD COLUMN messages_per_day INTEGER;

-- How much was kept, by day of receipt.
CREATE TABLE key_usage (
    day      INTEGER NOT NULL,
    key      INTEGER NOT NULL,
    bytes    INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (day, key)
) STRICT, WITHOUT ROWID;
