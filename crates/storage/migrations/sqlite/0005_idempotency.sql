-- Requests by the key that their sender gave, with the answer, so that a request sent twice is carried out once.
CREATE TABLE idempotency (
    sender      TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL, -- hash of the request
    lease_until INTEGER NOT NULL, -- microseconds since 1970; who carries it out has died if there is no answer by then
    expires_at  INTEGER NOT NULL, -- forgotten from then on
    answer      TEXT,
    PRIMARY KEY (sender, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);
