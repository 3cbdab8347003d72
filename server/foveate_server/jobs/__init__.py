"""The life of jobs: what was asked for, which windows are wanted, what runs, and how it ended."""
