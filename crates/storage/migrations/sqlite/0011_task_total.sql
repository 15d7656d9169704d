-- The country has ten thousand communes, each with its counters: what a province or the country asks for is kept by province. Triggers
-- do it, so that a program of an earlier version keeps it right too.
CREATE TABLE task_total (
    queue    TEXT    NOT NULL,
    province TEXT    NOT NULL,
    state    TEXT    NOT NULL,
    open     INTEGER NOT NULL,
    n        INTEGER NOT NULL,
    PRIMARY KEY (queue, province, state, open)
) WITHOUT ROWID;
INSERT INTO task_total (queue, province, state, open, n)
SELECT queue, province, state, open, SUM(n) FROM task_count GROUP BY queue, province, state, open;

CREATE TRIGGER task_count_new AFTER INSERT ON task_count BEGIN
    INSERT INTO task_total (queue, province, state, open, n) VALUES (NEW.queue, NEW.province, NEW.state, NEW.open, NEW.n)
    ON CONFLICT (queue, province, state, open) DO UPDATE SET n = n + excluded.n;
END;
CREATE TRIGGER task_count_changed AFTER UPDATE OF n ON task_count BEGIN
    UPDATE task_total SET n = n + NEW.n - OLD.n
    WHERE queue = NEW.queue AND province = NEW.province AND state = NEW.state AND open = NEW.open;
END;

-- Without what is asked for in the index, the planner walks over all counters of the queue instead.
DROP INDEX task_count_of_district;
DROP INDEX task_count_of_commune;
CREATE INDEX task_count_of_district ON task_count (queue, district, state, open, n);
CREATE INDEX task_count_of_commune ON task_count (queue, commune, state, open, n);
