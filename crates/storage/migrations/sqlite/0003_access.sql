-- What people and systems sign in with, and who is signed in. None of it is an event: an account's events say that it changed, never
-- what it is. Whatever opens something is kept as a hash (of a random secret: SHA-256; of a password: argon2id).

CREATE TABLE password (
    account TEXT    PRIMARY KEY,
    hash    TEXT    NOT NULL, -- PHC string
    until   INTEGER -- a first password's last moment; none for one that its owner chose
) WITHOUT ROWID;

CREATE TABLE totp (
    account TEXT    PRIMARY KEY,
    secret  BLOB    NOT NULL, -- sealed where the platform has a key
    step    INTEGER NOT NULL -- the last step accepted: none is accepted twice
) WITHOUT ROWID;

CREATE TABLE recovery_code (
    account TEXT NOT NULL,
    hash    BLOB NOT NULL,
    PRIMARY KEY (account, hash)
) WITHOUT ROWID;

CREATE TABLE passkey (
    id         BLOB    PRIMARY KEY,
    account    TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    public_key BLOB    NOT NULL, -- COSE
    counter    INTEGER NOT NULL,
    made_at    INTEGER NOT NULL,
    used_at    INTEGER
) WITHOUT ROWID;
CREATE INDEX passkey_of_account ON passkey (account);

CREATE TABLE outside_identity (
    issuer  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    account TEXT    NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) WITHOUT ROWID;
CREATE INDEX outside_identity_of_account ON outside_identity (account);

-- A step of signing in, or a ceremony that was started: short-lived, used once.
CREATE TABLE ticket (
    hash    BLOB    PRIMARY KEY,
    stage   TEXT    NOT NULL,
    account TEXT, -- none before it is known who it is
    body    TEXT    NOT NULL,
    until   INTEGER NOT NULL,
    tries   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX ticket_until ON ticket (until);

CREATE TABLE session (
    hash       BLOB    PRIMARY KEY,
    account    TEXT    NOT NULL,
    generation INTEGER NOT NULL, -- of the account when it was opened: another one ends it
    means      TEXT    NOT NULL,
    origin     TEXT    NOT NULL, -- where it was used last
    made_at    INTEGER NOT NULL,
    used_at    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_of_account ON session (account);
CREATE INDEX session_made ON session (made_at);

-- Failed attempts in a row, of a name or of an origin.
CREATE TABLE attempt (
    key      TEXT    PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX attempt_last ON attempt (last_at);

CREATE TABLE token (
    hash       BLOB    PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    unit       TEXT    NOT NULL,
    place      TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    maker      TEXT    NOT NULL,
    made_at    INTEGER NOT NULL,
    until      INTEGER NOT NULL,
    revoked_at INTEGER,
    used_at    INTEGER
) WITHOUT ROWID;

-- What the owner of an account has to know.
CREATE TABLE notice (
    account TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    what    TEXT    NOT NULL,
    origin  TEXT    NOT NULL,
    seen    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, at, what, origin)
) WITHOUT ROWID;
