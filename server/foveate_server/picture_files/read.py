"""Reading pictures at their own depth: PNG, JPEG, WebP, TIFF and OpenEXR.

The file's first bytes choose the one decoder that sees it, and must agree with its name; its size is checked before
memory is taken. Samples are never converted, except where the sentences in :attr:`Picture.notes` say so.
"""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
from numpy.typing import NDArray

from foveate_server.picture_files import color_profile, containers, exif, palette_tiff, xmp
from foveate_server.picture_files.container_facts import Carried, ContainerFacts
from foveate_server.picture_files.file_hash import sha256_in
from foveate_server.picture_files.picture import Picture
from foveate_shared.errors import ErrorCode, FoveateError, InputError, ResourceError
from foveate_shared.pixels import AlphaMode, Channels

STRAIGHT = "oiio:UnassociatedAlpha"  # without it OpenImageIO multiplies colour by alpha
TOO_LARGE_FOR_DECODER = "MB limit"  # in OpenImageIO's words for a size beyond its own limit, a share of the memory
SUPPORTED_TYPES = ("uint8", "uint16", "half", "float")
UNSUPPORTED_COLORS = ("CMYK", "YCCK", "YCbCrK", "Lab", "CIELAB", "ICCLAB", "separated")


def read_picture(path: Path) -> Picture:
    """Read the picture in `path`, upright.

    Raises InputError where it is missing, not one of the five types, animated, CMYK, cut off or otherwise not to be
    read; ResourceError where it does not fit into memory.
    """
    facts, sha256 = _examine(path)
    several = _has_several_parts(path)
    source = _open(path)
    try:
        spec = source.spec()
        _refuse_unsupported(path, spec, several=several)
        _refuse_huge(path, spec)
        samples = source.read_image(0, 0, 0, spec.nchannels, spec.format)
        if samples is None or source.has_error:
            raise _unreadable(path, _error_of(source))
    finally:
        source.close()
    samples = np.asarray(samples).reshape(spec.height, spec.width, spec.nchannels)
    if _is_palette_tiff(spec):
        samples = palette_tiff.colors_of(path, samples, spec.get_int_attribute("Orientation", 1))
    return _picture(path, samples, spec, facts, sha256)


def _is_palette_tiff(spec: Any) -> bool:
    return bool(spec.get_string_attribute("tiff:ColorSpace") == "palette")


def _picture(path: Path, samples: NDArray[Any], spec: Any, facts: ContainerFacts, sha256: str) -> Picture:
    channels = _channels(path, spec)
    own, notes = color_profile.profile_in(spec, channels)
    icc, space = color_profile.meaning_of(spec, channels, own, facts, path.name)
    if facts.palette or _is_palette_tiff(spec):
        notes += (f"{path.name} has a palette; its colours are kept, and the result has full {channels.value}.",)
    if facts.one_bit or spec.get_int_attribute("oiio:BitsPerSample", 8) == 1:
        notes += (f"{path.name} has 1 bit per pixel; the result has 8.",)
    turned = exif.orientation_in(facts.exif) if facts.exif else None
    if turned is None and facts.xmp:  # which comes second: more programs read Exif
        turned = xmp.orientation_in(facts.xmp)
    premultiplied = channels.has_alpha and not spec.get_int_attribute(STRAIGHT, 0)
    return Picture(
        samples=exif.upright(samples, turned or spec.get_int_attribute("Orientation", 1)),
        channels=channels,
        alpha=AlphaMode.PREMULTIPLIED if premultiplied else AlphaMode.STRAIGHT,
        icc=icc,
        space=space,
        exif=facts.exif,
        xmp=facts.xmp,
        carried=_carried(facts, has_profile=own is not None),
        metadata=spec,
        kind=facts.kind,
        source=path,
        sha256=sha256,
        notes=notes,
    )


def _carried(facts: ContainerFacts, *, has_profile: bool) -> Carried:
    """Return what goes into a result, without a colour profile that does not fit the samples."""
    carried = facts.carried
    outdated = [xmp.THUMBNAIL] if facts.exif and exif.has_thumbnail(facts.exif) else []
    outdated += xmp.outdated_in(facts.xmp) if facts.xmp else ()
    if not has_profile and any(name == b"iCCP" for name, _ in carried.chunks):
        carried = replace(carried, chunks=tuple(each for each in carried.chunks if each[0] != b"iCCP"))
        outdated.append("a colour profile that does not fit")
    return replace(carried, outdated=tuple(dict.fromkeys((*outdated, *carried.outdated))))


def _examine(path: Path) -> tuple[ContainerFacts, str]:
    """Return what the container says about itself, and the file's SHA-256."""
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
            kind = containers.sniff(head)
            if kind is None:
                raise _unknown(path, head)
            _require_matching_name(path, kind)
            facts = containers.inspect(stream, kind, path.name)
            stream.seek(0)
            sha256 = sha256_in(stream)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}.",
            code=ErrorCode.INVALID_FILE,
            remedy="Check the name and the permissions.",
        ) from None
    if facts.animated:
        raise InputError(
            f"{path.name} is an animation.",
            code=ErrorCode.INVALID_FILE,
            remedy="Save one frame of it as a picture of its own.",
        )
    return facts, sha256


def _unknown(path: Path, head: bytes) -> InputError:
    what = "is empty" if not head else "is not a picture that Foveate reads"
    return InputError(
        f"{path.name} {what}.",
        code=ErrorCode.INVALID_FILE,
        remedy="Use PNG, JPEG, WebP, TIFF or OpenEXR.",
    )


def _require_matching_name(path: Path, kind: str) -> None:
    """Refuse a file whose name and content disagree: one of the two deceives somebody."""
    named = containers.SUFFIXES.get(path.suffix.lower())
    if named != kind:
        ending = next(suffix for suffix, value in containers.SUFFIXES.items() if value == kind)
        called = f"is called {path.suffix}" if path.suffix else "has no ending"
        raise InputError(
            f"{path.name} {called}, but its content is {containers.TITLES[kind]}.",
            code=ErrorCode.INVALID_FILE,
            remedy=f"Rename it to end in {ending} if you trust it.",
        )


def _open(path: Path) -> Any:
    config = oiio.ImageSpec()
    config.attribute(STRAIGHT, 1)
    source = oiio.ImageInput.open(str(path), config)
    if source is None:
        raise _unreadable(path, _error_of(oiio))
    return source


def _error_of(source: Any) -> str:
    """Return OpenImageIO's last error; "" where it quotes bytes of a damaged file that are no text."""
    try:
        return str(source.geterror())
    except UnicodeDecodeError:
        return ""


def _unreadable(path: Path, detail: str) -> FoveateError:
    if TOO_LARGE_FOR_DECODER in detail:
        return _too_large(f"{path.name} has more pixels than this machine can hold.")
    reason = detail.strip().splitlines()[0].rstrip(".") if detail.strip() else "its content is damaged"
    return InputError(
        f"{path.name} cannot be read as a picture: {reason}.",
        code=ErrorCode.INVALID_FILE,
        remedy="Copy or export it again.",
    )


def _has_several_parts(path: Path) -> bool:
    """Tell whether there are more pages or parts; asked of a handle of its own, which is left in error otherwise."""
    source = _open(path)
    try:
        return bool(source.seek_subimage(1, 0))
    finally:
        _error_of(source)
        source.close()


def _refuse_unsupported(path: Path, spec: Any, *, several: bool) -> None:
    color = spec.get_string_attribute("jpeg:ColorSpace") or spec.get_string_attribute("tiff:ColorSpace")
    problem = remedy = ""
    if color in UNSUPPORTED_COLORS:
        problem, remedy = f"has {color} colours", "Convert it to RGB."
    elif several:
        problem, remedy = "has several pages or parts", "Save the one that you want as a file of its own."
    elif spec.deep or spec.depth > 1:
        problem, remedy = "is a deep or volume image", "Flatten it."
    elif str(spec.format) not in SUPPORTED_TYPES or spec.channelformats:
        problem = "has channels of mixed types" if spec.channelformats else f"has samples of type {spec.format}"
        remedy = "Save it with 8 or 16 bits per channel, or as half or 32-bit float."
    if problem:
        raise InputError(f"{path.name} {problem}.", code=ErrorCode.UNSUPPORTED_FORMAT, remedy=remedy)


def _refuse_huge(path: Path, spec: Any) -> None:
    """Refuse a picture that does not fit, before memory is taken; OpenImageIO itself refuses headers that lie."""
    needed = spec.image_bytes(native=True)
    size = f"{spec.width} x {spec.height} pixels"
    available = _physical_memory() // 2
    if needed > available:
        raise _too_large(f"{path.name} has {size}: {needed >> 20} MiB, more than half of this machine's memory.")


def _too_large(problem: str) -> ResourceError:
    return ResourceError(
        problem, code=ErrorCode.TOO_LARGE, remedy="Work on a part of it, or on a machine with more memory."
    )


def _physical_memory() -> int:
    """Return the machine's memory in bytes; where the system does not say, what every machine has."""
    if sys.platform != "win32":  # which has no sysconf
        with contextlib.suppress(ValueError, OSError):
            return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 4 << 30


def _channels(path: Path, spec: Any) -> Channels:
    name = "".join(spec.channelnames)
    if name not in ("Y", "YA", "RGB", "RGBA"):
        raise InputError(
            f"{path.name} has the channels {', '.join(spec.channelnames)}.",
            code=ErrorCode.UNSUPPORTED_FORMAT,
            remedy="Save it as grey or RGB, with or without alpha.",
        )
    return Channels(name)
