"""What holds for every operation that re-renders the document with a checkpoint, whatever its layout of pixels."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.documents import RGB8, run_job
from foveate_server.engines.deterministic.engine import DeterministicEngine, Options
from foveate_server.engines.deterministic.tints import MODEL
from foveate_server.operations.parameters import checkpoint_parameters
from foveate_server.operations.single_face import identity_gate
from foveate_server.operations.with_checkpoint import fading_canvases
from foveate_shared.errors import InputError, RefusedError
from foveate_shared.pixels import Channels, PixelFormat, SampleType

JOBS = [
    ("refocus", {"strength": 0.8}),
    ("faces", {"strength": 0.3}),
    ("fill", {"strength": 1.0}),
    ("fill", {"strength": 0.7, "start": "noise"}),
    ("upscale", {"target": "document"}),
]


@pytest.fixture(params=JOBS, ids=lambda job: "-".join([job[0], *(str(value) for value in job[1].values())]))
def job(request):
    return request.param[0], {"model": MODEL, "seed": 4, "prompt": "a cat", **request.param[1]}


@pytest.fixture
def picture(soft, paint_discs):
    return paint_discs(soft, [(55, 60, 60), (150, 110, 64)])


def same_bytes(a, b, where):
    return a[where].tobytes() == b[where].tobytes()


def test_the_same_parameters_give_the_same_bytes_and_another_seed_others(picture, make_document, engine, job):
    document = make_document(picture, PixelFormat(SampleType.U16, Channels.RGBA), (31, 27, 101, 87))
    once = run_job(document, engine, job[0], **job[1])
    again = run_job(document, engine, job[0], **job[1]).applied_to(document)
    assert once.applied_to(document).tobytes() == again.tobytes()
    other = run_job(document, engine, job[0], **{**job[1], "seed": 5}).applied_to(document)
    assert other.tobytes() != again.tobytes()
    assert once.recipe["model"]["name"] == MODEL
    assert once.recipe["sampling"]["num_inference_steps"] == 20
    assert once.outcomes[-1].data["seed"] == 4
    assert once.previews


@pytest.mark.parametrize("operation", ["refocus", "faces", "fill"])
def test_strength_zero_is_the_identity(picture, make_document, pixel_format, engine, operation):
    for bounds in (None, (31, 27, 101, 87)):
        document = make_document(picture, pixel_format, bounds)
        run = run_job(document, engine, operation, model=MODEL, strength=0, prompt="a cat")
        assert run.applied_to(document).tobytes() == document.image.tobytes()
        assert all(outcome.status == "done" for outcome in run.outcomes)


@settings(max_examples=12, deadline=None)
@given(data=st.data(), dtype=st.sampled_from([SampleType.U8, SampleType.U16, SampleType.F32]))
def test_any_region_of_any_depth_leaves_the_rest_alone(soft, make_document, data, dtype):
    from foveate_server.engines.deterministic.engine import DeterministicEngine, Options

    height, width = soft.shape[:2]
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    bounds = (x, y, data.draw(st.integers(1, width - x)), data.draw(st.integers(1, height - y)))
    operation = data.draw(st.sampled_from(["refocus", "fill"]))
    document = make_document(soft, PixelFormat(dtype, Channels.RGBA), bounds)
    engine = DeterministicEngine(Options())
    run = run_job(document, engine, operation, model=MODEL, strength=0.9, seed=1, prompt="x")
    result = run.applied_to(document)
    outside = np.ones((height, width), bool)
    outside[y : y + bounds[3], x : x + bounds[2]] = False
    assert same_bytes(result, document.image, outside)
    assert same_bytes(result, document.image, (..., 3))
    assert np.isfinite(result.astype(float)).all()


def test_a_small_region_gets_the_full_pixel_budget(soft, make_document, engine):
    document = make_document(soft, bounds=(100, 80, 24, 24))
    (outcome,) = run_job(document, engine, "refocus", model=MODEL, strength=0.5, prompt="x").outcomes
    width, height = outcome.data["extent"]
    assert 0.9 * 512 * 512 <= width * height <= 512 * 512


def test_large_regions_are_canvases_that_fade_into_each_other(soft, make_document, engine, monkeypatch):
    monkeypatch.setattr(fading_canvases, "SINGLE_AREA", 1)
    monkeypatch.setattr(fading_canvases, "CORE", 100)
    monkeypatch.setattr(fading_canvases, "MARGIN", 40)
    monkeypatch.setattr(fading_canvases, "FADE", 24)
    document = make_document(np.tile(soft, (1, 2, 1)), bounds=(10, 5, 380, 160))
    run = run_job(document, engine, "refocus", model=MODEL, strength=0.8, seed=2, prompt="x")
    assert len(run.patches) == 4 * 2
    result = run.applied_to(document)
    change = np.abs(result.astype(int) - document.image).sum(axis=2)
    outside = np.ones(change.shape, bool)
    outside[5:165, 10:390] = False
    assert not change[outside].any()
    inner = change[20:150, 25:375]
    assert inner.min() > 0  # the deterministic engine tints: nothing between canvases was forgotten
    assert inner.std() < 0.15 * inner.mean()  # and nothing is tinted twice


def test_an_empty_prompt_says_what_is_there(picture, soft, make_document, engine):
    prompts = {"face": {"prompt": "a face"}, "other": {"prompt": "a thing"}}
    common = {"model": MODEL, "strength": 0.5, "subject_prompts": prompts}
    about_face = run_job(make_document(picture, bounds=(25, 30, 60, 60)), engine, "refocus", **common)
    assert about_face.outcomes[0].data["subject"] == checkpoint_parameters.FACE
    about_thing = run_job(make_document(soft, bounds=(25, 30, 60, 60)), engine, "refocus", **common)
    assert about_thing.outcomes[0].data["subject"] == checkpoint_parameters.OTHER


def test_light_above_white_stays(soft, make_document, engine):
    bright = soft.copy()
    bright[60:80, 70:100] *= 8
    document = make_document(bright, PixelFormat(SampleType.F32, Channels.RGB), (40, 30, 110, 100), space="srgb-linear")
    result = run_job(document, engine, "refocus", model=MODEL, strength=0.1, prompt="x").applied_to(document)
    assert np.allclose(result[65:75, 78:92].mean(), bright[65:75, 78:92].mean(), rtol=0.2)
    removed = run_job(document, engine, "fill", model=MODEL, strength=1.0, prompt="x").applied_to(document)
    assert removed[65:75, 78:92].max() < 1.05


def test_a_face_whose_features_moved_is_kept(picture, make_document, engine, monkeypatch):
    monkeypatch.setattr(identity_gate, "judge", lambda before, after: identity_gate.IdentityVerdict(0.2, "It moved."))
    run = run_job(make_document(picture), engine, "faces", model=MODEL, strength=0.4, seed=1)
    faces = run.outcomes[1:]
    assert [outcome.status for outcome in faces] == ["kept", "kept"]
    assert "lower strength" in faces[0].message
    assert faces[0].data["tried"] == [0.4, 0.2]
    assert faces[0].data["strength"] == 0
    assert not run.patches


class TwistingEngine(DeterministicEngine):
    """Its checkpoint moves the features of faces, or takes them away, above a strength."""

    def __init__(self, bearable, dx):
        super().__init__(Options())
        self._bearable, self._dx = bearable, dx
        self.rendered = []  # strengths, in order
        self._looks = 0  # since the newest rendering: the first is at the face as it was

    def diffuse(self, request, *, ticker, preview=None):
        self.rendered.append(request.strength)
        self._looks = 0
        return super().diffuse(request, ticker=ticker, preview=preview)

    def detect(self, detector, image, *, min_score, ticker):
        faces = super().detect(detector, image, min_score=min_score, ticker=ticker)
        self._looks += 1
        if not self.rendered or self._looks < 2 or self.rendered[-1] <= self._bearable:
            return faces
        if self._dx is None:
            return []
        return [replace(f, landmarks=tuple((x + self._dx * f.box[2], y) for x, y in f.landmarks)) for f in faces]


@pytest.mark.parametrize("dx", [None, 0.3])
def test_a_face_that_does_not_bear_the_strength_is_tried_once_at_half_of_it(picture, make_document, dx):
    engine = TwistingEngine(0.3, dx)
    document = make_document(picture)
    job = {"model": MODEL, "seed": 1, "only": [2]}
    run = run_job(document, engine, "faces", **job, strength=0.5)
    (outcome,) = run.outcomes[1:]
    assert engine.rendered == [0.5, 0.25]
    assert (outcome.status, outcome.data["strength"], outcome.data["tried"]) == ("done", 0.25, [0.5, 0.25])
    assert outcome.message == ("At strength 0.5 the face did not keep its features, so it was re-rendered at 0.25.")
    assert "Face 2 did not keep its features at strength 0.5; trying 0.25." in run.notes
    assert outcome.data["shift"] == pytest.approx(0, abs=0.01)
    gentle = run_job(document, TwistingEngine(1.0, dx), "faces", **job, strength=0.25)
    assert gentle.applied_to(document).tobytes() == run.applied_to(document).tobytes()
    assert "tried" not in gentle.outcomes[1].data
    stubborn = TwistingEngine(0.0, dx)
    kept = run_job(document, stubborn, "faces", **job, strength=0.5)
    assert stubborn.rendered == [0.5, 0.25]
    assert kept.outcomes[1].status == "kept"
    assert kept.applied_to(document).tobytes() == document.image.tobytes()


def test_another_file_under_a_pinned_name_is_refused(soft, make_document, engine):
    pinned = {"models": {MODEL: "0" * 64}}
    with pytest.raises(InputError, match="not the one that the recipe was made with"):
        run_job(make_document(soft), engine, "refocus", model=MODEL, strength=0.5, prompt="x", pinned=pinned)


@pytest.mark.parametrize("setting", ["off", "flag", "blur", "refuse"])
def test_the_owners_setting_decides_about_what_is_unsafe(soft, make_document, unsafe_engine, setting):
    document = make_document(soft, RGB8, (40, 30, 110, 100), safety=setting)
    job = {"model": MODEL, "strength": 0.8, "seed": 3, "prompt": "x"}
    if setting == "refuse":
        with pytest.raises(RefusedError, match="not handed out"):
            run_job(document, unsafe_engine, "refocus", **job)
        return
    run = run_job(document, unsafe_engine, "refocus", **job)
    (outcome,) = run.outcomes
    assert ("unsafe" in outcome.data) == (setting != "off")
    assert ("blurred" in outcome.message) == (setting == "blur")
    detail = np.abs(np.diff(run.applied_to(document)[60:100, 60:130].astype(int), axis=1)).mean()
    before = np.abs(np.diff(document.image[60:100, 60:130].astype(int), axis=1)).mean()
    assert (detail < 0.5 * before) == (setting == "blur")
