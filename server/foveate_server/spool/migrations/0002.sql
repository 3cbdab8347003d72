ALTER TABLE jobs ADD COLUMN model TEXT;       -- JSON: the model that the job was given; NULL where it has none
