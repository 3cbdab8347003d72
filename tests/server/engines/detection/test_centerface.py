"""The real detector on real photos."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from skimage import data

from fakes.tickers import RecordingTicker
from foveate_server.engines.detection.centerface import CenterFace
from foveate_shared.errors import CancelledJobError, ErrorCode, ResourceError

pytestmark = pytest.mark.weights


def as_float(image):
    return np.asarray(image)[..., :3].astype(np.float32) / 255


@pytest.fixture(scope="module")
def known(portrait, detector):
    """The portrait's own face."""
    (face,) = detector.detect(as_float(portrait), 0.5, RecordingTicker())
    return face


def pasted(portrait, known, *, height, angle, size=(320, 290)):
    """Return a photo with the portrait in it, its face `height` pixels high and turned, and where its landmarks are."""
    scale = height / known.box[3]
    small = Image.fromarray(portrait).resize((max(8, round(portrait.shape[1] * scale)),) * 2, Image.Resampling.LANCZOS)
    turned = small.rotate(angle, expand=True, resample=Image.Resampling.BICUBIC)
    canvas = Image.fromarray(data.coffee()).resize(size)
    left, top = size[0] // 3, size[1] // 4
    shape = Image.new("L", small.size, 255).rotate(angle, expand=True)
    canvas.paste(turned, (left, top), shape)
    theta = np.deg2rad(angle)
    turn = np.array([[np.cos(theta), np.sin(theta)], [-np.sin(theta), np.cos(theta)]])
    points = np.array(known.landmarks) * small.width / portrait.shape[1] - small.width / 2
    return as_float(canvas), points @ turn.T + (left + turned.width / 2, top + turned.height / 2)


def test_one_face_in_a_portrait_with_its_features_in_their_places(detector, ticker) -> None:
    (face,) = detector.detect(as_float(data.astronaut()), 0.5, ticker)
    x, y, width, height = face.box
    assert (x + width / 2, y + height / 2) == pytest.approx((224, 120), abs=12)
    assert 60 < width < 110
    eyes, mouth = np.array(face.landmarks[:2]), np.array(face.landmarks[3:])
    assert np.allclose(eyes, [(205, 103), (246, 105)], atol=8)
    assert mouth[:, 1].min() > eyes[:, 1].max() + 20
    assert ticker.checks > 3
    assert ticker.fractions == sorted(ticker.fractions)
    assert (ticker.fractions[0], ticker.fractions[-1]) == (0, 1)
    assert max(after - before for before, after in pairwise(ticker.fractions)) < 0.5


@pytest.mark.parametrize("height", [16, 60, 400])
def test_faces_of_all_sizes(portrait, known, detector, ticker, height) -> None:
    size = (700, 600) if height == 400 else (320, 290)
    image, points = pasted(portrait, known, height=height, angle=0, size=size)
    found = detector.detect(image, 0.5, ticker)
    assert len(found) == 1
    assert np.abs(np.array(found[0].landmarks) - points).mean() < 0.08 * height + 1


@pytest.mark.parametrize("angle", [45, 90, 180, 300])
def test_turned_faces_and_their_features(portrait, known, detector, ticker, angle) -> None:
    image, points = pasted(portrait, known, height=70, angle=angle)
    found = detector.detect(image, 0.5, ticker)
    assert len(found) == 1
    assert np.abs(np.array(found[0].landmarks) - points).mean() < 0.1 * 70


def test_a_group_has_every_face_once(portrait, detector, ticker) -> None:
    canvas = Image.fromarray(data.coffee()).resize((600, 420))
    for row in range(3):
        for column in range(4):
            side = 50 + 35 * row
            canvas.paste(Image.fromarray(portrait).resize((side, side)), (10 + column * 150, 20 + row * 130))
    assert len(detector.detect(as_float(canvas), 0.5, ticker)) == 12


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket", "coins"])
def test_no_face_where_there_is_none(detector, ticker, name) -> None:
    image = getattr(data, name)()
    image = np.stack([image] * 3, axis=-1) if image.ndim == 2 else image
    assert detector.detect(as_float(image), 0.5, ticker) == []


@pytest.mark.parametrize("shape", [(1, 1), (5, 400), (33, 31)])
def test_tiny_and_thin_images_have_no_face(detector, ticker, shape) -> None:
    assert detector.detect(np.full((*shape, 3), 0.5, np.float32), 0.5, ticker) == []


def test_it_stops_when_the_job_is_cancelled(detector, ticker) -> None:
    def cancelled() -> None:
        raise CancelledJobError("The job was cancelled.")

    ticker.check = cancelled
    with pytest.raises(CancelledJobError):
        detector.detect(as_float(data.astronaut()), 0.5, ticker)


@pytest.mark.parametrize("content", [b"", b"\x00not a model", b"\x08\x04"])
def test_a_damaged_file_is_a_sentence(tmp_path, content) -> None:
    path = tmp_path / "centerface.onnx"
    path.write_bytes(content)
    with pytest.raises(ResourceError) as caught:
        CenterFace(path)
    assert caught.value.info.code is ErrorCode.MODEL_UNAVAILABLE
    assert caught.value.info.remedy
