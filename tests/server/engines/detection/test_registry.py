"""The detectors in their stated order, and what a detector must be."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from foveate_server.engines.detection.faces import FACES
from foveate_server.engines.detection.registry import check_detector, detectors, registered


def test_ours_come_first():
    assert next(iter(detectors())) == "faces"
    assert detectors()["faces"] is FACES
    assert registered().left_out == ()
    assert check_detector(FACES) is FACES


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "The Faces"}, "'The Faces' is no name: small letters, digits, - and _"),
        ({"found": " "}, "`found` says nothing"),
        ({"title": None}, "`title` says nothing"),
        ({"finding": dict}, "`finding` is no kind of foveate_server.engines.values.Finding"),
        ({"create": None}, "`create` cannot be called"),
    ],
)
def test_what_a_detector_lacks_is_named(changes, reason):
    with pytest.raises((ValueError, TypeError), match=re.escape(reason)):
        check_detector(replace(FACES, **changes))


def test_something_else_is_no_detector():
    with pytest.raises(TypeError, match=r"a detector is a foveate_server\.engines\.contract\.Detector, not a str"):
        check_detector("faces")
