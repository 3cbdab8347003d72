"""The command line as a host: a picture is the document, and the result is another picture."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foveate_server.cli.region import Region
from foveate_server.imaging.composite import apply_patch
from foveate_server.picture_files.picture import Picture, from_wire, little_endian
from foveate_server.picture_files.reduce_area import reduce_area
from foveate_shared.errors import ErrorCode, Fault, InputError, ProtocolError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.host import Image, Result, Snapshot
from foveate_shared.pixels import COVERAGE_U8, Channels, coverage_in_8_bits
from foveate_shared.wire.protocol import DOCUMENT, FILES, REPORT, RESULT_KINDS, SELECTION

Store = Callable[[Picture, Result], None]
Take = Callable[[Result], None]


class OtherPicture(Exception):  # noqa: N818 - ends a resumed job's flow, and not the job: nothing else may catch it
    """A resumed job was not started with this picture."""


def other_picture() -> InputError:
    """Return the error that says so."""
    return InputError(
        "The job was not started with this picture and region.",
        code=ErrorCode.INVALID_FILE,
        remedy="Give IN, and the region, as they were.",
    )


class PictureDocument:
    """A picture with a region. Implements foveate_shared.jobs.host.Host."""

    result_kinds = RESULT_KINDS

    def __init__(
        self,
        picture: Picture,
        region: Region,
        store: Store | None = None,
        *,
        take: Take | None = None,
        is_resumed: bool = False,
    ) -> None:
        """`store` gets the resulting picture: the server forgets the job only after it has returned.

        A selection is a grey picture, too; `take` gets a report or files.
        Of a job that `is_resumed`, nobody knows yet whether it was started with this picture and region.
        """
        self._is_resumed = is_resumed
        self.on_other_picture: Callable[[], None] = lambda: None  # called before OtherPicture is raised
        self.picture = picture
        self.region = region
        self._store = store
        self._take = take

    def freeze(self) -> Snapshot:
        """Describe the picture; nobody changes it."""
        picture = self.picture
        return Snapshot(
            extent=picture.extent,
            format=picture.format,
            selection=self.region.selection,
            space=None if picture.icc else picture.space,
            icc=picture.icc,
        )

    def read_pixels(self, bounds: Bounds, extent: Extent) -> Image:
        """Return the samples of `bounds`, reduced to `extent` where that is at most half of their own."""
        samples = self._window(self.picture.samples, bounds)
        if 2 * extent.width <= bounds.width and 2 * extent.height <= bounds.height:
            samples = reduce_area(samples, extent)
        return Image(Extent(samples.shape[1], samples.shape[0]), _wire(samples), self.picture.format)

    def read_coverage(self, bounds: Bounds, extent: Extent) -> Image:
        """Return the mask of `bounds` at `extent`; where no mask was given, the region itself is full."""
        coverage = self.region.coverage
        if coverage is None:
            coverage = _full_within(self.region, self.picture.extent)
        samples = self._window(coverage[..., np.newaxis], bounds)
        if extent != bounds.extent:
            samples = reduce_area(samples, extent)
        return Image(extent, _wire(samples), COVERAGE_U8)

    def is_unchanged(self) -> bool:
        """Return True: the picture is in our own memory."""
        return True

    def apply(self, result: Result) -> None:
        """Make the resulting picture and store it. Raises FoveateError where the patches do not make one."""
        if self._store is None:
            return
        if self._is_resumed:
            self._require_same_windows(result)
        if result.kind in {REPORT, FILES}:
            self._pass_on(result)
            return
        if result.kind == SELECTION:
            self._store(selection_picture(result), result)
            return
        samples = self._new_frame(result) if result.frame == "new" else self.picture.samples.copy()
        for patch in result.patches:
            if patch.pixels.format != self.picture.format:
                raise ProtocolError("The server answered in another layout than the picture's.", fault=Fault.SERVER)
            covered = patch.coverage
            apply_patch(
                samples,
                patch.bounds,
                from_wire(patch.pixels.data, patch.pixels.format, patch.pixels.extent),
                from_wire(covered.data, covered.format, covered.extent)[..., 0] if covered else None,
            )
        self._store(replace(self.picture, samples=samples), result)

    def release(self) -> None:
        """Do nothing: the picture is small change compared with the result, and ends with the command."""

    def _pass_on(self, result: Result) -> None:
        if self._take is None:
            raise InputError(
                "What the job made is no picture.", remedy="Write it with `foveate jobs fetch JOB OUT`: see its help."
            )
        self._take(result)

    def _window(self, samples: NDArray[Any], bounds: Bounds) -> NDArray[Any]:
        if bounds.is_empty or not self.picture.extent.bounds.contains(bounds):
            if self._is_resumed:
                self.on_other_picture()
                raise OtherPicture
            raise ProtocolError("The server asked for pixels outside of the picture.", fault=Fault.SERVER)
        return samples[bounds.y : bounds.bottom, bounds.x : bounds.right]

    def _require_same_windows(self, result: Result) -> None:
        """Raise InputError unless the pixels and coverage that the job was made from are those of this document.

        Those of further pictures are known by their hashes before a job is resumed.
        """
        inputs: Any = result.recipe.get("inputs", [])
        if not all(self._holds(window) for window in inputs if window.get("source", DOCUMENT) == DOCUMENT):
            raise other_picture()

    def _holds(self, window: Any) -> bool:
        bounds, extent = Bounds(*window["bounds"]), Extent(*window["extent"])
        if not self.picture.extent.bounds.contains(bounds):
            return False
        hashes = {"pixels": self.read_pixels, "coverage": self.read_coverage}
        return all(
            hashlib.sha256(read(bounds, extent).data).hexdigest() == window[name]
            for name, read in hashes.items()
            if window.get(name)
        )

    def _new_frame(self, result: Result) -> NDArray[Any]:
        shape = (result.extent.height, result.extent.width, self.picture.channels.count)
        return np.zeros(shape, self.picture.samples.dtype)


def selection_picture(result: Result) -> Picture:
    """Return a selection as a grey picture of 8 bits: white is selected, as `--mask` wants it."""
    samples = np.zeros((result.extent.height, result.extent.width, 1), np.uint8)
    for part in result.selection:
        bounds, covered = part.bounds, part.coverage
        plane = coverage_in_8_bits(covered.data, covered.format.dtype)
        rows = from_wire(plane, COVERAGE_U8, covered.extent)
        samples[bounds.y : bounds.bottom, bounds.x : bounds.right] = rows
    return Picture(samples, Channels.Y, space="gray-srgb")


def _wire(samples: NDArray[Any]) -> memoryview:
    return memoryview(little_endian(samples).data).cast("B")


def _full_within(region: Region, extent: Extent) -> NDArray[np.uint8]:
    coverage = np.zeros((extent.height, extent.width), np.uint8)
    bounds = region.selection.bounds if region.selection else extent.bounds
    coverage[bounds.y : bounds.bottom, bounds.x : bounds.right] = 255
    return coverage
