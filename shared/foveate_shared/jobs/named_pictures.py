"""Pictures beside the document: offered by hosts, frozen whole, and cut into the windows that the server asks for.

for offered in offered_by(host): ...                            # to choose from, for a slot that `fits` them
pictures = {"control": host.freeze_picture(offered.key)}        # for a flow
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

from ..errors import ErrorCode, InputError
from ..geometry import Bounds, Extent
from ..pixels import RowOrder
from ..wire.protocol import Blob, NamedPicture, Profile
from .host import Host, Image


@dataclass(frozen=True)
class FrozenPicture:
    """A picture as it was when it was frozen. A window of it has the size of its bounds: the server reduces."""

    pixels: Image
    space: str | None = None  # one of the protocol's named spaces; None where `icc` is set
    icc: bytes | None = None
    coverage: Image | None = None  # of the same extent: u8, u16 or f32

    @cached_property
    def sha256(self) -> str:
        """Return the hash of its content, as PROTOCOL.md says it under "Pictures"."""
        digest = hashlib.sha256(self.pixels.data)
        if self.coverage is not None:
            digest.update(self.coverage.data)
        return digest.hexdigest()

    def described(self, name: str, icc: Blob | None) -> NamedPicture:
        """Return it as a job names it; `icc` declares its profile where it has one."""
        profile = Profile(icc=icc) if icc else Profile(space=self.space or "srgb")
        pixels = self.pixels
        return NamedPicture(name, pixels.extent, pixels.format, profile, self.sha256, self.coverage is not None)

    def read_pixels(self, bounds: Bounds, extent: Extent) -> Image:
        """Return the pixels of `bounds`, like :meth:`.host.Host.read_pixels`."""
        return _cut(self.pixels, bounds)

    def read_coverage(self, bounds: Bounds, extent: Extent) -> Image:
        """Return the coverage of `bounds`. Raises InputError where it has none."""
        if self.coverage is None:
            raise _outside(bounds)
        return _cut(self.coverage, bounds)


@dataclass(frozen=True)
class OfferedPicture:
    """A picture that a host could put beside its document, such as a layer."""

    key: str  # the host's own; the same as long as the picture is there
    title: str  # as the person called it
    extent: Extent | None  # in pixels; None: not known before it is chosen, for looking would load it


@runtime_checkable
class PictureHost(Host, Protocol):
    """A host that has more pictures than its document. Both may be asked before the document is frozen."""

    def pictures(self) -> tuple[OfferedPicture, ...]:
        """Return what can be chosen now, in the order in which the person sees it."""

    def freeze_picture(self, key: str) -> FrozenPicture:
        """Copy a picture that was offered. Raises InputError where it is gone, or cannot be sent."""


def offered_by(host: Host) -> tuple[OfferedPicture, ...]:
    """Return what a host offers: nothing where it has only its document."""
    return host.pictures() if isinstance(host, PictureHost) else ()


def picture_is_gone() -> InputError:
    """Return the error of a picture that was offered and is there no more."""
    return InputError("The chosen picture is gone.", code=ErrorCode.INVALID_FILE, remedy="Choose another one.")


def _cut(image: Image, bounds: Bounds) -> Image:
    if bounds.is_empty or not image.extent.bounds.contains(bounds):
        raise _outside(bounds)
    if bounds == image.extent.bounds:
        return image
    top = image.extent.height - bounds.bottom if image.format.rows is RowOrder.BOTTOM_UP else bounds.y
    size = image.format.pixel_size
    stride, left, width = image.extent.width * size, bounds.x * size, bounds.width * size
    view = memoryview(image.data).cast("B")
    starts = (row * stride + left for row in range(top, top + bounds.height))
    return Image(bounds.extent, b"".join(view[start : start + width] for start in starts), image.format)


def _outside(bounds: Bounds) -> InputError:
    return InputError(
        "The server asked for {bounds} of a picture that does not have it.",
        code=ErrorCode.INVALID_REGION,
        remedy="Run the job again.",
        bounds=bounds,
    )
