"""The bytes of a document's color profile. Krita tells scripts its name alone, but it writes them into every .kra."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Any

from ._shared import errors
from .wait_until_idle import dropped_after

_INSIDE = "annotations/icc"  # where a .kra holds its image's profile


def read_profile(krita: Any, model: str, profile: str) -> bytes:
    """Return the ICC profile that Krita calls `profile`, by way of an image of one pixel; `krita` is Krita's module.

    Raises InputError where Krita does not give it.
    """
    document = krita.Krita.instance().createDocument(1, 1, "profile", model, "U8", profile, 72.0)
    if document is None or document.colorProfile() != profile:
        raise _unknown(profile)
    try:
        with dropped_after(document):
            return _saved(krita, document)
    except (OSError, zipfile.BadZipFile, StopIteration) as error:
        raise _unknown(profile) from error


def _saved(krita: Any, document: Any) -> bytes:
    """Return the profile out of the saved document."""
    document.setBatchmode(True)
    with tempfile.TemporaryDirectory(prefix="foveate-") as folder:
        path = Path(folder) / "profile.kra"
        if not document.exportImage(str(path), krita.InfoObject()):
            raise OSError("not saved")
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith(_INSIDE))
            return archive.read(name)


def _unknown(profile: str) -> errors.InputError:
    return errors.InputError(
        "The color profile of this image, {profile}, cannot be read.",
        code=errors.ErrorCode.UNSUPPORTED_FORMAT,
        remedy="Choose another one under Image > Convert Image Color Space.",
        profile=profile or "which has no name",
    )
