-- A commune looks at everything that lies in it, on whoever's desk.

CREATE INDEX task_of_commune ON task (queue, commune, state, due, kind, id);
CREATE INDEX task_count_of_commune ON task_count (queue, commune);
