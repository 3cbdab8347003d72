"""What takes a result whose image is gone, such as after a crash of GIMP: a new image, as much like it as is known."""

from __future__ import annotations

import contextlib
from pathlib import Path

from gi.repository import Gimp

from . import connection, other_results
from ._shared import host, job_records, no_document, offered_operations, pixels, protocol, results_in_words
from .layers import ImageKind, build_image

_PRECISIONS = {
    pixels.SampleType.U8: "U8",
    pixels.SampleType.U16: "U16",
    pixels.SampleType.F16: "HALF",
    pixels.SampleType.F32: "FLOAT",
}


class LostImage(no_document.NoDocument):
    """See foveate_shared.jobs.host.Host. It takes every kind of result; a selection is a picture of it."""

    result_kinds = (protocol.PIXELS, *other_results.KINDS)

    def __init__(self, title: str, record: job_records.Record | None) -> None:
        """`title` names the operation. Without a record, the result itself tells what it can."""
        self._title = title
        self._record = record
        self.told: tuple[str, ...] = ()  # what the result says in words

    def apply(self, result: host.Result) -> None:
        """Open the result as a new image, with a window, or write its files. Raises FoveateError where it cannot."""
        if result.kind in results_in_words.KINDS:
            self.told = results_in_words.told(result, Path.home(), self._title)
        made = self.build(result)
        if made is not None:
            Gimp.Display.new(made)

    def build(self, result: host.Result) -> Gimp.Image | None:
        """Return the result as a new image without a window; None where it is nothing to look at."""
        if result.kind in other_results.KINDS:
            return other_results.drawn(result, self._title)
        made_by = offered_operations.made_by(result.recipe, models=connection.load_known()[1])
        return build_image(result, self._kind(result), self._title + made_by)

    def lacks_profile(self, result: host.Result) -> bool:
        """Tell whether the image had a profile of its own that is not known any more."""
        return bool(result.patches) and self._record is None and "icc" in _profile(result)

    def _kind(self, result: host.Result) -> ImageKind:
        if self._record is not None:
            with contextlib.suppress(KeyError, ValueError, TypeError):  # what was written down makes no sense
                return ImageKind.described_as(self._record.kind)
        layout = result.patches[0].pixels.format
        curve = "LINEAR" if str(_profile(result).get("space", "")).endswith("-linear") else "NON_LINEAR"
        base = Gimp.ImageBaseType.GRAY if layout.channels is pixels.Channels.YA else Gimp.ImageBaseType.RGB
        return ImageKind.again(base, getattr(Gimp.Precision, f"{_PRECISIONS[layout.dtype]}_{curve}"), None)


def _profile(result: host.Result) -> protocol.JsonObject:
    return protocol.as_object(protocol.as_object(result.recipe.get("document")).get("profile"))
