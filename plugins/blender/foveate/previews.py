"""Small pictures for the panel: of jobs that run, and of results that wait. To look at, never to apply."""

from __future__ import annotations

from collections.abc import Callable

import bpy
import bpy.utils.previews
import numpy as np

from . import sample_arrays
from ._shared import job_list, pixels
from .document import BlenderHost
from .sample_arrays import FloatArray, Samples

_LONGEST = 256  # pixels


class Previews:
    """The pictures, as icons of Blender, by job."""

    def __init__(self) -> None:
        self._icons = bpy.utils.previews.new()
        self._drawn: dict[str, int] = {}  # by icon: the seq of what it shows

    def icon(self, entry: job_list.JobEntry, host: BlenderHost | None) -> int:
        """Return the icon of an entry's newest picture, 0 where there is none."""
        if entry.preview is not None:
            shown, layout = entry.preview.event, entry.preview.event.pixels.format
            key = f"{entry.flow.job} preview"
            return self._icon(key, shown.seq, lambda: _decoded(entry.preview.pixels, shown.pixels.extent, layout))
        if entry.waits_for_person and host is not None and entry.flow.result is not None:
            return self._icon(entry.flow.job, 0, lambda: host.picture(entry.flow.result))
        return 0

    def close(self) -> None:
        """Forget them all."""
        bpy.utils.previews.remove(self._icons)

    def _icon(self, key: str, seq: int, draw: Callable[[], Samples]) -> int:
        icon = self._icons[key] if key in self._icons else self._icons.new(key)
        if self._drawn.get(key) != seq:
            picture = displayed(draw())
            icon.image_size = (picture.shape[1], picture.shape[0])
            icon.image_pixels_float.foreach_set(picture.ravel())
            self._drawn[key] = seq
        return icon.icon_id


def displayed(picture: Samples) -> FloatArray:
    """Return samples, reduced to a thumbnail, as RGBA for a screen: floats are taken for linear light."""
    step = max(1, -(-max(picture.shape[:2]) // _LONGEST))
    small = picture[::step, ::step]
    if small.dtype == np.uint8:
        values = small.astype(np.float32) / np.float32(255)
    else:
        light = np.clip(small, 0, 1)
        values = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)  # IEC 61966-2-1
    rgba = np.ones((*values.shape[:2], 4), np.float32)
    rgba[..., :3] = values[..., :3] if values.shape[2] >= 3 else values[..., :1]
    return rgba


def _decoded(data: bytes, extent: sample_arrays.geometry.Extent, layout: pixels.PixelFormat) -> Samples:
    return sample_arrays.unpack(sample_arrays.host.Image(extent, data, layout))
