"""RGB profiles made of look-up tables: evaluated by Little CMS in float, within 0..1, which is all that tables know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foveate_server.imaging.samples import FloatArray
from foveate_shared.errors import ErrorCode, InputError, ResourceError

_RELATIVE_COLORIMETRIC = 1


@dataclass(frozen=True)
class LutTransform:
    """The way of a document with such a profile to sRGB and back; see `color.ColorTransform`."""

    profile: bytes

    def to_working(self, color: FloatArray) -> FloatArray:
        """Return a document's colours in the working space.

        Parameters
        ----------
        color : (height, width, 3) float32
            In the document's encoding; clipped to 0..1, which is all that tables know.

        Returns
        -------
        working : (height, width, 3) float32
            sRGB-encoded, by the relative colorimetric intent.

        Raises
        ------
        InputError
            INVALID_FILE where the profile cannot be evaluated.
        ResourceError
            UNSUPPORTED_FORMAT where imagecodecs, which brings Little CMS, is not installed.
        """
        return self._transform(np.clip(color, 0, 1), back=False)

    def from_working(self, working: FloatArray) -> FloatArray:
        """Return colours of the working space as the document's: the inverse of :meth:`to_working`.

        Parameters
        ----------
        working : (height, width, 3) float32
            sRGB-encoded.

        Returns
        -------
        color : (height, width, 3) float32
            In the document's encoding, within 0..1.

        Raises
        ------
        InputError, ResourceError
            See :meth:`to_working`.
        """
        return np.clip(self._transform(working, back=True), 0, 1)

    def _transform(self, image: FloatArray, *, back: bool) -> FloatArray:
        try:
            from imagecodecs import cms_profile, cms_transform  # noqa: PLC0415 - rarely needed, and slow to import
        except ImportError as error:
            raise ResourceError(
                "This document's colour profile is made of look-up tables, and imagecodecs is not installed.",
                code=ErrorCode.UNSUPPORTED_FORMAT,
                remedy="Install imagecodecs beside the server, or convert the document to sRGB.",
            ) from error
        ends = (cms_profile("srgb"), self.profile) if back else (self.profile, cms_profile("srgb"))
        rows = np.ascontiguousarray(image, np.float32)
        try:
            moved: FloatArray = cms_transform(
                rows, *ends, colorspace="rgb", outcolorspace="rgb", outdtype="f4", intent=_RELATIVE_COLORIMETRIC
            )
        except (RuntimeError, ValueError) as error:  # imagecodecs' CmsError is a RuntimeError
            raise InputError(
                "The document's colour profile cannot be evaluated.",
                code=ErrorCode.INVALID_FILE,
                remedy="Assign a valid profile, such as sRGB, to the document.",
            ) from error
        return moved
