"""Results that wait for a yes, or cannot be applied: what is no pixels is never opened as an image, nor lost."""

from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from foveate_gimp import other_results, procedures, results, run_job, variations
from foveate_gimp.document import GimpHost
from foveate_gimp.lost_image import LostImage

from foveate_shared.errors import CancelledJobError, ErrorCode, InputError, ResourceError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.i18n.translations import Texts
from foveate_shared.jobs.document_problems import changed
from foveate_shared.jobs.host import Image, ItemReport, Result, ResultFile, ResultPatch, SelectionPart
from foveate_shared.jobs.job_status import JobState
from foveate_shared.pixels import COVERAGE_U8, Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import FILES, REPORT, SELECTION

EXTENT = Extent(3, 2)
PART = SelectionPart(Bounds(1, 1, 2, 1), Image(Extent(2, 1), bytes([128, 255]), COVERAGE_U8))
PIXELS = Image(EXTENT, bytes(24), PixelFormat(SampleType.U8, Channels.RGBA))
RESULTS = {
    "pixels": Result("document", EXTENT, (ResultPatch(EXTENT.bounds, PIXELS, None),), ()),
    REPORT: Result("document", EXTENT, (), (), kind=REPORT, reports=(ItemReport({"count": 3}, None),)),
    FILES: Result("document", EXTENT, (), (), kind=FILES, files=(ResultFile("a.bin", "x", b"a"),)),
    SELECTION: Result("document", EXTENT, (), (), kind=SELECTION, selection=(PART,)),
}
FULL = ResourceError("The files cannot be written.", code=ErrorCode.STORAGE_FULL, remedy="Make room.").info


class Flow:
    """A flow whose result waits."""

    def __init__(self, kind, error=None):
        self.result = RESULTS[kind]
        self.status = SimpleNamespace(state=JobState.UNAPPLIED, error=error)
        self.was_dropped = False

    def cancel(self):
        self.was_dropped = True
        self.status.state = JobState.CANCELLED

    def apply(self, *, even_if_changed=False):
        self.status.state = JobState.DONE


class Window:
    """Answers dialogs, and remembers what they offered."""

    def __init__(self, monkeypatch, *answers):
        self.buttons, self.labels, self.texts, self._answers = [], [], [], list(answers)
        gtk = MagicMock(Dialog=self._dialog, MessageDialog=self._dialog, events_pending=lambda: False)
        gtk.Label = lambda label, **_: self.labels.append(label)
        monkeypatch.setattr(results, "Gtk", gtk)
        monkeypatch.setattr(results, "thumbnails", SimpleNamespace(of=lambda image, side: "thumbnail"))

    def _dialog(self, text="", **_):
        made = MagicMock()
        self.texts.append(text)
        self.buttons.append([])
        made.add_button.side_effect = lambda label, answer: self.buttons[-1].append(answer) or made
        made.format_secondary_text.side_effect = self.labels.append
        made.run.side_effect = lambda: self._answers.pop(0)
        return made


CLOSED = -4


@pytest.fixture(autouse=True)
def no_gimp(monkeypatch):
    monkeypatch.setattr("foveate_gimp.layers.ImageKind.again", lambda *_: None)


@pytest.fixture
def decision():
    return results.Decision(SimpleNamespace(), Texts("en"))


@pytest.fixture
def host():
    return SimpleNamespace(
        is_open=True, refusal=lambda result: None, keep=lambda result: pytest.fail("it is no image"), layers=()
    )


@pytest.mark.parametrize(("kind", "line"), [(REPORT, "count: 3"), (FILES, "a.bin")])
def test_what_a_report_or_files_say_is_shown_before_the_yes(monkeypatch, decision, host, kind, line):
    window, flow = Window(monkeypatch, results.APPLY), Flow(kind)
    decision.ask(flow, host)
    assert window.buttons == [[results.DROP, results.APPLY]]
    assert line in window.labels
    assert flow.status.state is JobState.DONE


def test_a_selection_is_shown_before_the_yes(monkeypatch, decision, host):
    drawn = []
    monkeypatch.setattr(other_results, "drawn", lambda result, title: drawn.append(result) or results.Gimp.Image())
    window, flow = Window(monkeypatch, results.DROP), Flow(SELECTION)
    decision.ask(flow, host)
    assert drawn == [flow.result]
    assert window.buttons == [[results.DROP, results.APPLY]]
    assert flow.was_dropped


@pytest.mark.parametrize("kind", [REPORT, FILES, SELECTION])
def test_what_cannot_be_applied_stays_at_the_server_where_the_dialog_is_closed(monkeypatch, decision, host, kind):
    window, flow = Window(monkeypatch, CLOSED), Flow(kind, FULL)
    decision.ask(flow, host)
    assert window.buttons == [[results.DROP, results.APPLY, results.LEAVE]]
    assert (flow.was_dropped, flow.status.state) == (False, JobState.UNAPPLIED)


def test_files_can_be_applied_again_though_the_image_is_closed(monkeypatch, decision):
    host = GimpHost(Open(is_there=False), title="Probe")
    monkeypatch.setattr(host, "apply", lambda result: None)
    window, flow = Window(monkeypatch, results.APPLY), Flow(FILES, FULL)
    decision.ask(flow, host)
    assert window.buttons == [[results.DROP, results.APPLY, results.LEAVE]]
    assert flow.status.state is JobState.DONE


def test_pixels_that_cannot_be_applied_are_kept_as_an_image(monkeypatch, decision, host):
    host.keep = lambda result: "image"
    window, flow = Window(monkeypatch, results.AS_IMAGE), Flow("pixels", FULL)
    decision.ask(flow, host)
    assert window.buttons == [[results.DROP, results.APPLY, results.AS_IMAGE]]
    assert (host.result_image, flow.was_dropped) == ("image", True)


@pytest.mark.parametrize("error", [None, FULL])
@pytest.mark.parametrize("kind", RESULTS)
def test_a_closed_question_lets_the_result_wait_and_says_so(monkeypatch, decision, host, kind, error):
    monkeypatch.setattr(results, "pictures", lambda *_: [])
    window, flow = Window(monkeypatch, CLOSED), Flow(kind, error)
    decision.ask(flow, host)
    assert (flow.was_dropped, flow.status.state) == (False, JobState.UNAPPLIED)
    assert any(results.WAITS in text for text in window.labels)
    with pytest.raises(CancelledJobError):  # GIMP is told of no success, and the person of no failure
        run_job._finished([flow], SimpleNamespace(result_image=None))


@pytest.mark.parametrize(("answered", "dropped"), [(CLOSED, False), (results.DROP, True)])
def test_variations_are_dropped_only_by_the_button(monkeypatch, host, answered, dropped):
    window, flows = Window(monkeypatch, answered), [Flow("pixels"), Flow("pixels")]
    monkeypatch.setattr(variations, "Gtk", results.Gtk)
    monkeypatch.setattr(results, "pictures", lambda *_: [])
    procedures._PersonDecides(SimpleNamespace(image=None, say=Texts("en"))).results(flows, host)
    assert [flow.was_dropped for flow in flows] == [dropped, dropped]
    assert len(window.buttons) == 1  # one question about all of them


@pytest.mark.parametrize("kind", [REPORT, FILES, SELECTION])
def test_a_script_is_told_the_true_error_and_the_server_keeps_the_result(host, kind):
    flow = Flow(kind, FULL)
    with pytest.raises(ResourceError, match=r"The files cannot be written\."):
        run_job.NobodyDecides().results([flow], host)
    assert not flow.was_dropped


def test_what_nobody_took_is_noted(monkeypatch, tmp_path):
    noted = []
    monkeypatch.setattr(run_job.connection, "settings_path", lambda: tmp_path / "settings.json")
    for name in ("mark_left", "forget"):
        monkeypatch.setattr(run_job.job_records, name, lambda folder, job, name=name: noted.append((name, job)))
    flows = [Flow(FILES, FULL), Flow(FILES)]
    flows[0].job, flows[1].job = "first", "second"
    flows[1].apply()
    run_job._cross_out(flows)
    assert noted == [("mark_left", "first"), ("forget", "second")]


@pytest.mark.parametrize("kind", [REPORT, FILES, SELECTION])
def test_no_empty_image_is_made_of_what_has_no_pixels(kind):
    with pytest.raises(InputError, match="This result is empty"):
        GimpHost(None, title="Probe").keep(RESULTS[kind])


class Open(SimpleNamespace):
    """An image of some size."""

    def is_valid(self):
        return getattr(self, "is_there", True)

    def get_width(self):
        return self.width

    def get_height(self):
        return 2


def test_a_selection_goes_only_into_an_image_of_its_size(monkeypatch):
    taken = []
    monkeypatch.setattr("foveate_gimp.layer_pictures.select", lambda image, result: taken.append(image))
    same, other = Open(width=3), Open(width=4)
    GimpHost(same, title="Pick").apply(RESULTS[SELECTION])
    with pytest.raises(InputError, match="is closed, or has another size by now") as caught:
        GimpHost(other, title="Pick").apply(RESULTS[SELECTION])
    assert taken == [same]
    assert caught.value.info.code is ErrorCode.CONFLICT


UNFIT = {
    "a selection for another size": (SELECTION, Open(width=4), "or has another size by now. Run the job again"),
    "a selection for a closed image": (SELECTION, Open(width=3, is_there=False), "is closed, or has another size"),
    "pixels for a closed image": ("pixels", Open(width=3, is_there=False), "was closed before the result came."),
    "pixels for another mode": (
        "pixels",
        Open(width=3, get_base_type=lambda: 1, get_precision=lambda: 100),
        "has another mode or precision by now.",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_has_no_place_any_more_is_not_offered_to_be_applied(monkeypatch, decision, case):
    kind, image, sentence = UNFIT[case]
    host = GimpHost(image, title="Probe")
    monkeypatch.setattr(GimpHost, "kind", SimpleNamespace(base=0, precision=100))
    window, flow = Window(monkeypatch, CLOSED), Flow(kind, changed().info)
    decision.ask(flow, host)
    (told,) = window.texts
    assert sentence in told
    assert window.buttons == [[results.DROP, results.AS_IMAGE if kind == "pixels" else results.LEAVE]]


def test_a_selection_is_drawn_in_grey(monkeypatch):
    drawn = []
    monkeypatch.setattr(other_results, "build_image", lambda result, kind, title: drawn.append(result))
    other_results.drawn(RESULTS[SELECTION], "Pick")
    (patch,) = drawn[0].patches
    assert (patch.bounds, patch.pixels.format.channels) == (EXTENT.bounds, Channels.YA)
    assert bytes(patch.pixels.data[::2]) == bytes([0, 0, 0, 0, 128, 255])
    assert set(patch.pixels.data[1::2]) == {255}


def test_results_from_before_are_taken_whatever_their_kind(monkeypatch, tmp_path):
    monkeypatch.setattr("foveate_gimp.lost_image.Path.home", lambda: tmp_path)
    lost = LostImage("Probe", None)
    assert set(lost.result_kinds) == set(RESULTS)
    lost.apply(RESULTS[FILES])
    assert (tmp_path / "Probe/a.bin").read_bytes() == b"a"
    assert lost.told
    lost.apply(RESULTS[REPORT])
    assert lost.told == ("count: 3",)


def test_a_long_report_does_not_fill_the_screen():
    data = {f"line{number}": number for number in range(1000)}
    told = other_results.words(Result("document", EXTENT, (), (), kind=REPORT, reports=(ItemReport(data, None),)))
    assert told.splitlines() == [*(f"line{number}: {number}" for number in range(20)), "…"]
