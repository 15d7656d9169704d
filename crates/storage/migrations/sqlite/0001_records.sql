-- State, events, and what follows from the state: written together or not at all.

CREATE TABLE record (
    kind     TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    state    TEXT    NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;

-- Never changed, except that `position` is filled in once: the entry's place in the ledger.
CREATE TABLE event (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL,
    at       INTEGER NOT NULL, -- microseconds since 1970
    salt     BLOB    NOT NULL, -- so that a hash of the body tells nothing about it
    body     TEXT    NOT NULL,
    position INTEGER
);
CREATE UNIQUE INDEX event_of_record ON event (kind, id, revision, ordinal);
CREATE UNIQUE INDEX event_position ON event (position) WHERE position IS NOT NULL;
CREATE INDEX event_unsequenced ON event (seq) WHERE position IS NULL;

-- Where records wait; follows from their state.
CREATE TABLE task (
    queue    TEXT    NOT NULL,
    desk     TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    province TEXT    NOT NULL,
    district TEXT    NOT NULL,
    commune  TEXT    NOT NULL,
    state    TEXT    NOT NULL,
    open     INTEGER NOT NULL,
    due      INTEGER NOT NULL, -- microseconds since 1970; the end of time when there is none
    PRIMARY KEY (kind, id, queue, desk)
) WITHOUT ROWID;
-- A page of a state costs the same wherever it begins; pages over several states are merged from these.
CREATE INDEX task_of_desk ON task (queue, desk, state, due, kind, id);
CREATE INDEX task_of_district ON task (queue, district, state, due, kind, id);
CREATE INDEX task_of_province ON task (queue, province, state, due, kind, id);
CREATE INDEX task_of_country ON task (queue, state, due, kind, id);

-- How many tasks there are; changed with every task.
CREATE TABLE task_count (
    queue    TEXT    NOT NULL,
    desk     TEXT    NOT NULL,
    province TEXT    NOT NULL,
    district TEXT    NOT NULL,
    commune  TEXT    NOT NULL,
    state    TEXT    NOT NULL,
    open     INTEGER NOT NULL,
    n        INTEGER NOT NULL,
    PRIMARY KEY (queue, desk, province, district, commune, state, open)
) WITHOUT ROWID;
CREATE INDEX task_count_of_province ON task_count (queue, province);
CREATE INDEX task_count_of_district ON task_count (queue, district);

-- When the clock has to look at a record; follows from its state.
CREATE TABLE reminder (
    kind TEXT    NOT NULL,
    id   TEXT    NOT NULL,
    what TEXT    NOT NULL,
    at   INTEGER NOT NULL,
    PRIMARY KEY (kind, id, what)
) WITHOUT ROWID;
CREATE INDEX reminder_at ON reminder (at, kind, id);

-- Nodes of the ledger's tree, 256 of 32 bytes to a page, in the order in which they become known.
CREATE TABLE ledger_page (
    page   INTEGER PRIMARY KEY,
    hashes BLOB NOT NULL
);
CREATE TABLE ledger_head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    size INTEGER NOT NULL
);
INSERT INTO ledger_head (one, size) VALUES (1, 0);
CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    at   INTEGER NOT NULL,
    note TEXT NOT NULL
);

-- Work for later, in the transaction of what asks for it. The same key twice is one job.
CREATE TABLE job (
    key          TEXT    PRIMARY KEY,
    name         TEXT    NOT NULL,
    payload      TEXT    NOT NULL,
    run_at       INTEGER NOT NULL,
    leased_until INTEGER NOT NULL DEFAULT 0,
    attempts     INTEGER NOT NULL DEFAULT 0,
    last_error   TEXT,
    done         INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX job_due ON job (done, run_at, key);

-- Messages to people, sent by a worker; the same key twice is one message.
CREATE TABLE outbox (
    key       TEXT    PRIMARY KEY,
    channel   TEXT    NOT NULL,
    recipient TEXT    NOT NULL,
    body      TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    sent_at   INTEGER
) WITHOUT ROWID;
CREATE INDEX outbox_unsent ON outbox (at, key) WHERE sent_at IS NULL;
