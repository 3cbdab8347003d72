"""Detectors are made once, when they are first asked, and made anew after a release."""

from __future__ import annotations

import os

import numpy as np
import pytest

from foveate_server.config.server_config import load_config
from foveate_server.engines.contract import Detector
from foveate_server.engines.detection.detectors import Detectors
from foveate_server.engines.detection.faces import FACES
from foveate_server.engines.values import Face, Finding
from foveate_server.models.registry import Registry, open_registry
from foveate_shared.errors import InputError

PICTURE = np.zeros((8, 8, 3), np.float32)


def detector(made: list, name: str = "spots") -> Detector[Finding]:
    def create(files):
        made.append((name, files.threads))
        return lambda image, min_score, ticker: [Finding((0, 0, 1, 1), (), min_score)]

    said = dict.fromkeys(("summary", "looking", "looking_part", "found", "found_one", "none"), "Spots.")
    return Detector(name=name, title="Spots", **said, finding=Finding, create=create)


def test_each_is_made_when_it_is_first_asked(tmp_path, ticker):
    made: list = []
    detectors = Detectors.of(Registry(tmp_path, entries=[]), threads=3)
    spots, lines = detector(made), detector(made, "lines")
    for _ in range(2):
        assert detectors.detect(spots, PICTURE, min_score=0.5, ticker=ticker)[0].score == 0.5
    assert made == [("spots", 3)]
    detectors.detect(lines, PICTURE, min_score=0.5, ticker=ticker)
    detectors.release()
    detectors.detect(spots, PICTURE, min_score=0.5, ticker=ticker)
    assert made == [("spots", 3), ("lines", 3), ("spots", 3)]


def test_weights_come_from_the_registry_of_models(tmp_path, ticker):
    with pytest.raises(InputError, match="There is no model that can detect"):
        Detectors.of(Registry(tmp_path, entries=[])).detect(FACES, PICTURE, min_score=0.5, ticker=ticker)


def test_what_does_it_instead_is_asked_instead(ticker):
    detectors = Detectors(lambda _: None, {"faces": lambda image, min_score, ticker: [Face((0, 0, 1, 1), (), 1.0)]})
    detectors.release()
    assert len(detectors.detect(FACES, PICTURE, min_score=0.5, ticker=ticker)) == 1


@pytest.mark.weights
def test_finds_faces_with_the_weights_of_the_registry(photo, ticker):
    detectors = Detectors.of(open_registry(load_config(environment=os.environ)), threads=2)
    [face] = detectors.detect(FACES, photo[:256, 100:356], min_score=0.5, ticker=ticker)
    x, y, width, height = face.box
    assert 60 < x < x + width < 200
    assert 30 < y < y + height < 220
    detectors.release()
    assert detectors.detect(FACES, photo[:256, 100:356], min_score=0.5, ticker=ticker) == [face]
