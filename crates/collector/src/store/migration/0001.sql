-- Times are milliseconds since 1970-01-01T00Z, hours and days are counted from then.

-- Write keys. Only a hash is kept, and a prefix for people to tell them apart.
CREATE TABLE key (
    id      INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL,
    name    TEXT NOT NULL,
    prefix  TEXT NOT NULL,
    digest  BLOB NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    revoked INTEGER
) STRICT;

-- Single numbers. `keys` grows with every change of the keys; `probe` is written to see whether writing works.
CREATE TABLE gauge (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO gauge (name, value) VALUES ('keys', 0), ('probe', 0);

-- What was accepted, as it came: the records of one commit, compressed together.
CREATE TABLE batch (
    id       INTEGER PRIMARY KEY,
    received INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    size     INTEGER NOT NULL,
    records  BLOB NOT NULL
) STRICT;

-- The ids of the messages of one commit, sorted, 16 bytes each; until their hour is over and they are merged into blocks.
CREATE TABLE fresh_ids (
    batch INTEGER PRIMARY KEY,
    hour  INTEGER NOT NULL,
    ids   BLOB NOT NULL
) STRICT;
CREATE INDEX fresh_ids_by_hour ON fresh_ids (hour);

-- Blocks of sorted ids of one hour of receipt. The blocks of one run do not overlap, so one look-up reads one block a run.
CREATE TABLE id_block (
    id    INTEGER PRIMARY KEY,
    hour  INTEGER NOT NULL,
    run   INTEGER NOT NULL,
    first BLOB NOT NULL,
    ids   BLOB NOT NULL
) STRICT;
CREATE INDEX id_block_by_run ON id_block (hour, run, first);

-- The clusters and the reporter that spoke first for each.
CREATE TABLE cluster (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    reporter BLOB NOT NULL,
    created  INTEGER NOT NULL
) STRICT;

CREATE TABLE event (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- The time line: which report was received for which hour, from whom. One of a slot counts. By hour first, so that what arrives
-- together lies together and what grows old together is deleted together.
CREATE TABLE report (
    hour     INTEGER NOT NULL,
    cluster  INTEGER NOT NULL REFERENCES cluster (id),
    event    INTEGER NOT NULL REFERENCES event (id),
    part     INTEGER NOT NULL,
    reporter BLOB NOT NULL,
    counts   INTEGER NOT NULL,
    digest   INTEGER NOT NULL,
    received INTEGER NOT NULL,
    batch    INTEGER NOT NULL,
    PRIMARY KEY (hour, cluster, event, part, reporter)
) STRICT, WITHOUT ROWID;

-- How many messages had which outcome, by day of receipt and key.
CREATE TABLE outcome (
    day   INTEGER NOT NULL,
    key   INTEGER NOT NULL,
    name  TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (day, key, name)
) STRICT, WITHOUT ROWID;
