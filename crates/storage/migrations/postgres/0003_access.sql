-- What people and systems sign in with, and who is signed in. None of it is an event: an account's events say that it changed, never
-- what it is. Whatever opens something is kept as a hash (of a random secret: SHA-256; of a password: argon2id).

CREATE TABLE password (
    account TEXT COLLATE "C" PRIMARY KEY,
    hash    TEXT COLLATE "C" NOT NULL, -- PHC string
    until   BIGINT -- a first password's last moment; none for one that its owner chose
);

CREATE TABLE totp (
    account TEXT COLLATE "C" PRIMARY KEY,
    secret  BYTEA NOT NULL, -- sealed where the platform has a key
    step    BIGINT NOT NULL -- the last step accepted: none is accepted twice
);

CREATE TABLE recovery_code (
    account TEXT COLLATE "C" NOT NULL,
    hash    BYTEA NOT NULL,
    PRIMARY KEY (account, hash)
);

CREATE TABLE passkey (
    id         BYTEA PRIMARY KEY,
    account    TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    public_key BYTEA NOT NULL, -- COSE
    counter    BIGINT NOT NULL,
    made_at    BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX passkey_of_account ON passkey (account);

CREATE TABLE outside_identity (
    issuer  TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX outside_identity_of_account ON outside_identity (account);

-- A step of signing in, or a ceremony that was started: short-lived, used once.
CREATE TABLE ticket (
    hash    BYTEA PRIMARY KEY,
    stage   TEXT COLLATE "C" NOT NULL,
    account TEXT COLLATE "C", -- none before it is known who it is
    body    TEXT COLLATE "C" NOT NULL,
    until   BIGINT NOT NULL,
    tries   BIGINT NOT NULL
);
CREATE INDEX ticket_until ON ticket (until);

CREATE TABLE session (
    hash       BYTEA PRIMARY KEY,
    account    TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL, -- of the account when it was opened: another one ends it
    means      TEXT COLLATE "C" NOT NULL,
    origin     TEXT COLLATE "C" NOT NULL, -- where it was used last
    made_at    BIGINT NOT NULL,
    used_at    BIGINT NOT NULL
);
CREATE INDEX session_of_account ON session (account);
CREATE INDEX session_made ON session (made_at);

-- Failed attempts in a row, of a name or of an origin.
CREATE TABLE attempt (
    key      TEXT COLLATE "C" PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at  BIGINT NOT NULL
);
CREATE INDEX attempt_last ON attempt (last_at);

CREATE TABLE token (
    hash       BYTEA PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL UNIQUE,
    unit       TEXT COLLATE "C" NOT NULL,
    place      TEXT COLLATE "C" NOT NULL,
    role       TEXT COLLATE "C" NOT NULL,
    maker      TEXT COLLATE "C" NOT NULL,
    made_at    BIGINT NOT NULL,
    until      BIGINT NOT NULL,
    revoked_at BIGINT,
    used_at    BIGINT
);

-- What the owner of an account has to know.
CREATE TABLE notice (
    account TEXT COLLATE "C" NOT NULL,
    at      BIGINT NOT NULL,
    what    TEXT COLLATE "C" NOT NULL,
    origin  TEXT COLLATE "C" NOT NULL,
    seen    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account, at, what, origin)
);
