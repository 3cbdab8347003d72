"""The life of jobs: from submit to ack, with a scripted executor and a real spool."""

import asyncio
import errno
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.executor import ScriptedExecutor, paint
from fakes.held_plans import Held
from fakes.jobs import ANNA, BERT, bench, blob_of, crop, job_id, region, submit_of, window_of
from fakes.painting import Paint, PaintAnew, inverted, item
from foveate_server.jobs.accept import CHANGES_AT_ONCE
from foveate_server.jobs.dependencies import Clocks
from foveate_server.operations.contract import ItemResult
from foveate_server.spool.database_rows import Owner
from foveate_server.tasks.item_task import TaskNote, TaskPatch
from foveate_shared.errors import ErrorCode, FoveateError, InputError, ResourceError, ServerError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.wire.protocol import (
    Accepted,
    Cancelled,
    Done,
    Failed,
    ItemEnded,
    Limits,
    Note,
    Outcome,
    Patch,
    Planned,
    Progress,
    Queued,
    Started,
    Windows,
)


async def patches_of(made, job):
    """Return the stored patches' bytes by their bounds."""
    stored = await made.spool.events(job.number, 0, 1000)
    from foveate_shared.wire.codec import decode

    found = {}
    for event in stored:
        if event.files:
            found[decode(event.text, (Patch,)).bounds] = event.files[0].read_bytes()
    return found


def crash(code=ErrorCode.WORKER_CRASHED):
    async def behave(task, listener):
        raise ServerError("The worker died.", code=code)

    return behave


async def test_a_job_goes_from_submit_to_ack(tmp_path):
    async with bench(tmp_path) as made:
        watcher = made.watch()
        job = await made.submit(selection=region(2, 3, 8, 6), items=2)
        done = await watcher.answer(job)
        await watcher.read()
        assert isinstance(done, Done)
        assert [outcome.status for outcome in done.outcomes] == ["done", "done"]
        lasting = watcher.of(Accepted, Planned, Windows, Patch, ItemEnded, Done)
        assert [type(event) for event in lasting] == [
            Accepted, Planned, Windows, Patch, ItemEnded, Patch, ItemEnded, Done
        ]  # fmt: skip
        assert [event.seq for event in lasting] == sorted({event.seq for event in lasting})
        assert lasting[0].seq == 1
        patches = await patches_of(made, job)
        assert patches == {bounds: inverted(crop(bounds)) for bounds in (Bounds(2, 3, 8, 3), Bounds(2, 6, 8, 3))}
        files = made.spool.files(job.number)
        await made.until_stored(48)  # the patches; the windows are wiped
        made.manager.acknowledge(ANNA, job.id)
        made.manager.acknowledge(ANNA, job.id)  # once more does no harm
        await made.manager.stop()
        assert not files.folder.exists()
        assert made.spool.account.used == 0
        assert made.manager.summaries(ANNA) == ()


async def test_the_recipe_names_all_that_the_result_depends_on(tmp_path):
    async def behave(task, listener):
        result = await paint(task, listener)
        return replace(result, recipe={"device": "cpu: x", "model": {"name": "brush"}, "pinned": {"tile": 64}})

    async with bench(tmp_path) as made:
        made.executor.behaviours["i1"] = behave
        watcher = made.watch()
        job = await made.submit(selection=region(0, 0, 4, 4), model="brush")
        done = await watcher.answer(job)
        assert done.recipe == {
            "foveate": "0",
            "operation": "paint",
            "parameters": {
                "items": 1, "follow": 0, "model": "brush", "wait": False, "pinned": {"tile": 64},
            },
            "document": {
                "extent": [16, 12],
                "format": {"dtype": "u8", "channels": "Y", "alpha": "straight", "rows": "top_down"},
                "profile": {"space": "gray-srgb"},
            },
            "selection": {"bounds": [0, 0, 4, 4], "has_coverage": False},
            "inputs": [
                {
                    "window": "w/1",
                    "bounds": [0, 0, 4, 4],
                    "extent": [4, 4],
                    "pixels": blob_of(crop(Bounds(0, 0, 4, 4))).sha256,
                    "coverage": None,
                }
            ],
            "device": "cpu: x",
            "model": {"name": "brush"},
        }  # fmt: skip


async def test_items_can_bring_further_items_with_windows_of_their_own(tmp_path):
    async def leaf(task, listener):
        return ItemResult(Outcome(task.item.id, "kept", "It was fine."))

    async with bench(tmp_path) as made:
        made.executor.behaviours.update({})
        watcher = made.watch()
        job = await made.submit(follow=2)
        asked = []
        while not watcher.of(Done):
            event = await watcher.until(Windows, Done, count=len(asked) + 1)
            asked.append(event)
            for request in getattr(event, "requests", ()):
                # the items that follow would bring more of themselves
                made.executor.behaviours.update({f"ii1-{n}": leaf for n in range(2)})
                await made.send(job, request)
        assert [outcome.item for outcome in watcher.of(Done)[0].outcomes] == ["i1", "ii1-0", "ii1-1"]


async def test_windows_are_asked_for_a_few_items_ahead(tmp_path):
    async with bench(tmp_path) as made:
        watcher = made.watch()
        job = await made.submit(items=10)
        first = await watcher.until(Windows)
        assert [request.id for request in first.requests] == ["w/1", "w/2", "w/3"]
        await made.send(job, first.requests[0])
        await watcher.until(ItemEnded)
        second = await watcher.until(Windows, count=2)
        assert [request.id for request in second.requests] == ["w/4"]
        await watcher.read()
        assert len(watcher.of(Windows)) == 2


async def test_coverage_comes_with_the_windows_that_want_it(tmp_path):
    async with bench(tmp_path) as made:
        watcher = made.watch()
        job = await made.submit(selection=region(1, 1, 3, 3, has_coverage=True))
        done = await watcher.answer(job)
        assert done.recipe["inputs"][0]["coverage"] == blob_of(b"\xff" * 9).sha256
        (patch,) = watcher.of(Patch)
        assert patch.coverage.blob.size == 9


async def test_the_same_submit_again_is_the_same_job_and_another_one_a_conflict(tmp_path):
    async with bench(tmp_path) as made:
        first = submit_of(items=2)
        job = await made.submit(first)
        again, is_new = await made.manager.submit(ANNA, first, {})
        assert (again, is_new) == (job, False)
        with pytest.raises(FoveateError) as caught:
            await made.submit(submit_of(first.job, items=3))
        assert caught.value.info.code is ErrorCode.CONFLICT
        other = await made.submit(submit_of(first.job, items=3), owner=BERT)  # ids of others are no conflict
        assert other.number != job.number


async def test_two_connections_that_submit_the_same_job_at_once_make_one(tmp_path):
    async with bench(tmp_path) as made:
        submit = submit_of()
        results = await asyncio.gather(*(made.manager.submit(ANNA, submit, {}) for _ in range(4)))
        assert sorted(is_new for _, is_new in results) == [False, False, False, True]
        assert len(made.manager.jobs) == 1


async def test_nobody_waits_for_another_one_s_plan(tmp_path):
    slow = Held()
    async with bench(tmp_path, table={"paint": Paint(), "slow": slow}) as made:
        large = asyncio.create_task(made.submit(submit_of(operation="slow")))
        await asyncio.to_thread(slow.wait_until_begun)
        others = [await made.submit(owner=owner) for owner in (BERT, ANNA)]
        assert [job.state for job in others] == ["open", "open"]
        assert not large.done()
        slow.go_on.set()
        assert (await large).number not in {job.number for job in others}


async def test_jobs_that_are_being_planned_count_among_the_open_ones(tmp_path):
    slow = Held()
    limits = Limits(max_open_jobs=2)
    async with bench(tmp_path, table={"paint": Paint(), "slow": slow}, limits=limits) as made:
        large = asyncio.create_task(made.submit(submit_of(operation="slow")))
        await asyncio.to_thread(slow.wait_until_begun)
        await made.submit()
        with pytest.raises(FoveateError, match="2 unfinished jobs"):
            await made.submit()
        slow.go_on.set()
        await large
        with pytest.raises(FoveateError, match="2 unfinished jobs"):
            await made.submit()


async def test_a_plan_that_fails_leaves_no_place_taken(tmp_path):
    class Failing(Paint):
        def plan(self, request, parameters):
            raise InputError("No.", remedy="Stop.")

    async with bench(tmp_path, table={"paint": Paint(), "fail": Failing()}, limits=Limits(max_open_jobs=1)) as made:
        for _ in range(2):
            with pytest.raises(InputError, match=r"No\."):
                await made.submit(submit_of(operation="fail"))
        assert (await made.submit()).state == "open"


LARGE = 100 * CHANGES_AT_ONCE * 3  # items: four pieces, with the job's own row


class Large(Paint):
    """Has many items."""

    name = "large"

    def plan(self, request, parameters):
        items = tuple(item(number, request.region) for number in range(1, LARGE + 1))
        return replace(super().plan(request, parameters), items=items)


WITH_LARGE = {"paint": Paint(), "large": Large()}


async def test_a_large_plan_is_stored_piece_by_piece_and_others_come_in_between(tmp_path):
    async with bench(tmp_path, table=WITH_LARGE) as made:
        written: list[int] = []
        store, others = made.spool.apply, []

        async def apply(changes):
            written.append(len(changes))
            if len(written) == 2:  # while this is written, another one comes
                others.append(asyncio.create_task(made.submit(owner=BERT)))
            await store(changes)

        made.spool.apply = apply
        job = await made.submit(submit_of(operation="large"))
        assert len(job.items) == LARGE
        assert len(written) >= 4
        assert max(written) <= CHANGES_AT_ONCE + 8  # with what the others had to write
        assert (await others[0]).state == "open"
    async with bench(tmp_path, table=WITH_LARGE) as made:
        assert sorted(len(job.items) for job in made.manager.jobs) == [1, LARGE]


async def test_a_large_job_is_deleted_piece_by_piece_and_its_id_is_free_at_once(tmp_path):
    async with bench(tmp_path, table=WITH_LARGE) as made:
        submit = submit_of(operation="large")
        first = await made.submit(submit)
        made.manager.cancel(first.owner, first.id)
        store, second, go_on, written = made.spool.apply, asyncio.Event(), asyncio.Event(), []

        async def apply(changes):
            written.append(len(changes))
            if len(written) == 2:
                second.set()
                await go_on.wait()
            await store(changes)

        made.spool.apply = apply
        made.manager.acknowledge(first.owner, first.id)
        await second.wait()
        again = asyncio.create_task(made.submit(submit))
        go_on.set()
        assert len((await again).items) == LARGE
    assert len(written) > LARGE // 1000
    async with bench(tmp_path, table=WITH_LARGE) as made:
        assert [(job.number, len(job.items)) for job in made.manager.jobs] == [(first.number + 1, LARGE)]


def folders(spool):
    """Return those of jobs."""
    return sorted(path.name for path in spool.rglob("jobs/*"))


async def test_a_job_for_which_the_disk_has_no_room_leaves_nothing_there(tmp_path, monkeypatch):
    mkdir = Path.mkdir

    def full(self, *arguments, **options):
        if self.name == "patches":
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        mkdir(self, *arguments, **options)

    async with bench(tmp_path) as made:
        monkeypatch.setattr(Path, "mkdir", full)
        with pytest.raises(ResourceError, match=r"cannot store the job: .*free some space") as caught:
            await made.submit()
        assert caught.value.info.code is ErrorCode.STORAGE_FULL
        assert (made.manager.jobs, folders(tmp_path)) == ([], [])
        monkeypatch.undo()
        job = await made.submit()
        assert folders(tmp_path) == [str(job.number)]


@pytest.mark.parametrize(("weight", "brings"), [(0, 0), (-1, 0), (float("nan"), 0), (float("inf"), 0), (1, -1)])
async def test_a_plan_whose_items_take_no_time_is_refused(tmp_path, weight, brings):
    class Weightless(Paint):
        def plan(self, request, parameters):
            plan = super().plan(request, parameters)
            return replace(plan, items=tuple(replace(each, weight=weight, brings=brings) for each in plan.items))

    async with bench(tmp_path, table={"paint": Weightless()}) as made:
        with pytest.raises(ServerError, match="an item that takes no time"):
            await made.submit()
        assert made.manager.jobs == []


async def test_who_leaves_while_a_large_plan_is_stored_may_submit_it_again(tmp_path):
    async with bench(tmp_path, table=WITH_LARGE) as made:
        store, second, go_on = made.spool.apply, asyncio.Event(), asyncio.Event()

        async def apply(changes):
            await store(changes)
            second.set()
            await go_on.wait()

        made.spool.apply = apply
        submit = submit_of(operation="large")
        left = asyncio.create_task(made.submit(submit))
        await second.wait()
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        go_on.set()
        assert made.manager.jobs == []
        job = await made.submit(submit)
    async with bench(tmp_path, table=WITH_LARGE) as made:
        assert [(kept.number, len(kept.items)) for kept in made.manager.jobs] == [(job.number, LARGE)]


class Watched(Mapping):
    """Arguments of an item that note in which thread they are written down."""

    def __init__(self, threads):
        self._threads = threads

    def __getitem__(self, key):
        return {"follow": 0}[key]

    def __iter__(self):
        self._threads.add(threading.get_ident())
        return iter(("follow",))

    def __len__(self):
        return 1


async def test_a_plan_is_written_down_outside_of_the_event_loop(tmp_path):
    """A large upscale has ten thousand items, and to write them all takes more than a second."""
    threads = set()

    class Large(Paint):
        def plan(self, request, parameters):
            plan = super().plan(request, parameters)
            return replace(plan, items=tuple(replace(item, arguments=Watched(threads)) for item in plan.items))

    async with bench(tmp_path, table={"paint": Large()}) as made:
        await made.submit(items=3)
        assert threads
        assert threading.get_ident() not in threads


@pytest.mark.parametrize(
    ("submit", "code"),
    [
        (submit_of(operation="bake"), ErrorCode.UNKNOWN_OPERATION),
        (submit_of(items=0), ErrorCode.INVALID_PARAMETER),
        (submit_of(items="many"), ErrorCode.INVALID_PARAMETER),
        (submit_of(strange=1), ErrorCode.INVALID_PARAMETER),
        (submit_of(model="none such"), ErrorCode.UNKNOWN_MODEL),
        (submit_of(selection=region(0, 0, 0, 5)), ErrorCode.INVALID_REGION),
        (submit_of(selection=region(10, 0, 10, 5)), ErrorCode.INVALID_REGION),
        (submit_of(selection=region(-1, 0, 10, 5)), ErrorCode.INVALID_REGION),
        (submit_of(space="srgb"), ErrorCode.UNSUPPORTED_FORMAT),
        (submit_of(extent=Extent(1 << 20, 1 << 20)), ErrorCode.TOO_LARGE),
    ],
)
async def test_what_makes_no_sense_is_refused_and_leaves_nothing(tmp_path, submit, code):
    async with bench(tmp_path) as made:
        with pytest.raises(FoveateError) as caught:
            await made.submit(submit)
        assert caught.value.info.code is code
        assert caught.value.info.remedy
        assert not made.manager.jobs


async def test_an_owner_may_have_so_many_open_jobs(tmp_path):
    async with bench(tmp_path, limits=Limits(max_open_jobs=2)) as made:
        jobs = [await made.submit() for _ in range(2)]
        with pytest.raises(FoveateError) as caught:
            await made.submit()
        assert caught.value.info.code is ErrorCode.QUEUE_FULL
        await made.submit(owner=BERT)
        made.manager.cancel(ANNA, jobs[0].id)
        await made.submit()


@pytest.mark.parametrize("change", ["extent", "unasked", "format", "coverage", "aspect"])
async def test_windows_that_answer_nothing_are_refused(tmp_path, change):
    async with bench(tmp_path) as made:
        watcher = made.watch()
        job = await made.submit()
        (request,) = (await watcher.until(Windows)).requests
        window = window_of(job.id, request)
        pixels = window.pixels
        wrong = {
            "extent": replace(window, pixels=replace(pixels, extent=Extent(17, 13))),
            "unasked": replace(window, window="other"),
            "format": replace(window, pixels=replace(pixels, format=replace(pixels.format, rows="bottom_up"))),
            "coverage": replace(window, coverage=pixels),
            "aspect": replace(window, pixels=replace(pixels, extent=Extent(16, 3))),
        }[change]
        with pytest.raises(FoveateError) as caught:
            job.check_window(wrong)
        assert caught.value.info.code is ErrorCode.INVALID_PIXELS
        assert job.check_window(window)


async def test_a_window_that_comes_twice_is_taken_once(tmp_path):
    async with bench(tmp_path) as made:
        made.executor.hold("i1")
        watcher = made.watch()
        job = await made.submit()
        (request,) = (await watcher.until(Windows)).requests
        await asyncio.gather(made.send(job, request), made.send(job, request))
        await made.send(job, request)
        assert made.spool.account.used == request.bounds.area


async def test_a_cancel_is_answered_at_once_though_the_worker_goes_on(tmp_path):
    async def deaf(task, listener):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await free.wait()
            raise

    free = asyncio.Event()

    async with bench(tmp_path) as made:
        made.executor.behaviours["i1"] = deaf
        watcher = made.watch()
        job = await made.submit()
        other = await made.submit(owner=BERT)
        (request,) = (await watcher.until(Windows)).requests
        await made.send(job, request)
        await made.executor.arrived["i1"].wait()
        assert made.manager.cancel(ANNA, job.id)
        await watcher.until(Cancelled)
        assert made.executor.running
        assert not made.manager.cancel(ANNA, job.id)
        assert made.spool.account.used  # the worker may still read the window
        assert other.state == "open"
        free.set()
        await made.executor.settled()
        await made.manager.stop()
        assert not made.spool.account.used
        await watcher.read()
        assert len(watcher.of(Cancelled)) == 1


async def test_the_jobs_of_revoked_tokens_end_and_no_others(tmp_path):
    async with bench(tmp_path) as made:
        guest = Owner("tablet", "carla")
        watcher = made.watch(guest)
        job, other = await made.submit(owner=guest), await made.submit(owner=BERT)
        made.manager.cancel_jobs_of({"phone"})
        assert (job.state, other.state) == ("open", "open")
        made.manager.cancel_jobs_of({"tablet"})
        await watcher.until(Cancelled)
        assert (job.state, other.state) == ("cancelled", "open")


async def test_a_job_that_is_forgotten_while_it_runs_is_wiped_afterwards(tmp_path):
    async with bench(tmp_path) as made:
        made.executor.hold("i1")
        watcher = made.watch()
        job = await made.submit()
        (request,) = (await watcher.until(Windows)).requests
        await made.send(job, request)
        await made.executor.arrived["i1"].wait()
        made.manager.cancel(ANNA, job.id)
        made.manager.acknowledge(ANNA, job.id)
        assert watcher.closed_jobs == [job.id]
        await made.manager.stop()
        assert not made.spool.files(job.number).folder.exists()


async def test_one_failed_item_does_not_fail_the_job(tmp_path):
    async with bench(tmp_path) as made:
        made.executor.behaviours["i2"] = crash()
        watcher = made.watch()
        done = await watcher.answer(await made.submit(items=3))
        assert isinstance(done, Done)
        assert [outcome.status for outcome in done.outcomes] == ["done", "failed", "done"]
        assert "died" in done.outcomes[1].message


async def test_a_job_whose_items_all_failed_has_failed_with_the_first_error(tmp_path):
    async with bench(tmp_path) as made:
        made.executor.behaviours = {"i1": crash(ErrorCode.WORKER_HUNG), "i2": crash()}
        watcher = made.watch()
        job = await made.submit(items=2)
        failed = await watcher.answer(job)
        assert isinstance(failed, Failed)
        assert failed.error.code is ErrorCode.WORKER_HUNG
        assert len(failed.outcomes) == 2
        assert made.manager.errors[0].job == job.id


@pytest.mark.parametrize(
    "result",
    [
        ItemResult(Outcome("i1", "done", data={"score": float("nan")})),
        ItemResult(Outcome("i1", "splendid")),
        None,
    ],
    ids=["nan", "status", "nothing"],
)
async def test_an_operation_that_breaks_its_contract_costs_its_item(tmp_path, result):
    async def misfit(task, listener):
        return result

    async with bench(tmp_path) as made:
        made.executor.behaviours["i1"] = misfit
        watcher = made.watch()
        done = await watcher.answer(await made.submit(items=2))
        assert [outcome.status for outcome in done.outcomes] == ["failed", "done"]


@pytest.mark.parametrize("bounds", [Bounds(10, 10, 8, 8), Bounds(0, 0, 3, 3)], ids=["outside", "another size"])
async def test_patches_that_lie_are_not_passed_on(tmp_path, bounds):
    async def misfit(task, listener):
        (task.output / "p").write_bytes(b"x" * 64)
        listener(TaskPatch(bounds, task.output / "p", None, None))
        return ItemResult(Outcome(task.item.id, "done"))

    async with bench(tmp_path) as made:
        made.executor.behaviours["i1"] = misfit
        watcher = made.watch()
        failed = await watcher.answer(await made.submit())
        assert failed.error.code is ErrorCode.INTERNAL
        assert not watcher.of(Patch)
        await made.manager.stop()
        assert made.spool.account.used == 0


async def test_notes_last_and_are_bounded(tmp_path):
    async def chatty(task, listener):
        for _ in range(500):
            listener(TaskNote("word " * 1000))
        return await paint(task, listener)

    async with bench(tmp_path) as made:
        made.executor.behaviours["i1"] = chatty
        watcher = made.watch()
        await watcher.answer(await made.submit())
        assert len(watcher.of(Note)) == 100
        assert max(len(note.text) for note in watcher.of(Note)) == 1000


async def test_a_full_store_refuses_new_jobs_and_fails_those_without_room_but_keeps_results(tmp_path):
    area = 16 * 12
    async with bench(tmp_path, spool_quota=2 * area + 10) as made:
        watcher = made.watch()
        first = await made.submit()
        assert isinstance(await watcher.answer(first), Done)
        await made.until_stored(area)
        second = await made.submit()  # its window fits, its patch does not
        failed = await watcher.answer(second)
        assert failed.error.code is ErrorCode.STORAGE_FULL
        assert failed.error.remedy
        await made.until_stored(area)
        made.spool.account.reserve(area)
        with pytest.raises(FoveateError) as caught:
            await made.submit()
        assert caught.value.info.code is ErrorCode.STORAGE_FULL
        assert await patches_of(made, first)


async def test_a_new_image_that_the_store_could_never_hold_is_refused_at_once(tmp_path):
    async with bench(tmp_path, table={"paint": PaintAnew()}, spool_quota=16 * 12 - 1) as made:
        with pytest.raises(ResourceError, match=r"The result takes 192 B, .* 191 B in all.*Select less") as caught:
            await made.submit()
        assert caught.value.info.code is ErrorCode.STORAGE_FULL
        assert (made.manager.jobs, folders(tmp_path)) == ([], [])


async def test_progress_is_that_of_the_whole_job(tmp_path):
    async with bench(tmp_path) as made:
        watcher = made.watch()
        await watcher.answer(await made.submit(items=4))
        fractions = [event.fraction for event in watcher.of(Progress)]
        assert fractions == [0.125, 0.375, 0.625, 0.875]
        assert [event.item for event in watcher.of(Started)] == ["i1", "i2", "i3", "i4"]


async def test_who_lists_jobs_is_told_how_far_those_are_that_run(tmp_path):
    async with bench(tmp_path) as made:
        watcher = made.watch()
        release = made.executor.hold("i3")
        job = await made.submit(items=4)
        assert (job.summary.state, job.summary.fraction, job.summary.seconds_left) == ("waiting", None, None)
        answering = asyncio.create_task(watcher.answer(job))
        await watcher.until(Started, count=3)
        assert (job.summary.state, job.summary.fraction) == ("running", 0.5)
        release()
        await answering
        assert (job.summary.state, job.summary.fraction, job.summary.seconds_left) == ("done", None, None)


async def test_owners_take_turns_and_know_where_they_stand(tmp_path):
    async with bench(tmp_path) as made:
        anna, bert = made.watch(ANNA), made.watch(BERT)
        release = made.executor.hold("i1")
        long = await made.submit(items=3)
        for request in (await anna.until(Windows)).requests:
            await made.send(long, request)
        await made.executor.arrived["i1"].wait()
        short = await made.submit(owner=BERT, items=2)
        for request in (await bert.until(Windows)).requests:
            await made.send(short, request)
        assert (await bert.until(Queued)).position == 1
        release()
        await asyncio.gather(anna.until(Done), bert.until(Done))
        order = ["anna" if str(long.id) in key else "bert" for key in made.executor.keys]
        assert order.index("bert") == 1  # though two items of anna's waited longer
        assert len(order) == 5


async def test_jobs_are_their_owners_alone(tmp_path):
    async with bench(tmp_path) as made:
        anna, bert = made.watch(ANNA), made.watch(BERT)
        job = await made.submit()
        await anna.answer(job)
        await bert.read()
        assert not bert.events
        assert [summary.job for summary in made.manager.summaries(ANNA)] == [job.id]
        assert made.manager.summaries(BERT) == ()
        with pytest.raises(FoveateError) as caught:
            made.manager.cancel(BERT, job.id)
        assert caught.value.info.code is ErrorCode.UNKNOWN_JOB
        made.manager.acknowledge(BERT, job.id)
        assert made.manager.find(ANNA, job.id) is job


async def test_an_unfinished_job_cannot_be_acknowledged(tmp_path):
    async with bench(tmp_path) as made:
        job = await made.submit()
        with pytest.raises(FoveateError) as caught:
            made.manager.acknowledge(ANNA, job.id)
        assert caught.value.info.code is ErrorCode.CONFLICT


async def test_idleness_counts_clients_and_runnable_work(tmp_path):
    async with bench(tmp_path) as made:
        assert made.manager.is_idle
        release = made.executor.hold("i1")
        watcher = made.watch()
        assert not made.manager.is_idle
        job = await made.submit()
        (request,) = (await watcher.until(Windows)).requests
        await made.send(job, request)
        await made.executor.arrived["i1"].wait()
        made.manager.disconnect(ANNA, watcher)
        assert not made.manager.is_idle
        assert made.manager.idle_seconds == 0
        release()
        watcher = made.watch()
        watcher.resume(job)
        await watcher.until(Done)
        made.manager.disconnect(ANNA, watcher)
        assert made.manager.is_idle


async def test_unknown_jobs_have_a_sentence(tmp_path):
    async with bench(tmp_path, executor=ScriptedExecutor()) as made:
        with pytest.raises(FoveateError, match="no job"):
            made.manager.find(ANNA, job_id())


async def test_the_plan_tells_how_long_it_takes_once_such_jobs_were_made(tmp_path):
    now = [100.0]

    async def behave(task, listener):
        now[0] += 6.0
        return await paint(task, listener)

    async with bench(tmp_path, clocks=Clocks(monotonic=lambda: now[0])) as made:
        made.executor.behaviours["i1"] = behave
        seconds = []
        for _ in range(2):
            watcher = made.watch()
            job = await made.submit(selection=region(0, 0, 4, 4))
            await watcher.answer(job)
            seconds += [(event.seconds, event.is_measured) for event in watcher.of(Planned)]
        assert seconds == [(1.0, False), (6.0, True)]
