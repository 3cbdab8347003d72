"""What a restart of the server costs: at most the item that ran."""

import asyncio
import hashlib
from dataclasses import replace

import pytest

from fakes import version_2
from fakes.executor import ScriptedExecutor, paint
from fakes.jobs import ANNA, EXTENT, GRAY, bench, crop, submit_of, window_of
from fakes.painting import inverted
from foveate_server.jobs.dependencies import Clocks
from foveate_server.jobs.recovery import SEQ_JUMP
from foveate_server.operations.contract import ItemResult
from foveate_server.spool.database import put_item
from foveate_server.tasks.item_task import TaskFile, TaskReport, TaskSelection
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds
from foveate_shared.pixels import COVERAGE_U8, SampleType
from foveate_shared.wire.codec import decode
from foveate_shared.wire.protocol import (
    RESULT_EVENTS,
    Blob,
    Done,
    Failed,
    FileMade,
    ItemEnded,
    NamedPicture,
    Outcome,
    Patch,
    Profile,
    Reported,
    SelectionPatch,
    Windows,
)


async def begin(made, items=3, run=1):
    """Submit a job, send its windows, and let `run` items end; the next one is held."""
    made.executor.hold(f"i{run + 1}")
    watcher = made.watch()
    job = await made.submit(items=items)
    for request in (await watcher.until(Windows)).requests:
        await made.send(job, request)
    await made.executor.arrived[f"i{run + 1}"].wait()
    if run:
        await watcher.until(ItemEnded, count=run)
    return job, watcher


async def test_a_job_goes_on_after_a_restart_without_its_client(tmp_path):
    async with bench(tmp_path) as made:
        job, watcher = await begin(made)
        seen = max(event.seq for event in watcher.events)
    async with bench(tmp_path) as made:
        again = made.manager.find(ANNA, job.id)
        watcher = made.watch()
        watcher.resume(again, seen)
        done = await watcher.until(Done)
        assert [outcome.status for outcome in done.outcomes] == ["done"] * 3
        assert [key.rpartition("/")[2] for key in made.executor.keys] == ["i2", "i3"]
        assert min(event.seq for event in watcher.events) > SEQ_JUMP > seen
        stored = await made.spool.events(again.number, 0, 100)
        patches = {decode(event.text, (Patch,)).bounds: event.files[0] for event in stored if event.files}
        assert len(patches) == 3
        assert all(path.read_bytes() == inverted(crop(bounds)) for bounds, path in patches.items())


async def test_windows_that_are_missing_are_asked_for_anew(tmp_path):
    async with bench(tmp_path) as made:
        watcher = made.watch()
        job = await made.submit(items=2)
        first, second = (await watcher.until(Windows)).requests
        made.executor.hold("i1")
        await made.send(job, first)
        await made.executor.arrived["i1"].wait()
        made.spool.files(job.number).window_pixels(first.id).write_bytes(b"cut short")  # as by a power cut
    async with bench(tmp_path) as made:
        job = made.manager.find(ANNA, job.id)
        assert [request.id for request in job.wanted_requests()] == [first.id, second.id]
        watcher = made.watch()
        watcher.resume(job, job.stored_seq)
        made.manager.ask_again(job)
        asked = await watcher.until(Windows)
        assert asked.requests == (first, second)
        for request in asked.requests:
            await made.send(job, request)
        assert isinstance(await watcher.until(Done), Done)


async def test_a_patch_of_an_interrupted_item_is_not_sent_twice(tmp_path):
    async def half(task, listener):
        await paint(task, listener)
        await asyncio.Event().wait()

    async with bench(tmp_path) as made:
        made.executor.behaviours["i1"] = half
        watcher = made.watch()
        job = await made.submit()
        for request in (await watcher.until(Windows)).requests:
            await made.send(job, request)
        await watcher.until(Patch)
    async with bench(tmp_path) as made:
        watcher = made.watch()
        watcher.resume(made.manager.find(ANNA, job.id))
        await watcher.until(Done)
        assert len(watcher.of(Patch)) == 1
        await made.manager.stop()  # lets deletions come to their end
        assert made.spool.account.used == 16 * 12


async def test_a_graceful_stop_counts_as_no_attempt_and_a_death_does(tmp_path):
    for _ in range(4):
        async with bench(tmp_path) as made:
            if not made.manager.jobs:
                job, _ = await begin(made, items=2, run=0)
            else:
                made.executor.hold("i1")
                await made.executor.arrived["i1"].wait()
    async with bench(tmp_path, ScriptedExecutor(capacity=0)) as made:
        work = made.manager.find(ANNA, job.id).items["i1"]
        assert work.row.attempts == 0
        await made.spool.apply([put_item(job.number, replace(work.row, attempts=3))])  # as three deaths would
    async with bench(tmp_path) as made:
        watcher = made.watch()
        watcher.resume(made.manager.find(ANNA, job.id))
        done = await watcher.until(Done)
        assert [outcome.status for outcome in done.outcomes] == ["failed", "done"]
        assert "died 3 times" in done.outcomes[0].message
        assert [key.rpartition("/")[2] for key in made.executor.keys] == ["i2"]


async def test_an_attempt_is_counted_before_it_begins(tmp_path):
    async with bench(tmp_path) as made:
        job, _ = await begin(made, run=0)
        stored = (await made.spool.recover())[0]
        assert stored.items[0].attempts == 1
        assert job.items["i1"].running


async def test_files_that_no_row_names_are_removed(tmp_path):
    async with bench(tmp_path) as made:
        job, _ = await begin(made)
        folder = made.spool.files(job.number).folder
    orphans = [folder / "patches" / "x.pixels", folder / "windows" / "y.pixels", folder.parent / "99" / "z"]
    orphans.append(folder.parent.parent / "uploads" / "part")
    for orphan in orphans:
        orphan.parent.mkdir(exist_ok=True)
        orphan.write_bytes(b"left behind")
    async with bench(tmp_path, ScriptedExecutor(capacity=0)) as made:
        assert not any(orphan.exists() for orphan in orphans)
        assert made.manager.find(ANNA, job.id).summary_state == "queued"
        # strips of 4 rows: a finished patch, and two windows for the items that are left
        assert made.spool.account.used == 3 * 16 * 4


async def test_ended_jobs_survive_too(tmp_path):
    async with bench(tmp_path) as made:
        watcher = made.watch()
        job = await made.submit()
        done = await watcher.answer(job)
    async with bench(tmp_path) as made:
        again = made.manager.find(ANNA, job.id)
        assert again.ended
        watcher = made.watch()
        watcher.resume(again)
        assert await watcher.until(Done) == done
        assert not made.executor.keys


async def test_what_nobody_touches_expires(tmp_path):
    times = [1000.0]
    clocks = Clocks(monotonic=lambda: times[0])

    async with bench(tmp_path, clocks=clocks, result_days=1.0) as made:
        watcher = made.watch()
        finished, waiting = await made.submit(), await made.submit()
        await watcher.answer(finished)
        running = await made.submit()
        made.executor.hold("i1")
        await watcher.until(Windows, job=running.id)
        for request in running.wanted_requests():
            await made.send(running, request)
        await made.executor.arrived["i1"].wait()
        times[0] += 86_000
        assert made.manager.expire() == 0
        times[0] += 1000
        assert made.manager.expire() == 2
        assert [job.id for job in made.manager.jobs] == [running.id]
        assert set(watcher.closed_jobs) == {finished.id, waiting.id}
        await made.manager.stop()
        assert not made.spool.files(finished.number).folder.exists()


async def test_a_failure_survives_with_its_reason(tmp_path):
    async with bench(tmp_path) as made:
        job = await made.submit()
        made.manager.fail(job, _full())
    async with bench(tmp_path) as made:
        watcher = made.watch()
        watcher.resume(made.manager.find(ANNA, job.id))
        failed = await watcher.until(Failed)
        assert failed.error.code is ErrorCode.STORAGE_FULL


def _full():
    from foveate_server.spool.job_files import storage_full

    return storage_full("Full.").info


async def test_what_was_settled_is_the_same_after_a_restart(tmp_path):
    async with bench(tmp_path) as before:
        job = await before.submit()
        model, parameters = job.request.model, job.request.parameters
        assert model is not None
        assert model.name == "brush"
    async with bench(tmp_path, safety="blur") as after:
        again = after.manager.find(ANNA, job.id)
        assert again.request.model == model
        assert again.request.parameters == parameters
        assert again.request.safety == "blur"


async def test_pictures_survive_a_restart(tmp_path):
    """With their formats and profiles; their windows are asked for anew, out of the same pictures."""

    table = version_2.operations()
    profile = Blob(1, 4, hashlib.sha256(b"icc!").hexdigest())
    control = NamedPicture("control", EXTENT, GRAY, Profile(icc=profile), "0" * 64)
    mask = NamedPicture("mask", EXTENT, GRAY, Profile(space="gray-linear"), "1" * 64, has_coverage=True)
    submit = replace(submit_of(operation="mix"), pictures=(control, mask))
    async with bench(tmp_path, table=table) as made:
        watcher = made.watch()
        job, _ = await made.manager.submit(ANNA, submit, {"control": b"icc!"})
        asked = (await watcher.until(Windows)).requests
        assert [request.source for request in asked] == ["document", "control", "mask"]
        await made.send(job, asked[1])
    async with bench(tmp_path, table=table) as made:
        again = made.manager.find(ANNA, job.id)
        assert again.request == job.request
        assert again.request.pictures["control"].icc == b"icc!"
        assert again.windows["control"].source == "control"
        assert [request.source for request in again.wanted_requests()] == ["document", "mask"]
        known, is_new = await made.manager.submit(ANNA, submit, {"control": b"icc!"})
        assert (known, is_new) == (again, False)


async def test_a_window_must_be_in_its_sources_format(tmp_path):
    reference = NamedPicture("reference-1", EXTENT, replace(GRAY, dtype=SampleType.U16), Profile("gray-srgb"), "0" * 64)
    control = NamedPicture("control", EXTENT, GRAY, Profile(space="gray-srgb"), "0" * 64)
    submit = replace(submit_of(operation="mix"), pictures=(control, reference))
    async with bench(tmp_path, table=version_2.operations()) as made:
        watcher = made.watch()
        job, _ = await made.manager.submit(ANNA, submit, {})
        asked = {request.id: request for request in (await watcher.until(Windows)).requests}
        assert job.check_window(window_of(job.id, asked["control"]))
        with pytest.raises(InputError, match="not in the pixel format of the reference-1"):
            job.check_window(window_of(job.id, asked["reference-1"]))


async def test_parts_of_every_kind_survive_a_restart_and_come_once(tmp_path):
    """The server dies when an item has given its parts and has not ended: it runs again, and gives them again."""

    def parts_in(folder, kind):
        (folder / "a").write_bytes(b"abc")
        (folder / "b").write_bytes(b"")
        return {
            "choose": [TaskSelection(Bounds(0, 0, 3, 1), folder / "a", COVERAGE_U8)],
            "measure": [TaskReport({"mean": 2}, None, None)],
            "export": [TaskFile("a.txt", "text/plain", folder / "a"), TaskFile("b.txt", "text/plain", folder / "b")],
        }[kind]

    async def scenario(operation, event_class):
        async def give(task, listener):
            for part in parts_in(task.output, operation):
                listener(part)
            return ItemResult(Outcome(task.item.id, "done"))

        async def give_and_die(task, listener):
            for part in parts_in(task.output, operation):
                listener(part)
            await asyncio.Event().wait()

        table, folder = version_2.operations(), tmp_path / operation
        async with bench(folder, table=table) as made:
            made.executor.behaviours[operation] = give_and_die
            watcher = made.watch()
            job = await made.submit(operation=operation)
            (asked,) = (await watcher.until(Windows)).requests
            await made.send(job, asked)
            first = await watcher.until(event_class, count=2 if operation == "export" else 1)
        async with bench(folder, table=table) as made:
            made.executor.behaviours[operation] = give
            again = made.manager.find(ANNA, job.id)
            watcher = made.watch()
            watcher.resume(again)
            await watcher.until(Done)
            parts = watcher.of(*RESULT_EVENTS)
            assert parts[-1] == first
            assert len(parts) == (2 if operation == "export" else 1)
            stored = [event for event in await made.spool.events(again.number, 0, 100) if event.item]
            expected = {"choose": [b"abc"], "measure": [], "export": [b"abc", b""]}[operation]
            assert [path.read_bytes() for event in stored for path in event.files] == expected

    for operation, event_class in (("choose", SelectionPatch), ("measure", Reported), ("export", FileMade)):
        await scenario(operation, event_class)
