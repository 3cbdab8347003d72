"""Deep documents stay deep where a checkpoint re-renders: a gradient that two levels of 8 bits hold gains no bands."""

import numpy as np
import pytest

from fakes.documents import run_job
from foveate_server.engines.deterministic.engine import DeterministicEngine, Options
from foveate_server.engines.deterministic.tints import MODEL
from foveate_shared.pixels import Channels, PixelFormat, SampleType

WIDTH, HEIGHT = 240, 96
FROM, TO = 0.4, 0.4 + 2 / 255
JOB = {"model": MODEL, "prompt": "x", "seed": 3}


class FlatEngine(DeterministicEngine):
    """A checkpoint that changes nothing, and a restorer likewise; keeps what it was asked for."""

    def __init__(self):
        super().__init__(Options())
        self.requests = []

    def diffuse(self, request, *, ticker, preview=None):
        self.requests.append(request)
        made = super().diffuse(request, ticker=ticker, preview=preview)
        object.__setattr__(made, "images", (request.image.copy(),))
        return made

    def upscale(self, image, model, **options):
        made = super().upscale(image, model, **options)
        object.__setattr__(made, "image", image.repeat(made.scale, 0).repeat(made.scale, 1))
        return made


@pytest.fixture
def gradient():
    ramp = np.linspace(FROM, TO, WIDTH, dtype=np.float32)
    return np.broadcast_to(ramp[None, :, None], (HEIGHT, WIDTH, 3)).copy()


PART = (40, 20, 160, 60)
JOBS = [
    ("refocus", None, {"strength": 0.6}),
    ("refocus", PART, {"strength": 0.6}),
    ("fill", PART, {"strength": 0.6, "start": "original"}),
    ("upscale", PART, {"strength": 0.3, "target": "document"}),
    ("upscale", None, {"strength": 0.3, "target": "new", "scale": 2}),
    ("fill", None, {"strength": 0.8, "extend": {"right": 64}}),
]


@pytest.mark.parametrize("dtype", [SampleType.U16, SampleType.F32])
@pytest.mark.parametrize("job", JOBS)
def test_a_gradient_gains_no_bands(make_document, gradient, dtype, job):
    operation, bounds, more = job
    engine = FlatEngine()
    document = make_document(gradient, PixelFormat(dtype, Channels.RGB), bounds)
    result = run_job(document, engine, operation, **JOB, **more).applied_to(document)
    assert all(request.exact for request in engine.requests)
    values = result.astype(np.float64) / (65535 if dtype is SampleType.U16 else 1)
    scale = more.get("scale", 1)
    row = values[values.shape[0] // 2, 8 : scale * WIDTH - 8, 1]
    expected = row[0] + (TO - FROM) / (WIDTH - 1) / scale * np.arange(row.size)
    assert np.abs(row - expected).max() < 6 / 65535  # a level of 8 bits is 257 of these
    assert len(np.unique(row)) >= row.size // scale  # the fake restorer repeats pixels


def test_eight_bits_ask_for_no_more_unless_told_to(make_document, gradient):
    document = make_document(gradient, PixelFormat(SampleType.U8, Channels.RGB))
    engine = FlatEngine()
    for exact in (False, True):
        run_job(document, engine, "refocus", **JOB, strength=0.5, exact=exact)
    assert [request.exact for request in engine.requests] == [False, True]
    assert [request.pinned.dtype for request in engine.requests] == [None, "float32"]
