-- What was last said of a unit in a version, where there was enough to say anything.
CREATE TABLE verdict (
    version TEXT NOT NULL,
    unit    TEXT NOT NULL,
    verdict TEXT NOT NULL,
    PRIMARY KEY (version, unit)
) STRICT, WITHOUT ROWID;

-- The revision of the judge that said so, none before the first judgement; and what the feed of changes is called, for ever.
CREATE TABLE verdict_judge (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER,
    feed     BLOB NOT NULL,
    began    INTEGER NOT NULL
) STRICT;
INSERT INTO verdict_judge (id, feed, began) VALUES (1, randomblob(16), unixepoch() * 1000);

-- What changed in what is said, in the order in which that was noticed. `numbers` are those beside the verdict, as JSON.
CREATE TABLE verdict_change (
    id      INTEGER PRIMARY KEY,
    uuid    BLOB NOT NULL UNIQUE,
    noticed INTEGER NOT NULL,
    day     INTEGER NOT NULL,
    version TEXT NOT NULL,
    unit    TEXT NOT NULL,
    before  TEXT NOT NULL,
    after   TEXT NOT NULL,
    numbers TEXT NOT NULL
) STRICT;

-- Changes that the webhook has not taken yet: how often it was tried, and when it is tried again.
CREATE TABLE webhook_outbox (
    change INTEGER PRIMARY KEY REFERENCES verdict_change,
    tries  INTEGER NOT NULL,
    due    INTEGER NOT NULL
) STRICT;

-- The SHA-256 of the URL that said it is gone: nothing is sent there.
CREATE TABLE webhook_gone (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    url BLOB NOT NULL
) STRICT;
