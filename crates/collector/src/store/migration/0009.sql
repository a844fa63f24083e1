-- Until when the messages arrived that were dropped by age; 0 as long as none was.
INSERT INTO gauge (name, value) VALUES ('dropped', 0);

-- How far the deletions that are running are: `step` is what is being done, `position` the batch that was looked into last.
CREATE TABLE deletion_run (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    step     TEXT NOT NULL,
    position INTEGER NOT NULL
) STRICT;

-- Slots of which the report that counted was deleted while others are kept beside it, and the batch of the first of these.
CREATE TABLE deletion_recount (
    batch   INTEGER NOT NULL,
    hour    INTEGER NOT NULL,
    cluster INTEGER NOT NULL,
    event   INTEGER NOT NULL,
    part    INTEGER NOT NULL,
    PRIMARY KEY (batch, hour, cluster, event, part)
) STRICT, WITHOUT ROWID;

-- Names (`cluster`, `event`, `term`, `edition`) that were used by something that was deleted: to be removed unless something else
-- uses them.
CREATE TABLE deletion_trace (
    name   TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (name, number)
) STRICT, WITHOUT ROWID;
