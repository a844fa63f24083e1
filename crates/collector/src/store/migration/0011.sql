-- How often the rows of a day have changed.
CREATE TABLE day_change (
    day    INTEGER PRIMARY KEY,
    change INTEGER NOT NULL
) STRICT;
INSERT INTO day_change (day, change) SELECT DISTINCT day, 1 FROM cluster_day;

-- The sheet of a day: its rows by coordinate instead of by cluster, as they were at a change. Made of the rows, and made again when
-- they have changed. `lines` is the roster; `reporting` are the clusters of which a report counts, sorted; `holders` says whose
-- clusters are, by hash.
CREATE TABLE sheet (
    day       INTEGER PRIMARY KEY,
    change    INTEGER NOT NULL,
    lines     BLOB NOT NULL,
    reporting BLOB NOT NULL,
    holders   BLOB NOT NULL
) STRICT;
CREATE TABLE sheet_column (
    day   INTEGER NOT NULL,
    facet INTEGER NOT NULL,
    key   INTEGER NOT NULL,
    cells BLOB NOT NULL,
    PRIMARY KEY (day, facet, key)
) STRICT;
