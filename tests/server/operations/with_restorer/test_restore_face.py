import numpy as np
import pytest

from fakes.documents import MemoryDocument, run_job
from foveate_server.engines.deterministic.engine import DeterministicEngine, Options
from foveate_server.engines.values import Face
from foveate_server.operations.single_face.identity_gate import judge, locate, size_of
from foveate_server.operations.single_face.upright import ellipse, roll_of
from foveate_shared.geometry import Bounds

UPRIGHT = ((30, 40), (70, 40), (50, 60), (35, 75), (65, 75))


def face_turned(degrees, box=(0.0, 0.0, 100.0, 100.0)):
    """A face turned clockwise as seen, about the middle of its box."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (np.array(UPRIGHT) - 50) @ turn.T + 50 + box[:2]
    return Face(box, tuple(map(tuple, points)), 0.9)


@pytest.mark.parametrize("degrees", [-170, -90, -30, 0, 45, 90, 179])
def test_roll_is_read_from_eyes_and_mouth(degrees) -> None:
    assert np.rad2deg(roll_of(face_turned(degrees))) == pytest.approx(degrees, abs=1)


def test_the_ellipse_is_full_on_the_face_and_fades_before_the_window_ends() -> None:
    window = Bounds(100, 50, 200, 240)
    coverage = ellipse(Face((150.0, 90.0, 100.0, 140.0), (), 1.0), window)
    assert coverage.shape == (240, 200)
    assert coverage[110, 100] == 1
    assert coverage[90 - 50 + 5, 100] == 1  # the forehead
    assert coverage[0].max() < 0.1
    assert coverage[:, 0].max() == 0
    assert np.abs(np.diff(coverage, axis=1)).max() < 0.1


class TurnSensitiveEngine(DeterministicEngine):
    """Remembers what it was asked to restore, and sees one sideways face."""

    def __init__(self, roll):
        super().__init__(Options())
        self.seen = []
        self._roll = roll

    def upscale(self, image, model, **options):
        self.seen.append(image.copy())
        return super().upscale(image, model, **options)

    def detect(self, detector, image, *, min_score, ticker):
        faces = super().detect(detector, image, min_score=min_score, ticker=ticker)
        if self.seen:
            return faces
        return [face_turned(self._roll, (f.box[0], f.box[1], 100.0, 100.0)) for f in faces]


@pytest.mark.parametrize(("roll", "quarters"), [(0, 0), (90, 1), (180, 2), (-90, 3), (30, 0), (60, 1)])
def test_a_turned_face_is_restored_upright_and_put_back(soft, paint_discs, roll, quarters) -> None:
    large = np.tile(soft, (2, 2, 1))
    image = np.rint(paint_discs(large, [(150, 150, 100)]) * 255).astype(np.uint8)
    image[101:110, 145:155] //= 2  # a mark at the upper edge of the face
    document = MemoryDocument(image)
    engine = TurnSensitiveEngine(roll)
    run = run_job(document, engine, "faces", min_score=0.2)
    (restored,) = engine.seen
    window = run.items[1].windows[0].bounds
    crop = image[window.y : window.bottom, window.x : window.right].astype(np.float32) / 255
    if restored.shape[0] == crop.shape[0]:
        assert np.abs(np.rot90(crop, quarters) - restored).mean() < 0.03
    result = run.applied_to(document)
    assert np.abs(result[90:210, 90:210].astype(int) - image[90:210, 90:210]).mean() < 20


class Ticker:
    def check(self):
        pass

    def give_way(self):
        return False

    def progress(self, stage, fraction, step=0, steps=0):
        pass

    def note(self, text):
        pass


def test_the_gate_measures_the_shift_in_sizes_of_the_face() -> None:
    before = face_turned(0)
    moved = Face(before.box, tuple((x + 3, y + 4) for x, y in before.landmarks), 0.9)
    verdict = judge(before, moved)
    assert verdict.shift == pytest.approx(0.05)
    assert verdict.problem is None
    one_moved = Face(before.box, ((before.landmarks[0][0] + 20, before.landmarks[0][1]), *before.landmarks[1:]), 0.9)
    assert "moved" in judge(before, one_moved).problem
    assert "no longer" in judge(before, None).problem
    assert judge(None, moved).problem is None


def test_of_two_faces_the_expected_one_is_located(soft, paint_discs) -> None:
    engine = DeterministicEngine(Options())
    image = paint_discs(soft, [(60, 60, 40), (150, 120, 50)])
    expected = Face((128.0, 92.0, 48.0, 52.0), (), 0.9)
    found = locate(image, expected, engine, Ticker())
    assert found is not None
    assert found.box[0] == pytest.approx(125, abs=1)
    assert size_of(found) == pytest.approx(50, abs=1)
    assert locate(soft, expected, engine, Ticker()) is None
