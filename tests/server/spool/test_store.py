"""The spool: one owner, its own files alone, nothing half-written, and room for all that it promised."""

import asyncio
import sqlite3
import stat
import sys
from contextlib import closing
from dataclasses import replace

import pytest

from fakes.jobs import bench, submit_of
from fakes.painting import item
from foveate_server.jobs.journal import Journal
from foveate_server.operations.contract import Plan
from foveate_server.spool import database, host_folder
from foveate_server.spool.database import Database, insert_job, put_item, put_items, set_state
from foveate_server.spool.database_rows import ItemRow, JobRow, Owner
from foveate_server.spool.job_files import Account, JobFiles, Upload
from foveate_server.spool.store import Spool
from foveate_shared.errors import ErrorCode, FoveateError, ResourceError, ServerError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.wire.codec import encode
from foveate_shared.wire.protocol import Outcome, Planned

QUOTA = 1 << 20


def row(number=1):
    submit = submit_of()
    return JobRow(
        number,
        Owner("t", "c"),
        submit.job,
        "0" * 64,
        encode(submit),
        {"items": 1},
        b"icc",
        Plan("document", Extent(1, 1), "Nothing.", ()),
        "open",
        {},
        0,
        1.5,
        1.5,
    )


async def test_a_job_whose_storing_never_ended_is_forgotten(tmp_path):
    spool = Spool(tmp_path / "spool", QUOTA)
    spool.files(1).create()
    await spool.apply([insert_job(row()), *put_items(1, [ItemRow(0, item(1, Bounds(0, 0, 1, 1)))])])
    spool.close()
    spool = Spool(tmp_path / "spool", QUOTA)
    assert await spool.recover() == []
    assert not spool.files(1).folder.exists()
    assert await spool.next_number() == 2
    spool.close()


@pytest.mark.parametrize("done", [1, 3, None])
def test_a_large_job_is_deleted_in_steps_and_a_start_does_the_rest(tmp_path, done):
    def left():
        with closing(sqlite3.connect(tmp_path / "db")) as connection:
            query = "SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM items)"
            return list(connection.execute(query).fetchone())

    opened = Database(tmp_path / "db")
    items = [ItemRow(number, item(number, Bounds(0, 0, 1, 1))) for number in range(2500)]
    opened.apply([insert_job(replace(row(), seq=1)), *put_items(1, items)])
    changes = database.delete_job(1, len(items))
    for change in changes[:done]:
        opened.apply([change])
        assert left()[1] >= 2500 - 1000 * changes.index(change)
    opened.apply([insert_job(replace(row(2), seq=1))])  # the id is free
    opened.apply([database.delete_unaccepted()])
    assert left() == [1, 0]
    opened.close()


def test_two_servers_never_share_a_spool(tmp_path, monkeypatch):
    monkeypatch.setattr(host_folder, "PATIENCE", 0.1)
    first = Spool(tmp_path / "spool", QUOTA)
    try:
        with pytest.raises(ServerError, match="Another server uses") as caught:
            Spool(tmp_path / "spool", QUOTA)
        assert caught.value.info.remedy
    finally:
        first.close()
    Spool(tmp_path / "spool", QUOTA).close()


def test_a_file_that_is_wiped_while_sizes_are_read_counts_nothing(tmp_path):
    files = JobFiles(tmp_path / "1", Account(tmp_path, QUOTA))
    (tmp_path / "1" / "windows").mkdir(parents=True)
    (tmp_path / "1" / "windows" / "there").write_bytes(b"12345")
    (tmp_path / "1" / "windows" / "gone").symlink_to(tmp_path / "nowhere")
    assert files.size() == 5


def test_many_items_are_stored_as_one_is(tmp_path):
    rows = [ItemRow(number, item(number, Extent(2, 2).bounds)) for number in range(250)]
    with closing(Database(tmp_path / "jobs.sqlite3")) as stored:
        stored.apply([insert_job(row()), *put_items(1, rows)])
        assert stored.items(1) == rows
        ended = replace(rows[7], outcome=Outcome("i7", "done"), attempts=2)
        stored.apply([put_item(1, ended)])
        assert stored.items(1) == [*rows[:7], ended, *rows[8:]]
    assert len(put_items(1, rows)) < 10  # statements, each of which waits for its turn
    assert put_items(1, []) == []


@pytest.mark.skipif(sys.platform == "win32", reason="file modes")
def test_nobody_else_may_look_inside(tmp_path):
    spool = Spool(tmp_path / "spool", QUOTA)
    spool.close()
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "spool" / "jobs.sqlite3").stat().st_mode) == 0o600


def test_a_newer_version_s_store_is_left_alone(tmp_path):
    Spool(tmp_path, QUOTA).close()
    connection = sqlite3.connect(tmp_path / "jobs.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ServerError) as caught:
        Spool(tmp_path, QUOTA)
    assert caught.value.info.code is ErrorCode.VERSION_MISMATCH


def test_a_damaged_store_has_a_sentence(tmp_path):
    (tmp_path / "jobs.sqlite3").write_bytes(b"no database " * 1000)
    with pytest.raises(ServerError, match="cannot be used") as caught:
        Spool(tmp_path, QUOTA)
    assert "Traceback" not in str(caught.value)


def test_migrations_run_once_and_in_order(tmp_path):
    Database(tmp_path / "db", ["CREATE TABLE a (x); INSERT INTO a VALUES (1);"]).close()
    Database(tmp_path / "db", ["not SQL: it ran before", "ALTER TABLE a ADD COLUMN y DEFAULT 2;"]).close()
    connection = sqlite3.connect(tmp_path / "db")
    assert connection.execute("SELECT x, y FROM a").fetchall() == [(1, 2)]
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()


def test_a_migration_that_fails_changes_nothing(tmp_path):
    with pytest.raises(ServerError):
        Database(tmp_path / "db", ["CREATE TABLE a (x); CREATE TABLE a (x);"])
    connection = sqlite3.connect(tmp_path / "db")
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()


def test_a_transaction_is_whole_or_nothing(tmp_path):
    opened = Database(tmp_path / "db")
    with pytest.raises(sqlite3.IntegrityError):
        opened.apply([insert_job(row()), insert_job(row())])
    assert opened.jobs() == []
    first = row()
    opened.apply([insert_job(first), set_state(1, "done")])
    assert opened.jobs() == [replace(first, state="done")]
    opened.close()


def test_numbers_are_never_used_again(tmp_path):
    opened = Database(tmp_path / "db")
    assert opened.next_number() == 1
    opened.apply([insert_job(row(1)), insert_job(row(2)), *database.delete_job(2)])
    assert opened.next_number() == 3
    opened.close()


def test_uploads_are_promised_room_before_they_come(tmp_path):
    account = Account(tmp_path, 100)
    first = Upload(tmp_path / "a", 60, account)
    with pytest.raises(ResourceError) as caught:
        Upload(tmp_path / "b", 60, account)
    assert caught.value.info.code is ErrorCode.STORAGE_FULL
    first.write(memoryview(b"x" * 60))
    first.abort()
    first.abort()
    assert account.used == 0
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_noticed_before_the_last_byte(tmp_path, monkeypatch):
    usage = type("usage", (), {"free": 65 << 20})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    account = Account(tmp_path, 1 << 40)
    account.check(1 << 20)
    with pytest.raises(ResourceError, match="disk is full"):
        account.check(2 << 20)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full")
def test_a_disk_that_fills_up_on_the_way_is_remembered(tmp_path):
    (tmp_path / "full").symlink_to("/dev/full")
    upload = Upload(tmp_path / "full", 10, Account(tmp_path, 100))
    upload.write(memoryview(b"12345"))
    upload.write(memoryview(b"67890"))
    assert upload.finish().error.info.code is ErrorCode.STORAGE_FULL


def test_a_wiped_job_gives_its_room_back(tmp_path):
    account = Account(tmp_path, 1000)
    files = JobFiles(tmp_path / "1", account)
    files.create()
    upload = Upload(tmp_path / "u", 10, account)
    upload.write(memoryview(bytes(10)))
    files.keep_window("a/../../window", upload, None)
    (files.work("item") / "p").write_bytes(bytes(7))
    (kept,) = files.keep([files.folder / "work" / next((files.folder / "work").iterdir()).name / "p"])
    assert (account.used, kept.size) == (17, 7)
    assert not list(tmp_path.parent.glob("*.pixels"))  # names of windows are no paths
    files.wipe()
    assert account.used == 0
    assert not files.folder.exists()


class FullDisk:
    """A spool whose disk is full until `free` is set."""

    def __init__(self):
        self.free = False
        self.batches = []
        self.tries = 0

    async def apply(self, changes):
        self.tries += 1
        if not self.free:
            raise ResourceError("full", code=ErrorCode.STORAGE_FULL)
        self.batches.append(list(changes))


async def test_the_journal_waits_for_room_and_loses_nothing(monkeypatch):
    monkeypatch.setattr("foveate_server.jobs.journal.RETRY_SECONDS", 0.01)

    disk = FullDisk()
    journal = Journal(disk)
    journal.start()
    told = []
    written = [journal.write([number], lambda number=number: told.append(number)) for number in range(3)]
    journal.write((), lambda: told.append("fleeting"))
    while disk.tries < 3:
        await asyncio.wait(written, timeout=0.01)
    assert not told
    disk.free = True
    await asyncio.gather(*written)
    await journal.write([3])
    assert told == [0, 1, 2, "fleeting"]
    assert disk.batches[0] == [0, 1, 2]
    await journal.stop()


async def test_an_entry_that_cannot_be_written_hurts_no_other():
    class Picky:
        async def apply(self, changes):
            if "bad" in changes:
                raise sqlite3.IntegrityError("no")

    journal = Journal(Picky())
    journal.start()
    told = []
    entries = [journal.write([name], lambda name=name: told.append(name)) for name in ("a", "bad", "c")]
    await asyncio.wait(entries)
    assert told == ["a", "c"]
    assert isinstance(entries[1].exception(), sqlite3.IntegrityError)
    await journal.stop()


async def test_events_are_read_in_pieces(tmp_path):
    async with bench(tmp_path) as made:
        job = await made.submit(items=3)
        first = await made.spool.events(job.number, 0, 2)
        rest = await made.spool.events(job.number, first[-1].seq, 100)
        assert [event.seq for event in (*first, *rest)] == [1, 2, 3]
        assert Planned.TYPE in first[1].text
        assert await made.spool.events(job.number + 1, 0, 100) == []


def test_an_unwritable_place_has_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FoveateError, match="cannot be used"):
        Spool(tmp_path / "file" / "spool", QUOTA)
