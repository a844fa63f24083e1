-- `suppressions` grows with every change of who is suppressed.
INSERT INTO gauge (name, value) VALUES ('suppressions', 0);

-- What is deleted: of whom (`kind`, `subject`; of a reporter, the cluster's id and `reporter`), as far as it lies in batches up to
-- `through`. `state` is `queued`, `running` or `done`; of what is done neither `subject` nor `reporter` is kept, but `receipt`.
ALTER TABLE deletion RENAME TO deletion_before;
CREATE TABLE deletion (
    id       INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL,
    subject  TEXT,
    reporter TEXT,
    hash     BLOB NOT NULL,
    through  INTEGER NOT NULL,
    asked    INTEGER NOT NULL,
    state    TEXT NOT NULL,
    messages INTEGER NOT NULL DEFAULT 0,
    reports  INTEGER NOT NULL DEFAULT 0,
    batches  INTEGER NOT NULL DEFAULT 0,
    finished INTEGER,
    receipt  TEXT
) STRICT;
CREATE INDEX deletion_by_state ON deletion (state) WHERE state <> 'done';
INSERT INTO deletion (id, kind, subject, reporter, hash, through, asked, state)
SELECT deletion_before.id, iif(deletion_before.reporter IS NULL, 'cluster', 'reporter'), name,
       lower(hex(deletion_before.reporter)), x'', through, asked, 'queued'
FROM deletion_before JOIN cluster ON cluster.id = deletion_before.cluster;
DROP TABLE deletion_before;
