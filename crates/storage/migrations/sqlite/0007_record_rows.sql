-- States are long: as rows of a tree by number they fit several to a page, as entries of a tree by name every second overflowed its page.
CREATE TABLE record_by_number (
    kind     TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    state    TEXT    NOT NULL
);
INSERT INTO record_by_number (kind, id, revision, state) SELECT kind, id, revision, state FROM record ORDER BY kind, id;
DROP TABLE record;
ALTER TABLE record_by_number RENAME TO record;
CREATE UNIQUE INDEX record_of_id ON record (kind, id);
