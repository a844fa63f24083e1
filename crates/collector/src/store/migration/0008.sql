-- How large the cluster is, as a health report tells: what two clusters under one id are told apart by.
ALTER TABLE report ADD COLUMN nodes INTEGER;

-- What a reporter said of that when it spoke for the same hour again.
CREATE TABLE report_repeat (
    hour     INTEGER NOT NULL,
    cluster  INTEGER NOT NULL REFERENCES cluster (id),
    reporter BLOB NOT NULL,
    nodes    INTEGER NOT NULL,
    PRIMARY KEY (hour, cluster, reporter)
) STRICT, WITHOUT ROWID;

-- Clusters that something is wrong with on a day of their reports: `clone`, two go by one id.
CREATE TABLE cluster_flag (
    day     INTEGER NOT NULL,
    cluster INTEGER NOT NULL REFERENCES cluster (id),
    flag    TEXT NOT NULL,
    PRIMARY KEY (day, cluster, flag)
) STRICT, WITHOUT ROWID;
