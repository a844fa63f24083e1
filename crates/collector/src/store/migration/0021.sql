-- How far forwarding to a target is: the last batch that it has taken whole. `active` is the one that is configured; `orders` says that
-- orders to forget somebody are passed on to it; `lost` counts messages that were dropped by age before it took them.
CREATE TABLE forward (
    target TEXT PRIMARY KEY,
    batch  INTEGER NOT NULL,
    active INTEGER NOT NULL,
    orders INTEGER NOT NULL,
    lost   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Orders that are to be passed on: `subject` is kept until they are. `limited` says that they are about less than all of somebody.
CREATE TABLE forward_order (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    target  TEXT NOT NULL,
    action  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    limited INTEGER NOT NULL
) STRICT;

-- The last messages that a target refused for good.
CREATE TABLE forward_refused (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    target     TEXT NOT NULL,
    batch      INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    what       TEXT NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
