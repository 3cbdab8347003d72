"""A result as a picture of its own, without the one that it came from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from foveate_server.cli.document import Store, Take, selection_picture
from foveate_server.picture_files.picture import DTYPES, Picture, from_wire
from foveate_shared.errors import InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.host import Image, Result, ResultPatch
from foveate_shared.jobs.no_document import NoDocument
from foveate_shared.pixels import AlphaMode, Channels, RowOrder
from foveate_shared.wire.protocol import FILES, REPORT, RESULT_KINDS, SELECTION

_TOLD = ("srgb", "gray-srgb")  # what a file without a word about its colours is taken for


class ResultAlone(NoDocument):
    """What takes a result whose document is not here. See foveate_shared.jobs.host.Host."""

    result_kinds = RESULT_KINDS

    def __init__(self, store: Store, take: Take) -> None:
        """`store` gets a result that is a picture, `take` one of another kind."""
        self.extent = Extent(0, 0)  # of what was made
        self.place: Bounds | None = None  # of what was made, in its document; None where it is a picture of its own
        self._store = store
        self._take = take

    def apply(self, result: Result) -> None:
        """Make the picture and store it, or pass on what is none. Raises FoveateError."""
        if result.kind in {REPORT, FILES}:
            self._take(result)
            return
        if result.kind == SELECTION:
            made = selection_picture(result)
            self.extent = made.extent
            self._store(made, result)
            return
        if not result.patches:
            raise InputError(
                "This result is empty: nothing had to be changed.", remedy="Drop it: `foveate jobs cancel`."
            )
        made = picture_of(result)
        self.extent = made.extent
        self.place = None if result.frame == "new" else _covered(result)
        self._store(made, result)


def picture_of(result: Result) -> Picture:
    """Return a result as a picture: what it covers, and where that is a part of a document, transparent around it."""
    layout = result.patches[0].pixels.format
    is_new = result.frame == "new"
    frame = result.extent.bounds if is_new else _covered(result)
    has_alpha = layout.channels.has_alpha or not is_new
    count = len(layout.channels.color_positions)
    samples = np.zeros((frame.height, frame.width, count + has_alpha), DTYPES[layout.dtype])
    for patch in result.patches:
        _put(samples, patch, frame, keeps_alpha=is_new)
    channels = {1: Channels.Y, 2: Channels.YA, 3: Channels.RGB, 4: Channels.RGBA}[samples.shape[2]]
    space, notes = _space(result, is_gray=layout.channels.is_gray)
    alpha = layout.alpha if is_new else AlphaMode.STRAIGHT
    return Picture(samples, channels, alpha, space=space, notes=notes)


def _covered(result: Result) -> Bounds:
    bounds = result.patches[0].bounds
    for patch in result.patches[1:]:
        bounds = bounds.union(patch.bounds)
    return bounds


def _put(samples: NDArray[Any], patch: ResultPatch, frame: Bounds, *, keeps_alpha: bool) -> None:
    """Lay a patch over what is there by its coverage, which is its alpha unless it `keeps_alpha` of its own."""
    place = patch.bounds.relative_to(frame)
    under = samples[place.y : place.bottom, place.x : place.right]
    pixels = _upright(patch.pixels)
    layout = patch.pixels.format.channels
    color = pixels[..., list(layout.color_positions)]
    amount: NDArray[Any] = (
        np.ones(color.shape[:2]) if patch.coverage is None else _levels(_upright(patch.coverage)[..., 0])
    )
    if keeps_alpha:
        over = (
            color if layout.alpha_position is None else np.concatenate([color, pixels[..., [layout.alpha_position]]], 2)
        )
        under[...] = _mixed(under, over, amount[..., np.newaxis])
        return
    before = _levels(under[..., -1])
    after = amount + before * (1 - amount)
    share = np.divide(amount, after, out=np.zeros_like(after), where=after > 0)
    under[..., :-1] = _mixed(under[..., :-1], color, share[..., np.newaxis])
    under[..., -1] = _samples(after, under.dtype)


def _mixed(old: NDArray[Any], new: NDArray[Any], share: NDArray[Any]) -> NDArray[Any]:
    mixed = old.astype(np.float64) + (new.astype(np.float64) - old) * share
    exact = np.rint(mixed) if old.dtype.kind == "u" else mixed
    return np.where(share >= 1, new, exact).astype(old.dtype)


def _levels(samples: NDArray[Any]) -> NDArray[Any]:
    """Return samples as float64 with 1.0 as full scale."""
    return samples / np.iinfo(samples.dtype).max if samples.dtype.kind == "u" else samples.astype(np.float64)


def _samples(levels: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    return (np.rint(levels * np.iinfo(dtype).max) if dtype.kind == "u" else levels).astype(dtype)


def _upright(image: Image) -> NDArray[Any]:
    samples = from_wire(image.data, image.format, image.extent)
    return samples[::-1] if image.format.rows is RowOrder.BOTTOM_UP else samples


def _space(result: Result, *, is_gray: bool) -> tuple[str, tuple[str, ...]]:
    """Return what the samples mean as far as the recipe tells, and a sentence where a file does not say it."""
    document: Any = result.recipe.get("document") or {}
    profile: Any = document.get("profile") or {}
    usual = "gray-srgb" if is_gray else "srgb"
    if "icc" in profile:
        return usual, (f"The colour profile of the document is not here: assign it, or take {usual} for it.",)
    space = str(profile.get("space") or usual)
    return space, () if space in _TOLD else (f"The samples are in {space}, which the file may not tell.",)
