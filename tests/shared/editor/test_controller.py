"""The controller behind every editor's panels: settings, jobs, variations, models, and when something is shown."""

import hashlib
import json
import sys
from dataclasses import replace

import pytest

from fakes.host import MemoryHost, layered
from fakes.models import FOR_PROMPTS
from fakes.scripted_client import ScriptedClient, real_welcome
from foveate_shared.connection import settings
from foveate_shared.connection.client import ConnectionState, StateChange
from foveate_shared.editor.controller import SHOWN_EVERY, Controller
from foveate_shared.errors import ErrorCode, InputError, RefusedError, ServerError
from foveate_shared.geometry import Extent
from foveate_shared.jobs.chosen_pictures import ChosenPictures
from foveate_shared.jobs.job_flow import JobState
from foveate_shared.wire.protocol import (
    Accepted,
    Ack,
    Cancel,
    Done,
    ExpiredJob,
    Failed,
    Jobs,
    JobSummary,
    ListModels,
    ModelInfo,
    Models,
    OperationInfo,
    Outcome,
    Peer,
    Planned,
    Progress,
    Resume,
    Submit,
)

PHOTO = ModelInfo("photo", "Photo x4 (good)", ("refocus", "faces", "upscale"), 4, True)


class Studio:
    """A controller with clients that the test can script."""

    def __init__(self, folder):
        self.clients, self.hosts = [], []
        self.connected_with = []  # settings
        self.now = 0.0
        self.path = folder / "settings.json"
        self.controller = self.another()

    def another(self):
        """Return what a restarted editor has."""
        return Controller(self.path, self._open, system_language=lambda: "en", clock=lambda: self.now)

    def _open(self, values):
        self.connected_with.append(values)
        self.clients.append(ScriptedClient())
        return self.clients[-1]

    def host(self, _number=1):
        self.hosts.append(MemoryHost())
        return self.hosts[-1]

    def tell(self, *messages):
        self.clients[-1].tell(*messages)
        return self.controller.poll()

    def connect(self, *models):
        self.controller.wake()
        self.tell(StateChange(ConnectionState.READY), real_welcome(), Models(1, (PHOTO, *models)))

    def start(self, **options):
        return self.controller.start(self.host, "refocus", options.pop("parameters", {}), title="Refocus", **options)

    def finish(self, entry):
        job = entry.flow.job
        return self.tell(Accepted(job, 1), Planned(job, 2, "document", Extent(16, 16), "One."), Done(job, 3, (), {}))


@pytest.fixture
def studio(tmp_path):
    return Studio(tmp_path)


def test_nothing_connects_before_it_is_woken(studio):
    controller = studio.controller
    assert (studio.clients, controller.poll(), controller.entries, controller.models) == ([], False, [], ())
    assert controller.connection.state is ConnectionState.SEARCHING
    controller.wake()
    controller.wake()
    assert len(studio.clients) == 1


def test_operations_are_those_of_the_server_that_its_models_can_do(studio):
    assert studio.controller.offered == []
    studio.connect()
    assert studio.controller.offered == ["refocus", "faces", "upscale"]
    assert studio.controller.form("fill").model is None
    studio.tell(Models(1, (PHOTO, *FOR_PROMPTS)))
    assert studio.controller.offered == ["refocus", "faces", "upscale", "fill", "compare"]
    assert studio.controller.form("fill").model.kind == "diffusion"


def test_forms_are_there_before_the_server_is_reached_again(studio):
    studio.connect()
    again = studio.another()
    assert again.offered == ["refocus", "faces", "upscale"]
    assert again.form("refocus") == studio.controller.form("refocus")
    assert again.form("refocus") is again.form("refocus")  # panels ask for it again and again
    assert again.form("nonsense") is None
    again.wake()  # a broken file is no loss: the server tells again
    (studio.path.parent / "known-server.jsonl").write_text("{\n")
    assert studio.another().operations == ()


def test_prompts_that_were_used_are_remembered_newest_first(studio):
    for prompt in ("first", "second"):
        studio.start(parameters={"prompt": prompt, "negative_prompt": "rust"})
    studio.start(parameters={"prompt": "again"}, is_new_wish=False)
    again = studio.another()
    assert again.history("prompt") == ("second", "first")
    assert again.history("negative_prompt") == ("rust",)
    again.forget_prompts("prompt")
    assert studio.another().history("prompt") == ()
    assert studio.another().history("negative_prompt") == ("rust",)


def test_a_job_waits_for_a_yes_where_that_is_set(studio):
    controller = studio.controller
    (entry,) = studio.start()
    studio.finish(entry)
    assert (entry.is_applied, len(studio.hosts[0].applied)) == (True, 1)
    controller.change(ask_first=True)
    (entry,) = studio.start()
    (at_once,) = studio.start(ask_first=False)
    studio.finish(entry)
    studio.finish(at_once)
    assert (entry.waits_for_person, at_once.is_applied) == (True, True)
    assert entry.host is studio.hosts[1]
    controller.apply(entry)
    assert entry.is_applied


def test_variations_differ_by_their_seeds_and_wait(studio):
    entries = studio.start(count=3, parameters={"seed": 7})
    assert [entry.parameters["seed"] for entry in entries] == [7, 8, 9]
    assert len({entry.group for entry in entries}) == 1
    alone = studio.start()
    assert studio.controller.groups() == [alone, entries]
    for entry in entries:
        studio.finish(entry)
    assert all(entry.waits_for_person for entry in entries)
    assert len({id(host) for host in studio.hosts}) == 4


def test_a_changed_document_takes_a_second_yes(studio):
    (entry,) = studio.start()
    studio.hosts[0].unchanged = False
    studio.finish(entry)
    assert entry.flow.status.error.code is ErrorCode.CONFLICT
    studio.controller.apply(entry)
    assert len(studio.hosts[0].applied) == 1


def test_queued_jobs_begin_one_after_the_other(studio):
    studio.connect()
    controller = studio.controller
    for _ in range(2):
        controller.queue(studio.start)
    assert not controller.entries
    controller.poll()
    (first,) = controller.entries
    controller.poll()
    assert len(controller.entries) == 1
    studio.finish(first)
    controller.poll()
    assert len(controller.entries) == 2
    controller.queue(list)  # what begins nothing holds up nobody
    controller.queue(studio.start)
    studio.finish(controller.entries[0])
    controller.poll()
    controller.poll()
    assert len(controller.entries) == 3


def test_what_cannot_be_started_is_said_and_leaves_nothing(studio):
    with pytest.raises(InputError, match="no document"):
        studio.controller.start(lambda _: MemoryHost(extent=Extent(0, 0)), "refocus", {}, title="Refocus")
    assert studio.controller.entries == []


def test_a_job_is_cancelled_at_once_where_no_server_is_there_to_confirm_it(studio):
    (lonely,) = studio.start()
    studio.controller.cancel(lonely)
    assert str(lonely.flow.status.error) == "Cancelled."
    studio.connect()
    (entry,) = studio.start()
    studio.controller.cancel_all()
    assert studio.clients[-1].last == Cancel(entry.flow.job)
    assert entry.is_running
    studio.controller.discard(entry)
    assert studio.controller.entries == [lonely]
    assert studio.controller.entry(lonely.flow.job) is lonely
    assert studio.controller.entry(entry.flow.job) is None


def test_after_a_refusal_the_next_try_is_a_new_connection(studio):
    studio.controller.wake()
    studio.tell(StateChange(ConnectionState.REFUSED, RefusedError("The token is not known.").info))
    studio.start()
    assert len(studio.clients) == 2
    assert isinstance(studio.clients[1].last, Submit)


def test_progress_is_shown_some_times_a_second_and_all_else_at_once(studio):
    studio.connect()
    (entry,) = studio.start()
    job = entry.flow.job
    assert studio.tell(Accepted(job, 1))
    assert studio.controller.is_busy
    assert studio.tell(Progress(job, 2, "restoring", 0.1))  # it runs now
    assert not studio.tell(Progress(job, 3, "restoring", 0.2))
    studio.now += SHOWN_EVERY
    assert studio.controller.poll()
    assert not studio.controller.poll()
    studio.tell(Progress(job, 4, "restoring", 0.3))
    assert studio.finish(entry)
    assert not studio.controller.is_busy


@pytest.mark.parametrize("act", ["change", "reconnect"])
def test_what_is_installed_anew_while_the_editor_runs_is_taken_and_kept(studio, act):
    controller = studio.controller
    command = ("/new/python", "serve")
    installed = {"server_command": command, "installed_command": command, "runtime_file": "/new/server.json"}
    settings.save(studio.path, replace(settings.load(studio.path), **installed))
    controller.change(ask_first=True) if act == "change" else controller.reconnect()
    assert controller.command == "/new/python serve"
    kept = settings.load(studio.path)
    assert (kept.server_command, kept.installed_command, kept.runtime_file) == tuple(installed.values())
    controller.change(server_command=("/mine", "serve"))
    kept = settings.load(studio.path)
    assert (kept.server_command, kept.installed_command) == (("/mine", "serve"), command)


def test_settings_that_are_damaged_while_the_editor_runs_are_those_it_knows(studio):
    studio.controller.change(server_command=("/mine", "serve"))
    studio.path.write_text("{")
    studio.controller.reconnect()
    assert studio.connected_with[-1].server_command == ("/mine", "serve")
    assert studio.connected_with[-1].client_id == studio.controller.settings.client_id


def test_the_command_is_for_a_terminal_where_the_editor_may_not_start_it(studio, monkeypatch):
    for name in ("FLATPAK_ID", "SNAP"):
        monkeypatch.delenv(name, raising=False)
    assert not studio.controller.is_command_for_terminal
    monkeypatch.setenv("FLATPAK_ID", "org.kde.krita")
    assert studio.controller.is_command_for_terminal
    studio.controller.change(remote_url="https://studio:7317")
    assert not studio.controller.is_command_for_terminal


def test_new_settings_are_shown_at_once(studio):
    studio.connect()
    studio.controller.reconnect()
    assert studio.controller.poll()
    assert len(studio.clients) == 2
    assert studio.controller.connection.state is ConnectionState.SEARCHING


@pytest.mark.parametrize("address", ["https://studio:7317", ""])
def test_a_job_that_runs_stays_with_its_server_only_where_the_settings_name_another_one(studio, address):
    studio.connect()
    entry = studio.start()[0]
    studio.controller.change(remote_url=address)
    studio.controller.reconnect()
    before, now = studio.clients
    assert (before.closed, Submit in map(type, now.messages)) == (not address, not address)
    studio.controller.cancel(entry)  # by the server that has it, which is reached where it stays
    assert (before if address else now).last == Cancel(entry.flow.job)
    assert entry.is_running == bool(address)


def test_a_model_is_added_and_the_models_are_asked_for_anew(studio):
    studio.connect()
    controller = studio.controller
    program = f"print({json.dumps(json.dumps({'name': 'tune', 'title': 'Tune', 'kind': 'diffusion'}))})"
    controller.settings = replace(controller.settings, server_command=(sys.executable, "-c", program, "serve"))
    controller.add_model("tune.safetensors")
    added = ""
    for _ in range(2_000):
        controller.poll()
        added = added or controller.added
        if added:
            break
        controller.adder._running._process.wait(20)
    assert (added, controller.adder.is_running) == ("tune", False)
    assert controller.adder.text(controller.say) == "Tune was added."
    assert studio.clients[-1].last == ListModels(1)
    controller.poll()
    assert controller.added == ""


def test_what_cannot_be_added_from_here_is_said_with_the_command(studio):
    studio.controller.change(remote_url="https://studio:7317")
    with pytest.raises(InputError, match="another machine") as caught:
        studio.controller.add_model("tune.safetensors")
    assert caught.value.info.remedy == "foveate models add tune.safetensors"
    assert studio.controller.adder.status is None


def test_closing_ends_jobs_and_the_connection(studio):
    studio.connect()
    (entry,) = studio.start()
    studio.controller.close()
    assert studio.clients[-1].last == Cancel(entry.flow.job)
    assert studio.clients[-1].closed
    assert entry.flow.status.state is not JobState.FAILED


# --- pictures beside the document, and operations without one ---

MIX = OperationInfo("mix", "Mix", {"x-pictures": {"control": {"title": "Control", "min": 1}, "more": {"max": 3}}})
MAKE = OperationInfo("make", "Make", {"x-document": False, "properties": {}})


def with_pictures(studio):
    studio.controller.wake()
    welcome = real_welcome(change=lambda infos: [*infos, MIX, MAKE])
    studio.tell(StateChange(ConnectionState.READY), welcome, Models(1, (PHOTO,)))


def test_pictures_are_told_by_the_schema(studio):
    assert studio.controller.slots("mix") == ()
    with_pictures(studio)
    assert [slot.name for slot in studio.controller.slots("mix")] == ["control", "more"]
    assert studio.controller.slots("extend") == ()
    assert [studio.controller.takes_document(name) for name in ("mix", "make", "extend")] == [True, False, True]


def test_chosen_pictures_go_with_the_job_and_with_each_variation(studio):
    with_pictures(studio)
    host = layered(sky="Sky", edges="Edges")
    sky, edges = host.pictures()
    chosen = ChosenPictures().put("control", 0, edges).put("more", 0, sky)
    entries = studio.controller.start(lambda _: host, "mix", {}, title="Mix", count=2, chosen=chosen)
    sent = [message for message in studio.clients[-1].messages if isinstance(message, Submit)]
    assert [[each.name for each in submit.pictures] for submit in sent] == [["control", "more-1"]] * 2
    assert sent[0].pictures[0].sha256 == hashlib.sha256(bytes([2]) * 256).hexdigest()
    assert all(entry.chosen is chosen for entry in entries)


def test_nothing_is_sent_where_a_picture_is_missing(studio):
    with_pictures(studio)
    with pytest.raises(InputError, match="Choose a picture: Control"):
        studio.controller.start(lambda _: layered(sky="Sky"), "mix", {}, title="Mix")
    assert not [message for message in studio.clients[-1].messages if isinstance(message, Submit)]
    assert studio.controller.entries == []


def test_an_operation_without_a_document_freezes_none(studio):
    with_pictures(studio)
    studio.controller.start(studio.host, "make", {}, title="Make")
    (sent,) = [message for message in studio.clients[-1].messages if isinstance(message, Submit)]
    assert (sent.document, sent.selection, sent.pictures) == (None, None, ())
    assert studio.hosts[0].frozen is None


def fail_in_part(studio):
    """Start a job of which a part fails; return its entry."""
    (entry,) = studio.controller.start(studio.host, "upscale", {}, title="Upscale")
    job, error = entry.flow.job, ServerError("The worker died.").info
    studio.tell(
        Accepted(job, 1),
        Planned(job, 2, "new", Extent(16, 16), "Two strips."),
        Failed(job, 3, error, (Outcome("a", "done"), Outcome("b", "failed")), {}),
    )
    return entry


def test_the_rest_of_a_job_of_which_a_part_failed_is_made(studio):
    entry = fail_in_part(studio)
    assert entry.can_make_rest
    studio.controller.make_rest(entry)
    assert studio.clients[-1].last == Resume(entry.flow.job, 3, True)
    assert entry.is_running
    studio.controller.make_rest(entry)  # a second click changes nothing
    assert studio.clients[-1].messages.count(Resume(entry.flow.job, 3, True)) == 1


def test_who_removes_it_gives_its_finished_parts_up(studio):
    entry = fail_in_part(studio)
    studio.controller.discard(entry)
    assert studio.clients[-1].last == Ack(entry.flow.job)
    assert studio.hosts[-1].frozen is None


def test_jobs_that_expired_are_told_of_once_also_over_restarts(studio):
    gone = (
        ExpiredJob("a" * 8, "refocus", 1.0),
        ExpiredJob("b" * 8, "upscale", 2.0),
        ExpiredJob("c" * 8, "detect", 3.0),
    )
    studio.controller.wake()
    assert studio.tell(real_welcome(), Jobs(1, (), gone))
    told = "2 jobs have expired at the server, since nobody took their results: Refocus, Upscale."
    assert studio.controller.connection.warning.message == told
    studio.tell(Jobs(1, (), gone))
    assert studio.controller.connection.warning.message == told
    studio.controller.reconnect()  # read
    studio.tell(real_welcome(), Jobs(1, (), gone))
    assert studio.controller.connection.warning is None
    studio.controller = studio.another()
    studio.controller.wake()
    studio.tell(real_welcome(), Jobs(1, (), (*gone, ExpiredJob("d" * 8, "faces", 4.0))))
    assert studio.controller.connection.warning.message == (
        "1 job has expired at the server, since nobody took its result: Refocus faces."
    )


def test_what_expires_later_and_a_warning_of_versions_are_told_of_too(studio):
    gone = (ExpiredJob("a" * 8, "refocus", 1.0), ExpiredJob("b" * 8, "upscale", 2.0))
    studio.controller.wake()
    studio.clients[-1].peer = Peer("foveate-krita", "2.0")
    studio.tell(replace(real_welcome(), server=Peer("foveate", "1.0")))
    warning = studio.controller.connection.warning
    for count in (1, 2):
        studio.tell(Jobs(1, (), gone[:count]))
    both = studio.controller.connection.warning
    assert (both.code, str(both)) == (
        warning.code,
        f"{warning}\n2 jobs have expired at the server, since nobody took their results: Refocus, Upscale. "
        "Run again what you still want.",
    )


@pytest.mark.parametrize(
    ("is_unselected", "seconds", "asks"), [(True, 60.0, True), (True, 59.0, False), (False, 900.0, False)]
)
def test_what_takes_long_on_all_of_a_document_waits_for_a_yes(studio, is_unselected, seconds, asks):
    (entry,) = studio.start(is_unselected=is_unselected)
    job = entry.flow.job
    studio.tell(Accepted(job, 1), Planned(job, 2, "document", Extent(16, 16), "", seconds=seconds, is_measured=True))
    assert entry.flow.is_held is asks
    assert ("this takes about" in studio.controller.question(entry)) is asks
    studio.controller.begin(entry)
    assert studio.controller.question(entry) == ""


def test_results_of_earlier_sessions_are_listed_where_an_editor_takes_them(studio):
    job = JobSummary("10000000-0000-4000-8000-000000000000", "upscale", "done", None, 100.0, 9)
    studio.controller.wake()
    studio.tell(StateChange(ConnectionState.READY), real_welcome(), Jobs(1, (job,)))
    assert studio.controller.entries == []
    after = studio.another()
    after.list_left(lambda _record, title: LeftHost(title))
    after.wake()
    studio.clients[-1].tell(StateChange(ConnectionState.READY), real_welcome(), Jobs(1, (job,)))
    after.poll()
    assert [(entry.flow.job, entry.is_left, entry.host.title) for entry in after.entries] == [
        (job.job, True, "Upscale")
    ]
    after.close()


def test_results_of_earlier_sessions_can_be_told_of_and_stay_where_they_are(studio):
    job = JobSummary("10000000-0000-4000-8000-000000000000", "upscale", "done", None, 100.0, 9)
    told = []
    studio.controller.tell_left(told.append)
    studio.controller.wake()
    studio.tell(StateChange(ConnectionState.READY), real_welcome(), Jobs(1, (job, replace(job, state="running"))))
    assert (told, studio.controller.entries) == ([job], [])


class LeftHost(MemoryHost):
    def __init__(self, title):
        super().__init__()
        self.title = title
