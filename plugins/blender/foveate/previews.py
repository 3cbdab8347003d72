"""Small pictures for the panel: of jobs that run, and of results that wait. To look at, never to apply."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import bpy
import bpy.utils.previews
import numpy as np

from . import sample_arrays
from ._shared import host, job_list, previews, undone_results
from .sample_arrays import FloatArray, Samples

_LONGEST = 256  # pixels


class PreviewIcons:
    """The pictures, as icons of Blender."""

    def __init__(self) -> None:
        self._icons = bpy.utils.previews.new()
        self._shown = previews.Previews(self._draw_unfinished, self._draw_result)
        self._last: WeakKeyDictionary[job_list.JobEntry, int] = WeakKeyDictionary()  # shown again once it is undone

    def icon(self, entry: job_list.JobEntry) -> int:
        """Return the icon of an entry's newest picture, 0 where there is none."""
        if icon := self._shown.of(entry):
            self._last[entry] = icon
            return icon
        return self._last.get(entry, 0) if undone_results.is_undone(entry) else 0

    def close(self) -> None:
        """Forget them all."""
        bpy.utils.previews.remove(self._icons)

    def _draw_unfinished(self, entry: job_list.JobEntry, shown: job_list.PreviewPicture) -> int:
        picture = shown.event.pixels
        unpacked = sample_arrays.unpack(sample_arrays.host.Image(picture.extent, shown.pixels, picture.format))
        return self._draw(f"{entry.flow.job} preview", unpacked)

    def _draw_result(self, entry: job_list.JobEntry, result: host.Result) -> int:
        picture = entry.host.picture(result)
        return 0 if picture is None else self._draw(entry.flow.job, picture)

    def _draw(self, key: str, samples: Samples) -> int:
        icon = self._icons[key] if key in self._icons else self._icons.new(key)
        picture = displayed(samples)
        icon.image_size = (picture.shape[1], picture.shape[0])
        icon.image_pixels_float.foreach_set(picture.ravel())
        return int(icon.icon_id)


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
