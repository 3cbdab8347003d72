"""The spool's tables. Synchronous, and used by one thread at a time."""

from __future__ import annotations

import json
import sqlite3
from base64 import b64decode
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from importlib import resources
from itertools import chain
from pathlib import Path

from foveate_server import json_records
from foveate_server.operations.contract import Item, Plan
from foveate_server.spool.database_rows import ExpiredRow, ItemRow, JobRow, Owner, StoredEvent, WindowRow
from foveate_shared.errors import ErrorCode, ErrorInfo, ResourceError, ServerError
from foveate_shared.wire.protocol import ModelInfo, Outcome

_ROWS_AT_ONCE = 100  # in one statement: it has at least 999 places for values everywhere
_DELETED_AT_ONCE = 1000  # rows: half a hundredth of a second
_PARTS_OF_JOB = (("items", "position"), ("windows", "id"), ("events", "seq"))
Change = Callable[[sqlite3.Connection], None]  # a part of a transaction


class Database:
    """One file with all tables."""

    def __init__(self, file: Path, migrations: Sequence[str] | None = None) -> None:
        """Open `file`, made or brought up to date where needed, by the scripts `migrations` (by default our own).

        Raises ServerError where a newer version of Foveate wrote it, or it is damaged.
        """
        self._file = file
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")  # a power cut costs seconds, a crash nothing
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.execute("PRAGMA secure_delete = ON")  # an acknowledged job leaves no traces
            _migrate(self._connection, file, _own_migrations() if migrations is None else migrations)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise ServerError(
                "The job store {path} cannot be used: {reason}.",
                code=ErrorCode.INVALID_FILE,
                remedy="Move its folder away and start the server again; unfinished jobs are lost.",
                path=file,
                reason=error,
            ) from error
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Write everything back into one file, and close."""
        self._connection.close()

    def apply(self, changes: Iterable[Change]) -> None:
        """Carry out all changes, or none. Raises ResourceError (storage_full) where the disk is full."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for change in changes:
                    change(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            if "disk" not in str(error):  # "database or disk is full", "disk I/O error"
                raise
            raise ResourceError(
                "The server's disk is full.", code=ErrorCode.STORAGE_FULL, remedy="Free some space."
            ) from error

    def jobs(self) -> list[JobRow]:
        """Return all jobs, oldest first."""
        query = (
            "SELECT number, token, client, job, content, submit, parameters, icc, plan, state, recipe, model,"
            " seq, created, updated, picture_profiles, touched, offered FROM jobs ORDER BY number"
        )
        return [
            JobRow(
                number,
                Owner(token, client),
                job,
                content,
                submit,
                json.loads(parameters),
                icc,
                json_records.loads(plan, Plan),
                state,
                json.loads(recipe),
                seq,
                created,
                updated,
                model and json_records.loads(model, ModelInfo),
                {name: b64decode(text) for name, text in json.loads(profiles).items()},
                touched,
                bool(offered),
            )
            for (
                number,
                token,
                client,
                job,
                content,
                submit,
                parameters,
                icc,
                plan,
                state,
                recipe,
                model,
                seq,
                created,
                updated,
                profiles,
                touched,
                offered,
            ) in self._connection.execute(query)
        ]

    def running_time(self) -> float:
        """Return for how many seconds servers have run with this spool, as far as it was kept."""
        (seconds,) = self._connection.execute("SELECT seconds FROM running_time").fetchone()
        return float(seconds)

    def expired(self) -> list[ExpiredRow]:
        """Return the jobs that expired, oldest first."""
        query = "SELECT number, token, client, job, operation, created FROM expired ORDER BY number"
        return [
            ExpiredRow(number, Owner(token, client), job, operation, created)
            for number, token, client, job, operation, created in self._connection.execute(query)
        ]

    def next_number(self) -> int:
        """Return a number that no job has, or had."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'jobs'").fetchone()
        return 1 + (row[0] if row else 0)

    def items(self, job: int) -> list[ItemRow]:
        """Return a job's items in order."""
        query = (
            "SELECT position, item, attempts, worker_deaths, outcome, error FROM items WHERE job = ? ORDER BY position"
        )
        return [
            ItemRow(
                position,
                json_records.loads(item, Item),
                attempts,
                worker_deaths,
                outcome and json_records.loads(outcome, Outcome),
                error and json_records.loads(error, ErrorInfo),
            )
            for position, item, attempts, worker_deaths, outcome, error in self._connection.execute(query, (job,))
        ]

    def windows(self, job: int) -> list[WindowRow]:
        """Return the windows of a job that arrived."""
        query = "SELECT window FROM windows WHERE job = ? ORDER BY id"
        return [json_records.loads(window, WindowRow) for (window,) in self._connection.execute(query, (job,))]

    def events(self, job: int, since: int, limit: int) -> list[StoredEvent]:
        """Return a job's lasting events after number `since`, at most `limit`; files relative to the job's folder."""
        query = "SELECT seq, event, item, pixels, coverage FROM events WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?"
        return [
            StoredEvent(seq, text, item, tuple(map(Path, filter(None, files))))
            for seq, text, item, *files in self._connection.execute(query, (job, since, limit))
        ]

    def result(self, job: int) -> list[StoredEvent]:
        """Return those of a job's events that are parts of its result."""
        query = "SELECT seq, event, item, pixels, coverage FROM events WHERE job = ? AND item IS NOT NULL ORDER BY seq"
        return [
            StoredEvent(seq, text, item, tuple(map(Path, filter(None, files))))
            for seq, text, item, *files in self._connection.execute(query, (job,))
        ]


# --- changes ---------------------------------------------------------------------------------------------------------


def insert_job(row: JobRow) -> Change:
    """Add a job."""
    values = (
        row.number,
        row.owner.token,
        row.owner.client,
        row.job,
        row.content,
        row.submit,
        json_records.dumps(row.parameters),
        row.icc,
        json_records.dumps(row.plan),
        row.state,
        json_records.dumps(row.recipe),
        row.seq,
        row.created,
        row.updated,
        row.model and json_records.dumps(row.model),
        json_records.dumps(row.picture_profiles),
        row.touched,
    )
    columns = (
        "number, token, client, job, content, submit, parameters, icc, plan, state, recipe, seq, created, updated,"
        " model, picture_profiles, touched"
    )
    marks = ", ".join("?" * len(values))
    return _execute(f"INSERT INTO jobs ({columns}) VALUES ({marks})", *values)  # noqa: S608 - constants alone


def delete_job(number: int, rows: int = 0) -> list[Change]:
    """Forget a job and all that belongs to it: up to `rows` items, and as many events.

    The changes may be carried out one by one, so that others are served in between. After the first the job is
    nobody's, and its id is free; a server that starts forgets what is left of it.
    """
    rest = [_delete_rows(number, table, key) for table, key in _PARTS_OF_JOB for _ in range(rows // _DELETED_AT_ONCE)]
    first = _execute("UPDATE jobs SET seq = 0, job = job || ' ' || number WHERE number = ?", number)
    last = _execute("DELETE FROM jobs WHERE number = ?", number)
    return [first, *rest, last] if rest else [last]


def _delete_rows(number: int, table: str, key: str) -> Change:
    some = f"SELECT {key} FROM {table} WHERE job = ? LIMIT {_DELETED_AT_ONCE}"  # noqa: S608 - constants alone
    return _execute(f"DELETE FROM {table} WHERE job = ? AND {key} IN ({some})", number, number)  # noqa: S608 - likewise


def delete_unaccepted() -> Change:
    """Forget jobs whose storing, or deletion, never came to an end: they have no event that anybody was told of."""
    return _execute("DELETE FROM jobs WHERE seq = 0")


def set_state(number: int, state: str) -> Change:
    """Change a job's state."""
    return _execute("UPDATE jobs SET state = ? WHERE number = ?", state, number)


def forget_failures(number: int) -> Change:
    """Forget that a job failed, and what of it did: that is tried again."""
    return _execute(
        "DELETE FROM events WHERE job = ? AND (json_extract(event, '$.type') = 'failed'"
        " OR json_extract(event, '$.type') = 'item' AND json_extract(event, '$.outcome.status') = 'failed')",
        number,
    )


def set_recipe(number: int, recipe: object) -> Change:
    """Keep what is known of a job's recipe."""
    return _execute("UPDATE jobs SET recipe = ? WHERE number = ?", json_records.dumps(recipe), number)


def set_offered(number: int, touched: float, *, offered: bool) -> Change:
    """Keep whether a job's owner was told that it has ended, at `touched` of the servers' running time."""
    return _execute("UPDATE jobs SET offered = ?, touched = ? WHERE number = ?", offered, touched, number)


def set_running_time(seconds: float) -> Change:
    """Keep how long servers of this spool have run."""
    return _execute("UPDATE running_time SET seconds = ?", seconds)


def insert_expired(row: ExpiredRow, most: int) -> Change:
    """Keep that a job expired, and of such no more than `most`."""

    def change(connection: sqlite3.Connection) -> None:
        values = (row.number, row.owner.token, row.owner.client, row.job, row.operation, row.created)
        connection.execute(
            "INSERT INTO expired (number, token, client, job, operation, created) VALUES (?, ?, ?, ?, ?, ?)", values
        )
        connection.execute(
            "DELETE FROM expired WHERE number NOT IN (SELECT number FROM expired ORDER BY number DESC LIMIT ?)", (most,)
        )

    return change


def insert_event(number: int, event: StoredEvent, now: float, touched: float) -> Change:
    """Add a lasting event at `now`, in seconds since the epoch, and at `touched` of the servers' running time."""

    def change(connection: sqlite3.Connection) -> None:
        first, second = (*map(str, event.files), None, None)[:2]
        connection.execute(
            "INSERT INTO events (job, seq, event, item, pixels, coverage) VALUES (?, ?, ?, ?, ?, ?)",
            (number, event.seq, event.text, event.item, first, second),
        )
        connection.execute(
            "UPDATE jobs SET seq = ?, updated = ?, touched = ? WHERE number = ?", (event.seq, now, touched, number)
        )

    return change


def put_item(number: int, row: ItemRow) -> Change:
    """Add an item, or replace what is known of it."""
    return put_items(number, [row])[0]


def put_items(number: int, rows: Sequence[ItemRow]) -> list[Change]:
    """Add items, or replace what is known of them: many at a time, as every statement waits for its turn anew."""
    changes = []
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        values = [_item_values(number, row) for row in rows[start : start + _ROWS_AT_ONCE]]
        marks = ", ".join(["(?, ?, ?, ?, ?, ?, ?)"] * len(values))
        columns = "job, position, item, attempts, worker_deaths, outcome, error"
        statement = f"INSERT OR REPLACE INTO items ({columns}) VALUES {marks}"  # noqa: S608 - constants alone
        changes.append(_execute(statement, *chain.from_iterable(values)))
    return changes


def _item_values(number: int, row: ItemRow) -> tuple[object, ...]:
    return (
        number,
        row.position,
        json_records.dumps(row.item),
        row.attempts,
        row.worker_deaths,
        row.outcome and json_records.dumps(row.outcome),
        row.error and json_records.dumps(row.error),
    )


def put_window(number: int, row: WindowRow) -> Change:
    """Add a window that arrived, or replace what is known of it."""
    return _execute(
        "INSERT OR REPLACE INTO windows (job, id, window) VALUES (?, ?, ?)", number, row.id, json_records.dumps(row)
    )


def _execute(statement: str, *values: object) -> Change:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute(statement, values)

    return change


# --- migrations ------------------------------------------------------------------------------------------------------


def _migrate(connection: sqlite3.Connection, file: Path, scripts: Sequence[str]) -> None:
    """Run the numbered scripts that the database has not seen yet, each in a transaction."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(scripts):
        raise ServerError(
            "The job store {path} was written by a newer version of Foveate.",
            code=ErrorCode.VERSION_MISMATCH,
            remedy="Update this server, or name another data folder.",
            path=file,
        )
    for number, script in enumerate(scripts[version:], version + 1):
        with closing(connection.cursor()) as cursor:
            cursor.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def _own_migrations() -> list[str]:
    folder = resources.files("foveate_server.spool") / "migrations"
    scripts = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return [script.read_text("utf-8") for script in scripts]
