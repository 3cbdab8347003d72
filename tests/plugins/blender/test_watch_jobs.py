"""Jobs in Blender's status bar: told until they end, by another operator where Blender has ended the first."""

from types import SimpleNamespace

import pytest

from foveate_shared.errors import ErrorCode, ErrorInfo, Fault
from foveate_shared.jobs.job_status import JobProgress, JobState

GONE = ErrorInfo(ErrorCode.CONFLICT, "The image is gone.", "", Fault.USER)


class Context:
    """What an operator is given: the status line is `line`."""

    def __init__(self):
        self.line = None
        self.handlers, self.timers = [], []
        self.workspace = SimpleNamespace(status_text_set=lambda text: setattr(self, "line", text))
        self.window = object()
        self.window_manager = SimpleNamespace(
            event_timer_add=lambda *_, **__: self.timers.append("timer") or self.timers[-1],
            event_timer_remove=self.timers.remove,
            progress_begin=lambda *_: None,
            progress_update=lambda _: None,
            progress_end=lambda: None,
            modal_handler_add=self.handlers.append,
        )


class Entry:
    """A job."""

    def __init__(self):
        self.flow = SimpleNamespace(status=JobProgress(JobState.RUNNING, "Restoring", 0.5))
        self.host = SimpleNamespace(wanted=SimpleNamespace(words="Refocus"), told=(), made="in, Refocus")
        self.is_running, self.is_applied, self.waits_for_person = True, False, False

    def end(self, **values):
        self.is_running = False
        self.flow.status = JobProgress(**values)


@pytest.fixture
def watching(load, rt):
    """Return the module, in a Blender that knows its operator."""
    made = load("watch_jobs")
    made.reports = []
    made.WatchOperator.report = lambda _self, kind, text: made.reports.append((*kind, text))
    return made


def tick(operator, context):
    return operator.modal(context, SimpleNamespace(type="TIMER", value="NOTHING"))


def test_a_job_is_told_until_it_ends(watching, rt):
    operator, context, entry = watching.WatchOperator(), Context(), Entry()
    assert operator.watch(context, [entry]) == {"RUNNING_MODAL"}
    assert tick(operator, context) == {"PASS_THROUGH"}
    assert context.line == "Refocus: Restoring, 50% (Esc: cancel)"
    entry.is_applied = True
    entry.end(state=JobState.DONE)
    assert tick(operator, context) == {"FINISHED"}
    assert (context.line, context.timers, watching.reports) == (None, [], [("INFO", "Made in, Refocus")])
    assert rt.unwatched == []


def test_another_operator_goes_on_where_blender_ended_the_first(watching, rt, load):
    first, context, entry = watching.WatchOperator(), Context(), Entry()
    first.watch(context, [entry])
    first.cancel(context)  # as Blender does when the window closes
    assert (context.line, context.timers, rt.unwatched) == (None, [], [[entry]])
    asked = []
    load.bpy.ops = SimpleNamespace(foveate=SimpleNamespace(watch=asked.append))
    watching.go_on()  # no window is there
    assert asked == []
    window, later = object(), Context()
    load.bpy.context = SimpleNamespace(
        window_manager=SimpleNamespace(windows=[window]), temp_override=lambda **_: pytest.MonkeyPatch.context()
    )
    watching.go_on()
    assert asked == ["INVOKE_DEFAULT"]
    second = watching.WatchOperator()
    assert second.invoke(later, None) == {"RUNNING_MODAL"}
    assert second.invoke(later, None) == {"CANCELLED"}
    assert rt.unwatched == []
    entry.end(state=JobState.UNAPPLIED, error=GONE)
    assert tick(second, later) == {"CANCELLED"}
    assert watching.reports == [("ERROR", "The image is gone.")]


def test_esc_cancels_what_runs(watching, rt, monkeypatch):
    operator, context, entries, cancelled = watching.WatchOperator(), Context(), [Entry(), Entry()], []
    monkeypatch.setattr(rt, "cancel", cancelled.append)
    operator.watch(context, entries)
    entries[0].is_running = False
    assert operator.modal(context, SimpleNamespace(type="ESC", value="PRESS")) == {"CANCELLED"}
    assert (cancelled, context.timers, rt.unwatched) == (entries[1:], [], [])
