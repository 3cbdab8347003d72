ALTER TABLE items ADD COLUMN worker_deaths INTEGER NOT NULL DEFAULT 0; -- runs that ended with the worker's death
