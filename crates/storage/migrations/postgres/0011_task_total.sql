-- The country has ten thousand communes, each with its counters: what a province or the country asks for is kept by province. Triggers
-- do it, so that a program of an earlier version keeps it right too. Each of eight slots has a part of the sum: a province's writers
-- seldom wait for each other.
CREATE TABLE task_total (
    queue    TEXT COLLATE "C" NOT NULL,
    province TEXT COLLATE "C" NOT NULL,
    slot     BIGINT NOT NULL,
    state    TEXT COLLATE "C" NOT NULL,
    open     BIGINT NOT NULL,
    n        BIGINT NOT NULL,
    PRIMARY KEY (queue, province, slot, state, open)
);
INSERT INTO task_total (queue, province, slot, state, open, n)
SELECT queue, province, 0, state, open, SUM(n) FROM task_count GROUP BY queue, province, state, open;

CREATE FUNCTION add_to_task_total() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO task_total (queue, province, slot, state, open, n)
        SELECT queue, province, pg_backend_pid() % 8, state, open, SUM(n) FROM new_count
        GROUP BY queue, province, state, open ORDER BY queue, province, state, open
        ON CONFLICT (queue, province, slot, state, open) DO UPDATE SET n = task_total.n + excluded.n;
    ELSE
        INSERT INTO task_total (queue, province, slot, state, open, n)
        SELECT queue, province, pg_backend_pid() % 8, state, open, SUM(n) FROM (
            SELECT queue, province, state, open, n FROM new_count
            UNION ALL SELECT queue, province, state, open, -n FROM old_count
        ) AS changed
        GROUP BY queue, province, state, open HAVING SUM(n) <> 0 ORDER BY queue, province, state, open
        ON CONFLICT (queue, province, slot, state, open) DO UPDATE SET n = task_total.n + excluded.n;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER task_count_new AFTER INSERT ON task_count
    REFERENCING NEW TABLE AS new_count FOR EACH STATEMENT EXECUTE FUNCTION add_to_task_total();
CREATE TRIGGER task_count_changed AFTER UPDATE ON task_count
    REFERENCING OLD TABLE AS old_count NEW TABLE AS new_count FOR EACH STATEMENT EXECUTE FUNCTION add_to_task_total();
