-- Files are named relative to the job's folder. JSON columns hold what protocol.py and operations/base.py declare.
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, -- names the job's folder, so it is never used again
    token TEXT NOT NULL,                      -- the owner: the name of the token ...
    client TEXT NOT NULL,                     -- ... and the client's id
    job TEXT NOT NULL,                        -- the id that the client minted
    content TEXT NOT NULL,                    -- SHA-256 of what was submitted
    submit TEXT NOT NULL,                     -- the message
    parameters TEXT NOT NULL,                 -- as validated, with defaults
    icc BLOB,
    plan TEXT NOT NULL,                       -- the plan without its items
    state TEXT NOT NULL,                      -- "open", "done", "failed" or "cancelled"
    recipe TEXT NOT NULL DEFAULT '{}',        -- merged from the items so far
    seq INTEGER NOT NULL DEFAULT 0,           -- of the newest lasting event
    created REAL NOT NULL,                    -- seconds since the epoch
    updated REAL NOT NULL,                    -- of the newest lasting event
    UNIQUE (token, client, job)
);

CREATE TABLE items (
    job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
    position INTEGER NOT NULL,                -- in the order of planning
    item TEXT NOT NULL,                       -- JSON
    attempts INTEGER NOT NULL DEFAULT 0,      -- runs that began and did not end
    outcome TEXT,                             -- JSON; NULL until the item has ended
    error TEXT,                               -- JSON of the error that ended it
    PRIMARY KEY (job, position)
) WITHOUT ROWID;

CREATE TABLE windows (
    job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
    id TEXT NOT NULL,
    window TEXT NOT NULL,                     -- JSON: bounds, extent, hashes, files
    PRIMARY KEY (job, id)
) WITHOUT ROWID;

CREATE TABLE events (
    job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    event TEXT NOT NULL,                      -- the message
    item TEXT,                                -- of a patch
    pixels TEXT,                              -- file of a patch
    coverage TEXT,                            -- file of a patch, or NULL
    PRIMARY KEY (job, seq)
) WITHOUT ROWID;
