"""The region of a job: a rectangle, a mask, or all of the picture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from foveate_server.cli.mask_coverage import read_coverage, sha256_of_coverage
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.wire.protocol import Selection

RECT = re.compile(r"\s*(-?\d+)\s*,\s*(-?\d+)\s*,\s*(-?\d+)\s*,\s*(-?\d+)\s*")


@dataclass(frozen=True)
class Region:
    """What a job works on."""

    selection: Selection | None  # None means all
    coverage: NDArray[np.uint8] | None = None  # (height, width) of the document; set where a mask was given
    coverage_sha256: str | None = None  # of its samples, row by row
    is_inverted: bool = False  # the coverage is what the mask does not select


def parse_rect(text: str) -> Bounds:
    """Return the bounds that `X,Y,W,H` names. Raises InputError where it does not."""
    match = RECT.fullmatch(text)
    if not match:
        raise _invalid(
            f"--rect {text} is not a rectangle.", "Write it as X,Y,W,H in whole pixels: --rect 40,60,200,200."
        )
    return Bounds(*(int(number) for number in match.groups()))


def region_of(extent: Extent, rect: Bounds | None, mask: Path | None, *, inverted: bool = False) -> Region:
    """Return the region in a document of `extent`: the rectangle, or what the mask selects or, `inverted`, does not.

    Raises InputError for a rectangle that is empty or reaches out of the document, and for a mask that is
    coloured, of another extent or empty.
    """
    if rect is not None and mask is not None:
        raise _invalid("Both --rect and --mask were given.", "Give one of them.")
    if inverted and mask is None:
        raise _invalid("--invert-mask was given without a mask.", "Give one: --mask MASK.")
    if rect is not None:
        return Region(Selection(_checked(rect, extent)))
    return _masked(extent, mask, inverted=inverted) if mask is not None else Region(None)


def _checked(rect: Bounds, extent: Extent) -> Bounds:
    size = f"{extent.width} x {extent.height}"
    if rect.is_empty:
        raise _invalid(f"The rectangle of {rect.width} x {rect.height} pixels is empty.", "Give it a width and height.")
    if not extent.bounds.contains(rect):
        raise _invalid(
            f"The rectangle reaches out of the picture of {size} pixels.",
            "Coordinates are those of the upright picture, from its top left corner.",
        )
    return rect


def _masked(extent: Extent, path: Path, *, inverted: bool) -> Region:
    coverage = read_coverage(path, inverted=inverted)
    height, width = coverage.shape
    if (width, height) != (extent.width, extent.height):
        raise _invalid(
            f"The mask has {width} x {height} pixels, and the picture {extent.width} x {extent.height}.",
            "Make the mask as large as the upright picture.",
        )
    rows, columns = np.flatnonzero(coverage.any(axis=1)), np.flatnonzero(coverage.any(axis=0))
    if not len(rows):
        if inverted:
            raise _invalid("The inverted mask selects nothing: all of it is white.", "Paint black what is meant.")
        raise _invalid("The mask selects nothing: all of it is black or transparent.", "Paint the region white.")
    bounds = Bounds.from_edges(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return Region(Selection(bounds, has_coverage=True), coverage, sha256_of_coverage(coverage), inverted)


def _invalid(problem: str, remedy: str) -> InputError:
    return InputError(problem, code=ErrorCode.INVALID_REGION, remedy=remedy)
