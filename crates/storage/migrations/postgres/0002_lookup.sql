-- The words by which records are found besides their ids; follow from their state.
CREATE TABLE lookup (
    kind TEXT COLLATE "C" NOT NULL,
    id   TEXT COLLATE "C" NOT NULL,
    key  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, id, key)
);
CREATE UNIQUE INDEX lookup_of_key ON lookup (kind, key, id);
