-- The words by which records are found besides their ids; follow from their state.
CREATE TABLE lookup (
    kind TEXT NOT NULL,
    id   TEXT NOT NULL,
    key  TEXT NOT NULL,
    PRIMARY KEY (kind, id, key)
) WITHOUT ROWID;
CREATE UNIQUE INDEX lookup_of_key ON lookup (kind, key, id);
