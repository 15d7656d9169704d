-- Files under the hash of their bytes: photos that came with feedback, codes of passports, signed lists.

CREATE TABLE blob (
    sha256     TEXT   PRIMARY KEY,
    media_type TEXT   NOT NULL,
    at         BIGINT NOT NULL, -- microseconds since 1970
    size       BIGINT NOT NULL,
    bytes      BLOB            -- NULL when they are kept elsewhere
);
