"""The brightest spot of a picture: a detector without a network."""

from __future__ import annotations

import numpy as np

from foveate_server.engines.contract import Detector, Find, ModelFiles, Ticker
from foveate_server.engines.values import Finding, Image


def _create(files: ModelFiles) -> Find[Finding]:
    return _find


def _find(image: Image, min_score: float, ticker: Ticker) -> list[Finding]:
    ticker.check()
    light = image.mean(axis=2)
    y, x = (int(place) for place in np.unravel_index(light.argmax(), light.shape))
    score = float(np.clip(light[y, x], 0, 1))
    return [Finding((float(x), float(y), 1.0, 1.0), (), score)] if score >= min_score else []


LIGHTS = Detector(
    name="lights",
    title="The brightest spot",
    summary="Find the brightest spot.",
    looking="Looking for the brightest spot",
    looking_part="Looking for the brightest spot, {index} of {count}",
    found="{count} bright spots were found.",
    found_one="1 bright spot was found.",
    none="Nothing is bright here.",
    finding=Finding,
    create=_create,
)
