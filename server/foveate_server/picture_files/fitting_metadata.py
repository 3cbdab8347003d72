"""What of all that a file says a container has a place for; the rest is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from foveate_server.imaging.make_profile import profile_of_name
from foveate_server.picture_files import exif, jpeg_segments, png_chunks, png_texts, tiff_fields, xmp
from foveate_server.picture_files.container_facts import Carried
from foveate_server.picture_files.containers import TITLES
from foveate_server.picture_files.embed_metadata import RECIPE_KEY
from foveate_server.picture_files.picture import Picture

COMMENT = b"Comment"  # as PNG calls it
MAX_ICC_BYTES = 255 * (jpeg_segments.MAX_SEGMENT_BYTES - len(jpeg_segments.ICC_PREFIX) - 2)  # of a JPEG
HOLDS_IPTC = ("jpeg", "png", "tiff")
HOLDS_RESOLUTION = ("jpeg", "png", "tiff", "openexr")
RECIPE = RECIPE_KEY.encode()  # which no result takes over
UNDERSTOOD = ("srgb", "gray-srgb")  # where nothing is told


def fitted(picture: Picture, kind: str) -> Picture:
    """Return the picture with what a container of `kind` can say, and sentences in `notes` about what it cannot."""
    lost: list[str] = []
    changes: dict[str, Any] = _fitting_jpeg(picture, lost) if kind == "jpeg" else {}
    carried = picture.carried
    if picture.exif and exif.describing(picture.exif, picture.extent) is None:
        changes["exif"] = None
        carried = replace(carried, outdated=(*carried.outdated, "the damaged Exif block"))
    if picture.xmp and xmp.shows_other_part(picture.xmp, picture.extent):
        carried = replace(carried, outdated=(*carried.outdated, "the place in a panorama"))
    if kind not in HOLDS_IPTC:
        lost += ["IPTC's records"] * bool(carried.iptc) + ["Photoshop's resources"] * bool(carried.photoshop)
        carried = replace(carried, iptc=None, photoshop=b"")
    if kind == "openexr" and picture.kind != "openexr":
        lost += ["XMP packet"] * bool(picture.xmp)
    if kind != picture.kind:
        changes |= _with_profile(picture, kind, lost)
        carried = _moved(carried, kind, lost)
        found = tiff_fields.resolution_in(picture.exif) if picture.exif else None
        lost += ["resolution"] * bool(carried.resolution and not found and kind not in HOLDS_RESOLUTION)
        carried = replace(carried, resolution=carried.resolution or found)
    notes = []
    outdated = [name for name in carried.outdated if name != xmp.GAIN_MAP]
    if xmp.GAIN_MAP in carried.outdated:
        notes.append("The picture is Ultra HDR; the result is its base of 8 bits, without the gain map.")
    if outdated:
        notes.append(f"Left out, as no longer true, unknown or damaged: {', '.join(outdated)}.")
    if lost:
        notes.append(f"{TITLES[kind]} has no place for this, which is left out: {', '.join(lost)}.")
    new = [note for note in notes if note not in picture.notes]
    return replace(picture, carried=carried, notes=(*picture.notes, *new), **changes)


def _with_profile(picture: Picture, kind: str, lost: list[str]) -> dict[str, Any]:
    """Return the profile of colours that another kind of file would not know by the name that they have in this one."""
    if kind == "webp" and picture.channels.is_gray:  # where grey becomes RGB
        lost += ["the colour profile for grey"] * (picture.icc is not None or picture.space != "gray-srgb")
    elif picture.icc is None and picture.space not in UNDERSTOOD and not picture.format.dtype.is_float:
        return {"icc": profile_of_name(picture.space)}
    return {}


def _fitting_jpeg(picture: Picture, lost: list[str]) -> dict[str, Any]:
    """Return what has to change because it is too large for JPEG's segments."""
    changes: dict[str, Any] = {}
    limits = {
        "exif": ("Exif block", jpeg_segments.MAX_SEGMENT_BYTES - len(jpeg_segments.EXIF_PREFIX)),
        "xmp": ("XMP packet", jpeg_segments.MAX_SEGMENT_BYTES - len(jpeg_segments.XMP_PREFIX)),
        "icc": ("colour profile", MAX_ICC_BYTES),
    }
    for name, (title, most) in limits.items():
        block = getattr(picture, name)
        if block and len(block) > most:
            lost.append(f"{title} of {len(block) >> 10} KiB")
            changes[name] = None
    return changes


def _moved(carried: Carried, kind: str, lost: list[str]) -> Carried:
    """Return what goes from one kind of container into another: PNG's texts and JPEG's comments are each other's."""
    texts = [each for each in carried.chunks if each[0] in png_texts.KINDS and png_texts.key_of(each[1]) != RECIPE]
    comments = [each for each in texts if kind == "jpeg" and _fits_comment(each)]
    names = dict.fromkeys(png_texts.key_of(each[1]).decode("latin-1") for each in texts if each not in comments)
    lost += [f"the text {name}" if name else "a text without a name" for name in names]
    lost += [f"the chunk {name.decode('latin-1')}" for name, _ in carried.chunks if not _goes_elsewhere(name)]
    if kind not in ("jpeg", "png"):
        lost += ["the comment"] * bool(carried.comments)
    chunks = [png_texts.made(COMMENT, _decoded(each)) for each in carried.comments] if kind == "png" else []
    made = [png_texts.readable(each).encode("utf-8") for each in comments]
    return replace(carried, chunks=tuple(chunks), comments=tuple(made))


def _fits_comment(chunk: png_texts.Chunk) -> bool:
    """Tell whether a PNG's text can be a JPEG's comment."""
    is_comment = png_texts.key_of(chunk[1]) == COMMENT
    return is_comment and len(png_texts.readable(chunk).encode("utf-8")) <= jpeg_segments.MAX_SEGMENT_BYTES


def _goes_elsewhere(name: bytes) -> bool:
    """Tell whether a chunk is a text, or says what a profile or a resolution says."""
    return name in (*png_texts.KINDS, *png_chunks.COLORS, b"pHYs", b"sBIT", b"bKGD")


def _decoded(comment: bytes) -> str:
    try:
        return comment.decode("utf-8").rstrip("\0")
    except UnicodeDecodeError:
        return comment.decode("latin-1").rstrip("\0")
