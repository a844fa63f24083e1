-- How many messages that are kept differ in which way from the plan, by day of receipt and key.
CREATE TABLE violation (
    day   INTEGER NOT NULL,
    key   INTEGER NOT NULL,
    name  TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (day, key, name)
) STRICT, WITHOUT ROWID;
