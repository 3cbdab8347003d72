"""Writing pictures, whole or not at all.

Samples go to the encoder as they are. OpenImageIO encodes all but WebP, for which Pillow is exact (also the colours
under zero alpha). PNG, JPEG, WebP and TIFF get what the source says as it says it (`embed_metadata`): OpenImageIO
writes only what it knows of that, and more than was there.
"""

from __future__ import annotations

import errno
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
from PIL import Image

from foveate_server.picture_files import embed_metadata, exif, xmp
from foveate_server.picture_files.containers import SUFFIXES, TITLES
from foveate_server.picture_files.fitting_metadata import fitted
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.place_file import Check, allow_all, followed, placing
from foveate_server.picture_files.read import STRAIGHT
from foveate_shared.errors import ErrorCode, FoveateError, InputError, ResourceError
from foveate_shared.pixels import AlphaMode, Channels, SampleType
from foveate_shared.wire.rules import is_device_name

OIIO_TYPES = {SampleType.U8: "uint8", SampleType.U16: "uint16", SampleType.F16: "half", SampleType.F32: "float"}
CHANNEL_NAMES = {channels: tuple(channels.value) for channels in (Channels.Y, Channels.YA, Channels.RGB, Channels.RGBA)}
HOLDS = {  # what a container's samples can be
    "png": (SampleType.U8, SampleType.U16),
    "jpeg": (SampleType.U8,),
    "webp": (SampleType.U8,),
    "tiff": (SampleType.U8, SampleType.U16, SampleType.F32),
    "openexr": (SampleType.F16, SampleType.F32),
}
LOSSLESS = ("none", "rle", "zips", "zip", "piz", "lzw", "packbits")  # compressions that are kept; others become zip
MAX_SIDE = {"jpeg": 65_500, "webp": 16_383}
SUBSAMPLING = "jpeg:subsampling"
# What described the source's encoding rather than its picture.
ENCODING_ATTRIBUTES = (
    r"oiio:BitsPerSample|oiio:subimages|oiio:RowsPerChunk|oiio:UnassociatedAlpha|tiff:.*|planarconfig|png:.*|"
    r"openexr:.*|ICCProfile.*|webp:.*|oiio:Movie|oiio:LoopCount|multipart|type|chunkCount|thumbnail_.*|"
    r"XML:com\.adobe\.xmp|Raw profile type .*"
)
EXIF_ATTRIBUTES = r"Exif:.*|GPS:.*|Orientation"  # what OpenImageIO knows of a block; needless where that is kept


@dataclass(frozen=True)
class SaveOptions:
    """How lossy containers are written."""

    quality: int = 95  # of JPEG, and of WebP where it is lossy
    lossy: bool = False  # WebP


def container_of(path: Path) -> str:
    """Return the container that the name asks for, a key of TITLES. Raises InputError where it names none."""
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise InputError(
            f"{path.name or 'OUT'} does not say what kind of file to write.",
            code=ErrorCode.INVALID_FILE,
            remedy=f"End its name in one of {' '.join(SUFFIXES)}.",
        )
    return kind


def prepare(picture: Picture, path: Path) -> Picture:
    """Return the picture as the container of `path` can hold it, with a sentence in `notes` for what had to change.

    Raises InputError where it would lose what nobody would want to lose (alpha, float values), or where the folder is
    missing. Called before the job too, so that minutes of work do not end in such a sentence.
    """
    kind = container_of(path)
    if not path.parent.is_dir() or path.is_dir():
        problem = f"{path} is a folder" if path.is_dir() else f"The folder {path.parent} does not exist"
        raise InputError(f"{problem}.", code=ErrorCode.INVALID_FILE, remedy="Name a file in a folder that exists.")
    title = TITLES[kind]
    if picture.channels.has_alpha and kind == "jpeg":
        raise _unfit(f"{title} cannot hold alpha.", "Write a PNG, WebP or TIFF.")
    if max(picture.extent.width, picture.extent.height) > MAX_SIDE.get(kind, 1 << 30):
        raise _unfit(f"{title} cannot be larger than {MAX_SIDE[kind]} pixels on a side.", "Write a PNG or TIFF.")
    if picture.alpha is AlphaMode.PREMULTIPLIED and picture.channels.has_alpha and kind in ("png", "webp"):
        raise _unfit(f"{title} cannot hold premultiplied alpha.", "Write a TIFF or OpenEXR.")
    return fitted(_at_depth_of(kind, picture), kind)


def _at_depth_of(kind: str, picture: Picture) -> Picture:
    dtype = picture.format.dtype
    if dtype in HOLDS[kind]:
        return picture
    if dtype is SampleType.U16 and kind in ("jpeg", "webp"):
        samples = ((picture.samples.astype(np.uint32) * 255 + 32_767) // 65_535).astype(np.uint8)
        note = f"{TITLES[kind]} holds 8 bits per channel; the 16 of the picture are rounded."
        return replace(picture, samples=samples, notes=(*picture.notes, note))
    if dtype is SampleType.F16 and kind == "tiff":
        return replace(picture, samples=picture.samples.astype(np.float32))
    held = "float" if kind == "openexr" else "8 or 16 bit"
    remedy = "Write a TIFF or OpenEXR." if dtype.is_float else "Write a PNG or TIFF."
    raise _unfit(f"{TITLES[kind]} holds {held} samples, and this picture has {OIIO_TYPES[dtype]}.", remedy)


def _unfit(problem: str, remedy: str) -> InputError:
    return InputError(problem, code=ErrorCode.UNSUPPORTED_FORMAT, remedy=remedy)


def save(
    picture: Picture,
    path: Path,
    *,
    recipe: str | None = None,
    words: str | None = None,
    options: SaveOptions | None = None,
    check: Check = allow_all,
) -> tuple[str, ...]:
    """Write `picture`, as :func:`prepare` returned it, to `path`, replacing at once what is there if `check` allows it.

    Return sentences about what could not be kept beside it: the picture is there all the same.

    `recipe` (ASCII JSON) goes into the file where its kind can carry it, else beside it (`embed_metadata`); `words`,
    the text for other tools, goes into a PNG alone, where it replaces an older one; "" removes that.
    Raises ResourceError where the disk or the permissions do not allow it, and what `check` raises; then nothing is
    left behind.
    """
    kind = container_of(path)
    options = options or SaveOptions()
    inside = recipe if kind in embed_metadata.CARRIERS else None
    picture = replace(
        picture,
        exif=exif.describing(picture.exif, picture.extent) if picture.exif else None,
        xmp=xmp.describing(picture.xmp, picture.extent) if picture.xmp else None,
    )
    try:
        with placing(path, check) as temporary:
            if kind == "webp":
                _write_webp(picture, temporary, options)
            else:
                _write_oiio(picture, temporary, kind, inside, options)
                embed_metadata.finish(temporary, kind, picture, inside, words=words)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        embed_metadata.place_beside(path, recipe, check)
    except OSError as error:
        beside = embed_metadata.sidecar_of(path).name
        return (f"The recipe is not kept: {beside} cannot be written ({error.strerror or error}).",)
    except FoveateError as error:
        return (f"The recipe is not kept: {error.info.message}",)
    return ()


def save_bytes(content: bytes | bytearray | memoryview, path: Path, check: Check = allow_all) -> None:
    """Write what is no picture in the same way. Raises likewise."""
    try:
        with placing(path, check) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise _unwritable(path, error) from None


def require_writable(path: Path, *, has_devices: bool = os.name == "nt") -> None:
    """Raise where no file can be made at `path`, before a job that would be in vain: ResourceError for its folder.

    Raises InputError for the name of a device, which swallows what is written, on a system that `has_devices`.
    """
    if has_devices and is_device_name(path.name):
        raise InputError(
            f"{path} cannot be written: Windows reserves the name {path.name.partition('.')[0]} for a device.",
            remedy="Choose another name.",
        )
    try:
        with tempfile.TemporaryFile(dir=followed(path).parent):
            pass
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> ResourceError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return ResourceError(
        f"{path} cannot be written: {error.strerror or error}.",
        code=ErrorCode.STORAGE_FULL,
        remedy="Free some space, or choose another folder." if full else "Choose a folder that you may write to.",
    )


def _write_oiio(picture: Picture, path: Path, kind: str, recipe: str | None, options: SaveOptions) -> None:
    spec = _spec(picture, kind)
    if kind == "jpeg":
        spec.attribute("compression", f"jpeg:{options.quality}")
        known = picture.metadata.get_string_attribute(SUBSAMPLING) if picture.metadata is not None else ""
        spec.attribute(SUBSAMPLING, known or "4:4:4")
    if recipe and kind == "openexr":
        spec.attribute(embed_metadata.RECIPE_KEY, recipe)
    output: Any = oiio.ImageOutput.create(kind)
    try:
        written = output.open(str(path), spec) and output.write_image(picture.samples)
    finally:
        closed = output.close()
    if not (written and closed):
        raise OSError(output.geterror().strip() or "the encoder failed")


def _spec(picture: Picture, kind: str) -> Any:
    """Return OpenImageIO's description of the file: the samples' layout, and what OpenEXR says or is to say."""
    before = picture.metadata
    spec = oiio.ImageSpec(before) if before is not None and "openexr" in (kind, picture.kind) else oiio.ImageSpec()
    spec.erase_attribute(ENCODING_ATTRIBUTES)
    if picture.exif and kind != "openexr":
        spec.erase_attribute(EXIF_ATTRIBUTES)
    spec.erase_attribute("compression")
    if kind in ("tiff", "openexr"):
        known = before.get_string_attribute("compression") if before is not None and picture.kind == kind else ""
        spec.attribute("compression", known if known in LOSSLESS else "zip")
    extent = picture.extent
    if (spec.width, spec.height) != (extent.width, extent.height):
        spec.x = spec.y = spec.full_x = spec.full_y = 0
        spec.full_width, spec.full_height = extent.width, extent.height
    spec.width, spec.height, spec.depth = extent.width, extent.height, 1
    spec.tile_width = spec.tile_height = 0
    spec.set_format(oiio.TypeDesc(OIIO_TYPES[picture.format.dtype]))
    spec.nchannels = picture.channels.count
    spec.channelnames = CHANNEL_NAMES[picture.channels]
    spec.alpha_channel = -1 if picture.channels.alpha_position is None else picture.channels.alpha_position
    if picture.alpha is AlphaMode.STRAIGHT:
        spec.attribute(STRAIGHT, 1)
    if spec.getattribute("Orientation") is not None:
        spec.attribute("Orientation", 1)
    for name, side in (("Exif:PixelXDimension", extent.width), ("Exif:PixelYDimension", extent.height)):
        if spec.getattribute(name) is not None:
            spec.attribute(name, side)
    if picture.icc and kind in ("tiff", "openexr"):
        profile = np.frombuffer(picture.icc, np.uint8)
        spec.attribute("ICCProfile", oiio.TypeDesc(f"uint8[{len(profile)}]"), profile)
    return spec


def _write_webp(picture: Picture, path: Path, options: SaveOptions) -> None:
    samples = picture.samples
    if picture.channels.is_gray:  # WebP has no grey
        samples = samples[..., [0, 0, 0, 1] if picture.channels.has_alpha else [0, 0, 0]]
    extra: dict[str, Any] = {"exif": picture.exif} if picture.exif else {}
    if picture.xmp:
        extra["xmp"] = picture.xmp
    if picture.icc and not picture.channels.is_gray:
        extra["icc_profile"] = picture.icc
    quality = options.quality if options.lossy else 80  # of lossless: how hard to try
    image = Image.fromarray(np.ascontiguousarray(samples))
    image.save(path, "WEBP", lossless=not options.lossy, exact=True, quality=quality, method=4, **extra)
