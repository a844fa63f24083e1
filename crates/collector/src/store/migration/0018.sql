-- People who may look at what is collected. `password` is an argon2id hash (PHC); `role` is viewer, support or admin.
CREATE TABLE user (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    role     TEXT NOT NULL,
    password TEXT NOT NULL,
    created  INTEGER NOT NULL,
    changed  INTEGER NOT NULL
) STRICT;

-- Their sessions: by the SHA-256 of what is in the cookie.
CREATE TABLE session (
    digest BLOB PRIMARY KEY,
    user   INTEGER NOT NULL REFERENCES user,
    began  INTEGER NOT NULL,
    used   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_user ON session (user, began);

-- The link by which the first user is made: the SHA-256 of its secret, and until when it is good.
CREATE TABLE invitation (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    digest BLOB NOT NULL,
    until  INTEGER NOT NULL
) STRICT;

-- Who has looked at whom, by UTC hour: `hash` is the keyed hash of the id, and empty where nobody in particular was looked at. Of somebody
-- who was forgotten neither `subject` nor `hash` is kept.
CREATE TABLE look_up (
    id      INTEGER PRIMARY KEY,
    hour    INTEGER NOT NULL,
    by      TEXT NOT NULL,
    who     TEXT NOT NULL,
    what    TEXT NOT NULL,
    kind    TEXT NOT NULL,
    subject TEXT,
    hash    BLOB,
    count   INTEGER NOT NULL,
    last    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX look_up_by_hour ON look_up (hour, by, who, what, kind, hash) WHERE hash IS NOT NULL;
