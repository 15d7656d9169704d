-- Which version of the program said last what follows from the states: tasks, reminders, keys.
CREATE TABLE derived (
    one     BIGINT PRIMARY KEY CHECK (one = 1),
    version BIGINT NOT NULL
);
INSERT INTO derived (one, version) VALUES (1, 0);
