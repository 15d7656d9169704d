-- State, events, and what follows from the state: written together or not at all.

CREATE TABLE record (
    kind     TEXT COLLATE "C" NOT NULL,
    id       TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    state    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, id)
);

-- Never changed, except that `position` is filled in once: the entry's place in the ledger.
CREATE TABLE event (
    seq      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind     TEXT COLLATE "C" NOT NULL,
    id       TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    ordinal  BIGINT NOT NULL,
    at       BIGINT NOT NULL, -- microseconds since 1970
    salt     BYTEA    NOT NULL, -- so that a hash of the body tells nothing about it
    body     TEXT COLLATE "C" NOT NULL,
    position BIGINT
);
CREATE UNIQUE INDEX event_of_record ON event (kind, id, revision, ordinal);
CREATE UNIQUE INDEX event_position ON event (position) WHERE position IS NOT NULL;
CREATE INDEX event_unsequenced ON event (seq) WHERE position IS NULL;

-- Where records wait; follows from their state.
CREATE TABLE task (
    queue    TEXT COLLATE "C" NOT NULL,
    desk     TEXT COLLATE "C" NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,
    id       TEXT COLLATE "C" NOT NULL,
    province TEXT COLLATE "C" NOT NULL,
    district TEXT COLLATE "C" NOT NULL,
    commune  TEXT COLLATE "C" NOT NULL,
    state    TEXT COLLATE "C" NOT NULL,
    open     BIGINT NOT NULL,
    due      BIGINT NOT NULL, -- microseconds since 1970; the end of time when there is none
    PRIMARY KEY (kind, id, queue, desk)
);
-- A page of a state costs the same wherever it begins; pages over several states are merged from these.
CREATE INDEX task_of_desk ON task (queue, desk, state, due, kind, id);
CREATE INDEX task_of_district ON task (queue, district, state, due, kind, id);
CREATE INDEX task_of_province ON task (queue, province, state, due, kind, id);
CREATE INDEX task_of_country ON task (queue, state, due, kind, id);

-- How many tasks there are; changed with every task.
CREATE TABLE task_count (
    queue    TEXT COLLATE "C" NOT NULL,
    desk     TEXT COLLATE "C" NOT NULL,
    province TEXT COLLATE "C" NOT NULL,
    district TEXT COLLATE "C" NOT NULL,
    commune  TEXT COLLATE "C" NOT NULL,
    state    TEXT COLLATE "C" NOT NULL,
    open     BIGINT NOT NULL,
    n        BIGINT NOT NULL,
    PRIMARY KEY (queue, desk, province, district, commune, state, open)
);
CREATE INDEX task_count_of_province ON task_count (queue, province);
CREATE INDEX task_count_of_district ON task_count (queue, district);

-- When the clock has to look at a record; follows from its state.
CREATE TABLE reminder (
    kind TEXT COLLATE "C" NOT NULL,
    id   TEXT COLLATE "C" NOT NULL,
    what TEXT COLLATE "C" NOT NULL,
    at   BIGINT NOT NULL,
    PRIMARY KEY (kind, id, what)
);
CREATE INDEX reminder_at ON reminder (at, kind, id);

-- Nodes of the ledger's tree, 256 of 32 bytes to a page, in the order in which they become known.
CREATE TABLE ledger_page (
    page   BIGINT PRIMARY KEY,
    hashes BYTEA NOT NULL
);
CREATE TABLE ledger_head (
    one  BIGINT PRIMARY KEY CHECK (one = 1),
    size BIGINT NOT NULL
);
INSERT INTO ledger_head (one, size) VALUES (1, 0);
CREATE TABLE checkpoint (
    size BIGINT PRIMARY KEY,
    at   BIGINT NOT NULL,
    note TEXT NOT NULL
);

-- Work for later, in the transaction of what asks for it. The same key twice is one job.
CREATE TABLE job (
    key          TEXT COLLATE "C" PRIMARY KEY,
    name         TEXT COLLATE "C" NOT NULL,
    payload      TEXT COLLATE "C" NOT NULL,
    run_at       BIGINT NOT NULL,
    leased_until BIGINT NOT NULL DEFAULT 0,
    attempts     BIGINT NOT NULL DEFAULT 0,
    last_error   TEXT,
    done         BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX job_due ON job (done, run_at, key);

-- Messages to people, sent by a worker; the same key twice is one message.
CREATE TABLE outbox (
    key       TEXT COLLATE "C" PRIMARY KEY,
    channel   TEXT COLLATE "C" NOT NULL,
    recipient TEXT COLLATE "C" NOT NULL,
    body      TEXT COLLATE "C" NOT NULL,
    at        BIGINT NOT NULL,
    sent_at   BIGINT
);
CREATE INDEX outbox_unsent ON outbox (at, key) WHERE sent_at IS NULL;
