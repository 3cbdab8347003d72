"""The engine that stands in for a network is exact, and differs from doing nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from foveate_server.engines.detection.faces import FACES
from foveate_server.engines.deterministic.engine import FACE_COLOR, Options, create, deterministic_spec
from foveate_server.engines.values import Pinned
from foveate_server.json_records import to_json
from foveate_shared.errors import ErrorCode, InputError, ResourceError


class Ticker:
    """Counts and collects."""

    def __init__(self):
        self.checks = 0
        self.fractions = []
        self.notes = []

    def check(self):
        self.checks += 1

    def give_way(self):
        return False

    def progress(self, stage, fraction, step=0, steps=0):
        self.fractions.append(fraction)

    def note(self, text):
        self.notes.append(text)


def _upscale(image, model=None, pinned=None, **options):
    ticker = Ticker()
    engine = create(to_json(Options(**options)))
    return engine.upscale(image, model, exact=True, pinned=pinned or Pinned(), ticker=ticker), ticker


images = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3)),
    elements=st.floats(0, 1, width=32),
    fill=st.just(0.25),
)


@settings(max_examples=40, deadline=None)
@given(images, st.integers(1, 40), st.sampled_from(["deterministic-x4", "deterministic-x2"]))
def test_tiles_change_no_bit(image, tile, model):
    whole, _ = _upscale(image, model, Pinned(tile=64))
    tiled, _ = _upscale(image, model, Pinned(tile=tile))
    assert whole.image.dtype == np.float32
    assert whole.image.shape == (image.shape[0] * whole.scale, image.shape[1] * whole.scale, 3)
    assert np.array_equal(whole.image, tiled.image)


def test_flat_parts_stay_as_they_are():
    rendering, _ = _upscale(np.full((5, 7, 3), 0.5, np.float32))
    assert np.allclose(rendering.image, 0.5, atol=1e-6)


def test_edges_are_sharpened():
    image = np.zeros((4, 8, 3), np.float32)
    image[:, 4:] = 0.5
    rendering, ticker = _upscale(image)
    row = rendering.image[8, :, 0]
    assert row[15] == pytest.approx(-0.5 / 6)  # of 9 neighbours, 3 are lighter: half of a third of the step
    assert row[16] == pytest.approx(0.5 + 0.5 / 6)
    assert row[14] == 0
    assert ticker.fractions == [0.0, 1.0]
    assert rendering.model["name"] == "deterministic-x4"
    assert rendering.pinned == Pinned("float32", 128, 1)


def test_a_lack_of_memory_halves_the_tile_with_a_word():
    image = np.zeros((100, 100, 3), np.float32)
    rendering, ticker = _upscale(image, memory_tile=40)
    assert rendering.pinned.tile == 32
    assert ticker.notes == [f"Memory is short: tiles of {tile} pixels are used." for tile in (64, 32)]
    with pytest.raises(ResourceError) as caught:
        _upscale(image, memory_tile=10)
    assert caught.value.info.code is ErrorCode.OUT_OF_MEMORY


def test_slow_blocks_give_signs_of_life():
    _, ticker = _upscale(np.zeros((8, 16, 3), np.float32), tile=8, block_seconds=0.1)
    assert ticker.checks == 2 * (1 + 5)


def test_unknown_models_are_refused():
    with pytest.raises(InputError) as caught:
        _upscale(np.zeros((8, 8, 3), np.float32), "x8")
    assert caught.value.info.code is ErrorCode.UNKNOWN_MODEL
    assert "deterministic-x4" in caught.value.info.remedy


def test_the_spec_names_this_engine_and_its_models():
    spec = deterministic_spec(tile=32)
    assert spec.factory == "foveate_server.engines.deterministic.engine:create"
    assert [model.scale for model in spec.catalog().listing if model.kind == "restore"] == [4, 2]
    assert [model.name for model in spec.catalog().listing if model.kind == "diffusion"] == ["deterministic-diffusion"]
    assert spec.options["tile"] == 32
    with pytest.raises(TypeError):
        deterministic_spec(tyle=32)


def _draw(image, x, y, radius):
    rows, columns = np.indices(image.shape[:2])
    image[(columns - x) ** 2 + (rows - y) ** 2 <= radius**2] = FACE_COLOR


def test_discs_are_faces_and_nothing_else_is():
    image = np.random.default_rng(3).uniform(0.3, 0.5, (200, 300, 3)).astype(np.float32)
    _draw(image, 60, 80, 20)
    _draw(image, 200, 100, 6)
    image[150:190, 10:50] = FACE_COLOR  # a square: found, but hardly a face
    image[10:13, 100:200] = FACE_COLOR  # a line
    faces = create({}).detect(FACES, image, min_score=0.85, ticker=Ticker())
    assert {face.box for face in faces} == {(40.0, 60.0, 41.0, 41.0), (194.0, 94.0, 13.0, 13.0)}
    assert all(x <= u <= x + w and y <= v <= y + h for f in faces for u, v in f.landmarks for x, y, w, h in [f.box])
    assert [face.score for face in faces] == sorted((face.score for face in faces), reverse=True)
    assert len(create({}).detect(FACES, image, min_score=0.5, ticker=Ticker())) == 3


def test_a_face_is_found_again_in_its_enlargement():
    image = np.full((40, 40, 3), 0.4, np.float32)
    _draw(image, 20, 20, 10)
    (before,) = create({}).detect(FACES, image, min_score=0.5, ticker=Ticker())
    (after,) = create({}).detect(FACES, _upscale(image)[0].image, min_score=0.5, ticker=Ticker())
    assert np.allclose(np.array(after.box) / 4, before.box, atol=0.5)


def test_it_says_that_it_looks_for_faces():
    image = np.zeros((60, 60, 3), np.float32)
    image[20:40, 20:40] = FACE_COLOR
    ticker = Ticker()
    create({}).detect(FACES, image, min_score=0.5, ticker=ticker)
    assert ticker.fractions == [0, 1]
