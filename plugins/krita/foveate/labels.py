"""Sentences for people, in their language."""

from __future__ import annotations

from ._shared import client, geometry, job_list, translations

ConnectionState = client.ConnectionState
_CONNECTION = {
    ConnectionState.SEARCHING: "Searching for the server",
    ConnectionState.CONNECTING: "Connecting",
    ConnectionState.READY: "Ready",
    ConnectionState.LOST: "No server",
    ConnectionState.REFUSED: "Refused",
    ConnectionState.CLOSED: "Closed",
}
OPERATIONS = {
    "refocus": "Refocus",
    "faces": "Faces",
    "upscale": "Upscale",
    "fill": "Fill",
    "compare": "Compare",
    "detect": "Find faces",
}


def connection(view: job_list.ConnectionView, say: translations.Texts) -> str:
    """Return the state of the connection in one or two words."""
    return say(_CONNECTION[view.state])


def region(extent: geometry.Extent, bounds: geometry.Bounds | None, say: translations.Texts) -> str:
    """Return what a job would work on."""
    if bounds is None:
        return say(
            "Nothing is selected: all of the image, {width} × {height} px", width=extent.width, height=extent.height
        )
    return say("Selection: {width} × {height} px", width=bounds.width, height=bounds.height)
