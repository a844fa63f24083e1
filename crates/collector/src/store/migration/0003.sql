-- Names that sums are kept by, and editions, by number. A number is never given out twice: sums that are under way may still hold it.
CREATE TABLE term (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    text TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE edition (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    version  TEXT NOT NULL,
    provider TEXT NOT NULL,
    variant  TEXT NOT NULL,
    UNIQUE (version, provider, variant)
) STRICT;

-- What the messages of a cluster that count add up to, by the UTC day of their corrected time. The cluster 0 stands for messages of
-- no cluster.
CREATE TABLE cluster_day (
    day     INTEGER NOT NULL,
    cluster INTEGER NOT NULL,
    sums    BLOB NOT NULL,
    PRIMARY KEY (day, cluster)
) STRICT, WITHOUT ROWID;
