"""What a file says about its picture beside the samples, as its container holds it."""

from __future__ import annotations

from dataclasses import dataclass

MAX_METADATA_BYTES = 16 << 20  # of one block; larger ones are not carried over
METERS = {"inch": 0.0254, "cm": 0.01, "meter": 1.0}


@dataclass(frozen=True)
class Resolution:
    """How many pixels lie in a unit of length."""

    x: float
    y: float
    unit: str = ""  # a key of METERS; where empty, only the pixels' aspect is told

    def per(self, unit: str) -> Resolution:
        """Return the same in another unit; the aspect alone stays that."""
        factor = METERS[unit] / METERS[self.unit] if self.unit else 1.0
        return Resolution(self.x * factor, self.y * factor, unit if self.unit else "")


@dataclass(frozen=True)
class Carried:
    """What a file says beside its Exif block and XMP packet, in the form of the container that has a place for it."""

    chunks: tuple[tuple[bytes, bytes], ...] = ()  # of a PNG: names and contents
    comments: tuple[bytes, ...] = ()  # of a JPEG
    iptc: bytes | None = None  # records of the IIM
    photoshop: bytes = b""  # Photoshop's resources but for IPTC's
    resolution: Resolution | None = None
    outdated: tuple[str, ...] = ()  # what would not be true of a result, or is not known here: named, not kept


NOTHING = Carried()


@dataclass(frozen=True)
class ContainerFacts:
    """What a container says about itself."""

    kind: str  # a key of containers.TITLES
    exif: bytes | None = None  # the raw TIFF-structured block, without JPEG's prefix
    xmp: bytes | None = None  # the raw packet
    carried: Carried = NOTHING
    animated: bool = False
    palette: bool = False
    one_bit: bool = False
