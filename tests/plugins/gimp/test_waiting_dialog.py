"""Waiting Results: what is listed, and what is left of a job's record once its result was taken."""

from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from foveate_gimp import connection, dialogs, waiting_dialog

from foveate_shared.connection.client import ConnectionState, StateChange
from foveate_shared.i18n.translations import Texts
from foveate_shared.jobs import job_records
from foveate_shared.jobs.job_records import Record
from foveate_shared.jobs.job_status import JobState
from foveate_shared.wire.blobs import Delivery
from foveate_shared.wire.protocol import Ack, Cancel, Jobs, JobSummary, Limits, Peer, Welcome

DONE, RUNNING, LOOK = (f"{number}0000000-0000-4000-8000-000000000000" for number in (1, 2, 3))
SUMMARIES = (
    JobSummary(DONE, "refocus", "done", None, 100.0, 9),
    JobSummary(RUNNING, "upscale", "running", None, 150.0, 3, fraction=0.25, seconds_left=40.0),
    JobSummary(LOOK, "detect", "done", None, 160.0, 3),
)
WELCOME = Welcome(1, Peer("foveate", "9.9"), (), Limits(), ())


class Client:
    """A client whose server lists jobs."""

    def __init__(self):
        self.posted, self.events = [], [StateChange(ConnectionState.READY), Delivery(WELCOME)]

    def post(self, message):
        self.posted.append(message)

    def list_jobs(self):
        return 1

    def poll(self):
        events, self.events = self.events, []
        return events

    def tell(self, *summaries):
        self.events.append(Delivery(Jobs(1, summaries)))


class List:
    """A list with rows, of which one is selected."""

    def __init__(self, **_):
        self.rows, self.selected = [], None

    def connect(self, *_):
        """Nobody clicks."""

    def add(self, row):
        row.get_index = lambda: self.rows.index(row)
        self.rows.append(row)

    def remove(self, row):
        self.rows.remove(row)
        self.selected = None if self.selected is row else self.selected

    def get_children(self):
        return list(self.rows)

    def get_row_at_index(self, number):
        return self.rows[number]

    def get_selected_row(self):
        return self.selected

    def select_row(self, row):
        self.selected = row

    def show_all(self):
        """There is no screen."""


class Texted(MagicMock):
    """A label, whose text can be read."""

    def set_text(self, text):
        self.text = text


@pytest.fixture
def client(settings, monkeypatch):
    client = Client()
    gtk = MagicMock(ListBox=List, ListBoxRow=MagicMock, Label=Texted)
    monkeypatch.setattr(waiting_dialog, "Gtk", gtk)
    monkeypatch.setattr(dialogs, "Gtk", gtk)
    monkeypatch.setattr(waiting_dialog.connection, "open_client", lambda: client)
    folder = job_records.folder_of(settings)
    for job in (DONE, RUNNING):
        job_records.write(folder, job, Record("Refocus", "a.xcf", {}, is_left=True))
    return client


@pytest.fixture
def dialog(client):
    dialog = waiting_dialog.WaitingDialog(Texts("en"))
    dialog._look()
    client.tell(*SUMMARIES)
    dialog._look()
    return dialog


def recorded(settings):
    return {path.stem for path in job_records.folder_of(settings).iterdir()}


def answers(dialog, *given):
    dialog._dialog.run.side_effect = [*given, None]
    dialog.run()


def test_what_runs_is_listed_with_how_far_it_is_below_what_waits(dialog, client):
    assert [row.job.job for row in dialog._list.rows] == [DONE, RUNNING]
    assert dialog._list.rows[1].state.text == "Running, 25%, 40 s left"
    dialog._list.select_row(dialog._list.rows[1])
    client.tell(*(SUMMARIES[0], JobSummary(RUNNING, "upscale", "done", None, 150.0, 4)))
    dialog._look()
    assert [row.job.job for row in dialog._list.rows] == [RUNNING, DONE]
    assert dialog._list.selected.job.job == RUNNING


def test_what_runs_can_be_cancelled(dialog, client, settings):
    dialog._list.select_row(dialog._list.rows[1])
    answers(dialog, waiting_dialog._OPEN, waiting_dialog._DISCARD)
    assert client.posted == [Cancel(RUNNING)]
    assert recorded(settings) == {DONE, RUNNING}


def test_nothing_is_left_of_what_was_discarded(dialog, client, settings):
    answers(dialog, waiting_dialog._DISCARD)
    assert Ack(DONE) in client.posted
    assert recorded(settings) == {RUNNING}
    client.tell()
    dialog._look()
    assert dialog._what.text == "Nothing waits, and nothing is being made."


@pytest.mark.parametrize(("after", "left"), [(JobState.DONE, {RUNNING}), (JobState.UNAPPLIED, {DONE, RUNNING})])
def test_nothing_is_left_of_what_was_opened(dialog, settings, after, left):
    flow = SimpleNamespace(status=SimpleNamespace(state=JobState.UNAPPLIED, error=None))
    flow.apply = lambda: setattr(flow.status, "state", after)
    dialog._results.fetch = lambda job: flow
    dialog._hosts[DONE] = SimpleNamespace(told=())
    answers(dialog, waiting_dialog._OPEN)
    assert recorded(settings) == left


def test_the_hint_is_about_what_the_server_has_and_the_person_was_not_told_of(settings, client):
    line = dialogs.LeftLine(Texts("en"))
    line.note(SUMMARIES[2])  # nobody left that one
    line.widget.show.assert_not_called()
    line.note(SUMMARIES[0])
    line.widget.show.assert_called_once_with()
    job_records.mark_seen(job_records.folder_of(connection.settings_path()))
    seen = dialogs.LeftLine(Texts("en"))
    seen.widget.show.reset_mock()
    seen.note(SUMMARIES[0])
    seen.widget.show.assert_not_called()
