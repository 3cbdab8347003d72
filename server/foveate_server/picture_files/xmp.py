"""XMP packets: kept as they are, except for what the result has made untrue.

Changed as text, in the serialisation that its author chose: a parser would give back another document. Property names:
XMP specification parts 1 to 3 (ISO 16684).
"""

from __future__ import annotations

from foveate_server.picture_files.xmp_properties import number_in, with_value, without
from foveate_shared.geometry import Extent

TIFF_NAMES = b"http://ns.adobe.com/tiff/1.0/"
EXIF_NAMES = b"http://ns.adobe.com/exif/1.0/"
GAIN_MAP, VIDEO, FURTHER, THUMBNAIL = "the gain map", "the video", "the further pictures in the file", "the thumbnail"
PANORAMA_NAMES = b"http://ns.google.com/photos/1.0/panorama/"
PANORAMA_SIDES = (  # in pixels: the picture's own side first
    (b"CroppedAreaImageWidthPixels", b"CroppedAreaLeftPixels", b"FullPanoWidthPixels"),
    (b"CroppedAreaImageHeightPixels", b"CroppedAreaTopPixels", b"FullPanoHeightPixels"),
)
SAME_ASPECT = 0.01
UNTRUE = (  # namespace and names of what is not so of a result that holds one picture, and what that is called
    (b"http://ns.adobe.com/xap/1.0/", rb"Thumbnails", THUMBNAIL),
    (b"http://ns.adobe.com/xmp/note/", rb"HasExtendedXMP", "the continuation of the XMP packet"),
    (b"http://ns.google.com/photos/1.0/camera/", rb"(?:MotionPhoto|MicroVideo)\w*", VIDEO),
    (b"http://ns.google.com/photos/1.0/container/", rb"Directory", FURTHER),
    (b"http://ns.google.com/photos/1.0/depthmap/", rb"\w+", "the depth map"),
    (b"http://ns.google.com/photos/1.0/image/", rb"\w+", FURTHER),
    (b"http://ns.google.com/photos/1.0/audio/", rb"\w+", "the sound"),
    (b"http://ns.adobe.com/hdr-gain-map/1.0/", rb"\w+", GAIN_MAP),
    (b"http://ns.apple.com/HDRGainMap/1.0/", rb"\w+", GAIN_MAP),
)


def orientation_in(packet: bytes) -> int | None:
    """Return the orientation that a packet tells; None where it tells none."""
    found = number_in(packet, TIFF_NAMES, b"Orientation")
    return found if found in range(1, 9) else None


def shows_other_part(packet: bytes, extent: Extent) -> bool:
    """Tell whether a picture of `extent` cannot be the part of a panorama that a packet speaks of, at any scale."""
    width, height = _part_of_panorama(packet)
    if not (width and height):
        return False
    return abs(extent.width * height / (extent.height * width) - 1) > SAME_ASPECT


def describing(packet: bytes, extent: Extent) -> bytes:
    """Return the packet as it is true of an upright picture of `extent`, without what is not so of it.

    JPEG's way to continue a packet in further segments is undone: those mostly hold pictures, and are not kept.
    """
    for names, name, value in (
        (TIFF_NAMES, b"Orientation", 1),
        (TIFF_NAMES, b"ImageWidth", extent.width),
        (TIFF_NAMES, b"ImageLength", extent.height),
        (EXIF_NAMES, b"PixelXDimension", extent.width),
        (EXIF_NAMES, b"PixelYDimension", extent.height),
    ):
        packet = with_value(packet, names, name, b"%d" % value)
    for names, name, _ in UNTRUE:
        packet = without(packet, names, name)
    return _with_panorama(packet, extent)


def outdated_in(packet: bytes) -> tuple[str, ...]:
    """Return what a packet says that is not so of a result, named for a sentence."""
    return tuple(dict.fromkeys(title for names, name, title in UNTRUE if without(packet, names, name) != packet))


def _with_panorama(packet: bytes, extent: Extent) -> bytes:
    """Return the packet with a panorama's sides at the scale of the picture; without them where it is another part."""
    if shows_other_part(packet, extent):
        return without(packet, PANORAMA_NAMES, rb"\w+")
    for now, before, properties in zip(
        (extent.width, extent.height), _part_of_panorama(packet), PANORAMA_SIDES, strict=True
    ):
        for name in properties:
            value = number_in(packet, PANORAMA_NAMES, name)
            if before and value is not None:
                packet = with_value(packet, PANORAMA_NAMES, name, b"%d" % round(value * now / before))
    return packet


def _part_of_panorama(packet: bytes) -> tuple[int | None, ...]:
    return tuple(number_in(packet, PANORAMA_NAMES, properties[0]) for properties in PANORAMA_SIDES)
