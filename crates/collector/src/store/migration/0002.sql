-- All reporters that have spoken for a cluster, by report or by event; without 16 bytes those that do not say who they are.
CREATE TABLE cluster_reporter (
    cluster  INTEGER NOT NULL REFERENCES cluster (id),
    reporter BLOB NOT NULL,
    created  INTEGER NOT NULL,
    PRIMARY KEY (cluster, reporter)
) STRICT, WITHOUT ROWID;
INSERT INTO cluster_reporter (cluster, reporter, created)
SELECT cluster, reporter, min(received) FROM report GROUP BY cluster, reporter;

-- Who is not kept any more. Nothing in here names anybody: all are keyed hashes, whose key is not in the database. `subject` is a
-- cluster, or a reporter of a cluster; `cluster` is the cluster in either case; `asker` is the reporter who asked.
CREATE TABLE suppression (
    subject BLOB PRIMARY KEY,
    cluster BLOB NOT NULL,
    asker   BLOB NOT NULL,
    asked   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX suppression_by_cluster ON suppression (cluster);

-- What the key of these hashes is recognised by: with another one nobody would be suppressed any more.
CREATE TABLE suppression_key (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    digest BLOB NOT NULL
) STRICT;

-- What is to be deleted: of a cluster, everything (`reporter` is null) or what one reporter sent, up to the batch `through`.
CREATE TABLE deletion (
    id       INTEGER PRIMARY KEY,
    cluster  INTEGER NOT NULL,
    reporter BLOB,
    through  INTEGER NOT NULL,
    asked    INTEGER NOT NULL,
    state    TEXT NOT NULL
) STRICT;

-- The bundles that were imported, for ever.
CREATE TABLE bundle (
    sha256   TEXT PRIMARY KEY,
    imported INTEGER NOT NULL,
    messages INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
