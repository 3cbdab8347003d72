"""Discs: bright discs on a darker ground, with numpy alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foveate_server.engines.contract import Detector, Find, ModelFiles, Ticker
from foveate_server.engines.values import Finding, Image

BRIGHT = 0.8  # of the lightness between black and white
SMALLEST = 5  # pixels across
FILL = np.pi / 4  # share of its box that a disc takes


@dataclass(frozen=True)
class Disc(Finding):
    """A disc; its one landmark is its middle, and its score tells how well it fills its box as a disc does."""

    lightness: float = 1.0  # mean, 0 to 1


def create(files: ModelFiles) -> Find[Disc]:
    """Return what finds discs; it needs no files."""
    return find


def find(image: Image, min_score: float, ticker: Ticker) -> list[Disc]:
    """Return the discs in `image`, (height, width, 3) sRGB-encoded in 0..1, best first."""
    lightness = image.mean(axis=2)
    found = []
    for rows, columns in parts(lightness > BRIGHT):
        ticker.check()
        disc = _disc(rows, columns, lightness)
        if disc is not None and disc.score >= min_score:
            found.append(disc)
    return sorted(found, key=lambda disc: -disc.score)


def parts(mask: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield rows and columns of the pixels of each connected part of `mask`; corners do not connect."""
    numbers = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:  # each pixel takes the largest number beside it, until all of a part have one
        spread = numbers.copy()
        for near, far in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
            spread[near] = np.maximum(spread[near], numbers[far])
            spread[far] = np.maximum(spread[far], numbers[near])
        spread[~mask] = 0
        if np.array_equal(spread, numbers):
            break
        numbers = spread
    for number in np.unique(numbers[mask]):
        yield np.nonzero(numbers == number)


def _disc(rows: NDArray[np.intp], columns: NDArray[np.intp], lightness: NDArray[np.float32]) -> Disc | None:
    top, left = int(rows.min()), int(columns.min())
    height, width = int(rows.max()) + 1 - top, int(columns.max()) + 1 - left
    if min(height, width) < SMALLEST:
        return None
    flatness = abs(height - width) / max(height, width)
    score = max(0.0, 1.0 - abs(rows.size / (height * width) - FILL) / FILL - flatness)
    return Disc(
        box=(float(left), float(top), float(width), float(height)),
        landmarks=((left + width / 2, top + height / 2),),
        score=score,
        lightness=round(float(lightness[rows, columns].mean()), 3),
    )


DISCS = Detector(
    name="discs",
    title="Bright discs",
    summary="Find the bright discs.",
    looking="Looking for discs",
    looking_part="Looking for discs, {index} of {count}",
    found="{count} discs were found.",
    found_one="1 disc was found.",
    none="No disc was found. A lower certainty may find more.",
    finding=Disc,
    create=create,
)
