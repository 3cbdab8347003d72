-- How long servers of this spool have run, all together, in seconds: what results expire by, whatever clocks say.
CREATE TABLE running_time (seconds REAL NOT NULL);
INSERT INTO running_time VALUES (0);
ALTER TABLE jobs ADD COLUMN touched REAL NOT NULL DEFAULT 0;       -- the running time at the newest lasting event
ALTER TABLE jobs ADD COLUMN offered INTEGER NOT NULL DEFAULT 0;    -- whether its owner was told that it has ended

CREATE TABLE expired (                                             -- jobs that went without their owner's word
    number INTEGER PRIMARY KEY,                                    -- that the job had
    token TEXT NOT NULL,
    client TEXT NOT NULL,
    job TEXT NOT NULL,
    operation TEXT NOT NULL,
    created REAL NOT NULL                                          -- seconds since the epoch
);
