-- What was judged of the newest versions as of a day (`last`), over the days from `first`: its rows as CSV. `state` is a hash of how
-- often each of these days had changed by then, `revision` that of the judge: it is used while both are what they were.
CREATE TABLE judgement (
    last          INTEGER PRIMARY KEY,
    first         INTEGER NOT NULL,
    state         INTEGER NOT NULL,
    revision      INTEGER NOT NULL,
    installations INTEGER NOT NULL,
    rows          BLOB NOT NULL
) STRICT;
