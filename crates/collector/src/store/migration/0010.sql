-- Tokens of those who read or administer. Only a hash is kept, and a prefix for people to tell them apart.
CREATE TABLE token (
    id      INTEGER PRIMARY KEY,
    scope   TEXT NOT NULL,
    name    TEXT NOT NULL,
    prefix  TEXT NOT NULL,
    digest  BLOB NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    revoked INTEGER
) STRICT;

-- What administrators ordered over HTTP: `action` about subjects of a `kind`, so many; of one write key (`source`) or of all.
CREATE TABLE regulation (
    id       INTEGER PRIMARY KEY,
    action   TEXT NOT NULL,
    kind     TEXT NOT NULL,
    source   INTEGER,
    subjects INTEGER NOT NULL,
    asked    INTEGER NOT NULL
) STRICT;
ALTER TABLE deletion ADD COLUMN regulation INTEGER REFERENCES regulation (id);
ALTER TABLE deletion ADD COLUMN source INTEGER REFERENCES key (id);
CREATE INDEX deletion_by_regulation ON deletion (regulation) WHERE regulation IS NOT NULL;
ALTER TABLE suppression ADD COLUMN regulation INTEGER REFERENCES regulation (id);
