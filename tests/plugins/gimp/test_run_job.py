"""What came of a job: whether all of it was done, with all of the effect, and whether anything was changed."""

from types import SimpleNamespace

import pytest
from foveate_gimp import run_job

from foveate_shared.geometry import Extent
from foveate_shared.jobs.host import Result
from foveate_shared.jobs.job_status import JobState
from foveate_shared.wire.protocol import SELECTION, Outcome

SOFT = "The region is very soft."


def finished(*outcomes, layers=("a layer",), kind="pixels", asked=0.8):
    recipe = {"parameters": {"strength": asked} if asked is not None else {}}
    flow = SimpleNamespace(
        status=SimpleNamespace(state=JobState.DONE, error=None, notes=()),
        result=Result("document", Extent(3, 2), (), (), kind=kind, recipe=recipe),
        outcomes=outcomes,
    )
    return run_job._finished([flow], SimpleNamespace(result_image=None, layers=layers, told=()))


@pytest.mark.parametrize(
    ("outcome", "asked", "is_weaker"),
    [
        (Outcome("refocus", "done", SOFT, {"strength": 0.36}), 0.8, True),
        (Outcome("refocus", "done", SOFT, {"strength": 0.8}), 0.8, False),
        (Outcome("refocus", "done", "", {"strength": 0.0}), 0.8, False),  # what needs no reason
        (Outcome("detect", "done", "1 face was found.", {}), 0.8, False),
        (Outcome("upscale", "done", SOFT, {"strength": 0.3}), None, False),
    ],
)
def test_less_of_the_effect_than_was_asked_for(outcome, asked, is_weaker):
    made = finished(outcome, asked=asked)
    assert (made.is_weaker, made.is_as_asked) == (is_weaker, True)


def test_pixels_of_which_none_changed():
    kept = Outcome("refocus", "kept", SOFT, {"strength": 0.0})
    assert finished(kept, layers=()).is_unchanged
    assert not finished(kept).is_unchanged
    assert not finished(Outcome("select", "done"), layers=(), kind=SELECTION).is_unchanged
