import numpy as np
import pytest
from scipy import ndimage
from skimage import data

from fakes.documents import MemoryDocument, run_job
from foveate_server.engines.deterministic.engine import DeterministicEngine, Options
from foveate_server.engines.values import Face
from foveate_shared.errors import ErrorCode, ResourceError
from foveate_shared.geometry import Bounds
from foveate_shared.wire.protocol import Selection

FACE = Face((90.0, 36.0, 43.0, 53.0), ((102, 52), (123, 52), (112, 62), (103, 72), (120, 72)), 0.9)  # in the half size


class OneFaceEngine(DeterministicEngine):
    """Knows where the astronaut's face is, in whichever window of the document."""

    def __init__(self, window: Bounds, *, available: bool = True) -> None:
        super().__init__(Options())
        self._window = window
        self._available = available

    def detect(self, detector, image, *, min_score, ticker):
        if not self._available:
            raise ResourceError("The face detector is not here.", code=ErrorCode.OFFLINE)
        x, y, width, height = FACE.box
        points = tuple((px - self._window.x, py - self._window.y) for px, py in FACE.landmarks)
        return [Face((x - self._window.x, y - self._window.y, width, height), points, 0.9)]


@pytest.fixture
def blurred():
    def make(sigma):
        small = data.astronaut().reshape(256, 2, 256, 2, 3).mean(axis=(1, 3))
        image = np.rint(ndimage.gaussian_filter(small, (sigma, sigma, 0))).astype(np.uint8)
        return MemoryDocument(image, selection=Selection(Bounds(62, 6, 100, 110)))

    return make


def run(document, **options):
    from foveate_server.operations.refocus import Refocus

    (item,) = Refocus().plan(document.request("refocus"), Refocus.parameters.parse({})).items
    return run_job(document, OneFaceEngine(item.windows[0].bounds, **options), "refocus")


def test_a_region_about_a_face_is_held_to_what_a_face_forgives(blurred) -> None:
    document = blurred(2.2)
    (with_face,) = run(document).outcomes
    assert with_face.status == "kept"
    assert "face is too soft" in with_face.message
    (without,) = run_job(document, DeterministicEngine(Options()), "refocus").outcomes
    assert without.status == "done"


def test_a_sharp_face_that_is_selected_is_restored_all_the_same(blurred) -> None:
    (outcome,) = run(blurred(0)).outcomes
    assert outcome.status == "done"
    assert outcome.data["strength"] == 1.0


def test_without_the_detector_the_region_is_restored_with_a_note(blurred) -> None:
    result = run(blurred(0.8), available=False)
    assert result.outcomes[0].status == "done"
    assert len(result.patches) == 1
    assert "not looked for" in result.notes[0]
