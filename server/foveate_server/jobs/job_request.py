"""What an operation is asked, from what was submitted and what was settled: at intake, and again after a restart."""

from __future__ import annotations

from collections.abc import Mapping

from foveate_server.operations.contract import JobRequest, WindowSource
from foveate_shared.geometry import Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import DOCUMENT, JsonObject, ModelInfo, Submit

NOWHERE = Extent(0, 0)  # of the document of a job that has none
MADE = PixelFormat(SampleType.U8, Channels.RGB)  # of what is made without a document, in sRGB


def request_of(
    submit: Submit, profiles: Mapping[str, bytes], parameters: JsonObject, model: ModelInfo | None, safety: str
) -> JobRequest:
    """Return the request; `profiles` are ICC profiles by source."""
    document = submit.document
    return JobRequest(
        operation=submit.operation,
        parameters=parameters,
        extent=document.extent if document else NOWHERE,
        format=document.format if document else MADE,
        space=document.profile.space if document else "srgb",
        icc=profiles.get(DOCUMENT),
        selection=submit.selection,
        model=model,
        safety=safety,
        pictures={
            each.name: WindowSource(
                each.extent, each.format, each.profile.space, profiles.get(each.name), each.has_coverage
            )
            for each in submit.pictures
        },
    )


def profile_names(submit: Submit) -> list[str]:
    """Return the sources that have an ICC profile, in the order of its blobs in `submit`."""
    document = [(DOCUMENT, submit.document.profile)] if submit.document else []
    profiles = [*document, *((picture.name, picture.profile) for picture in submit.pictures)]
    return [name for name, profile in profiles if profile.icc]
