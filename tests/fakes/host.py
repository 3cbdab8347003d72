"""An editor in memory: a document that can change under the flow's feet, and a host that can refuse."""

from dataclasses import dataclass, field

from foveate_shared.errors import FoveateError, InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.host import Image, Result, Snapshot
from foveate_shared.jobs.named_pictures import FrozenPicture, OfferedPicture, picture_is_gone
from foveate_shared.pixels import COVERAGE_U8, Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import Selection

GRAY_U8 = PixelFormat(SampleType.U8, Channels.Y)


@dataclass
class MemoryHost:
    """One channel of 8 bits; pixel (x, y) is 16 * y + x, so that a window tells where it was read."""

    extent: Extent = field(default_factory=lambda: Extent(16, 16))
    selection: Selection | None = None
    icc: bytes | None = None
    refuse_apply: FoveateError | None = None
    unchanged: bool = True
    frozen: bytes | None = None
    applied: list[Result] = field(default_factory=list)
    releases: int = 0

    def __post_init__(self) -> None:
        self.pixels = bytes((16 * y + x) % 256 for y in range(self.extent.height) for x in range(self.extent.width))

    def freeze(self) -> Snapshot:
        if self.extent.is_empty:
            raise InputError("There is no document.", remedy="Open one.")
        self.frozen = self.pixels
        return Snapshot(self.extent, GRAY_U8, self.selection, None if self.icc else "gray-srgb", self.icc)

    def read_pixels(self, bounds: Bounds, extent: Extent) -> Image:
        assert self.frozen is not None
        if not self.extent.bounds.contains(bounds):
            raise InputError("These pixels are not in the document.")
        rows = (
            self.frozen[y * self.extent.width + bounds.x : y * self.extent.width + bounds.right]
            for y in range(bounds.y, bounds.bottom)
        )
        return Image(bounds.extent, b"".join(rows), GRAY_U8)

    def read_coverage(self, bounds: Bounds, extent: Extent) -> Image:
        return Image(extent, b"\xff" * extent.area, COVERAGE_U8)

    def is_unchanged(self) -> bool:
        return self.unchanged

    def apply(self, result: Result) -> None:
        if self.refuse_apply:
            raise self.refuse_apply
        self.applied.append(result)

    def release(self) -> None:
        self.frozen = None
        self.releases += 1


@dataclass
class LayeredHost(MemoryHost):
    """With a picture of its own for each of its layers, whose pixels are all the layer's key."""

    layers: dict[str, OfferedPicture] = field(default_factory=dict)

    def pictures(self) -> tuple[OfferedPicture, ...]:
        return tuple(self.layers.values())

    def freeze_picture(self, key: str) -> FrozenPicture:
        if key not in self.layers:
            raise picture_is_gone()
        extent = self.layers[key].extent
        return FrozenPicture(Image(extent, bytes([int(key)]) * extent.area, GRAY_U8), "gray-srgb")


def layered(**titles: str) -> LayeredHost:
    """Return a host with layers "1", "2" and so on, as large as its document, of these titles (by any names)."""
    offered = (OfferedPicture(str(key), title, Extent(16, 16)) for key, title in enumerate(titles.values(), 1))
    return LayeredHost(layers={each.key: each for each in offered})
