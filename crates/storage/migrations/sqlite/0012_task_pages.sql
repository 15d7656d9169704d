-- All that a page shows stands in its index: each of its rows was looked up in the table besides.
DROP INDEX IF EXISTS task_of_desk;
CREATE INDEX task_of_desk ON task (queue, desk, state, due, kind, id, open);
DROP INDEX IF EXISTS task_of_commune;
CREATE INDEX task_of_commune ON task (queue, commune, state, due, kind, id, open, desk);
DROP INDEX IF EXISTS task_of_district;
CREATE INDEX task_of_district ON task (queue, district, state, due, kind, id, open, desk);
DROP INDEX IF EXISTS task_of_province;
CREATE INDEX task_of_province ON task (queue, province, state, due, kind, id, open, desk);
DROP INDEX IF EXISTS task_of_country;
CREATE INDEX task_of_country ON task (queue, state, due, kind, id, open, desk);
