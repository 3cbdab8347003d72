"""Sentences for people, in their language."""

from __future__ import annotations

from ._shared import client, geometry, rerender, texts, workbench

State = rerender.State
ConnectionState = client.ConnectionState
_CONNECTION = {
    ConnectionState.SEARCHING: "Searching for the server",
    ConnectionState.CONNECTING: "Connecting",
    ConnectionState.READY: "Ready",
    ConnectionState.LOST: "No server",
    ConnectionState.REFUSED: "Refused",
    ConnectionState.CLOSED: "Closed",
}
OPERATIONS = {"refocus": "Refocus", "faces": "Faces", "upscale": "Upscale", "detect": "Find faces"}


def connection(view: workbench.ConnectionView, say: texts.Texts) -> str:
    """Return the state of the connection in one or two words."""
    return say(_CONNECTION[view.state])


def status(now: rerender.Status, say: texts.Texts) -> str:
    """Return one line: what happens, how far it is, and how long it will take."""
    parts = [say("In the queue: {position}", position=now.position) if now.position else say.sentence(now.text)]
    if now.steps > 1 and now.state is State.RUNNING:
        parts.append(say("{step} of {steps}", step=now.step, steps=now.steps))
    if now.seconds_left is not None:
        parts.append(say("{time} left", time=duration(now.seconds_left, say)))
    return " · ".join(part for part in parts if part)


def duration(seconds: float, say: texts.Texts) -> str:
    """Return a time span."""
    whole = max(0, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return say("{hours} h {minutes} min", hours=hours, minutes=minutes)
    if minutes:
        return say("{minutes} min {seconds} s", minutes=minutes, seconds=whole % 60)
    return say("{seconds} s", seconds=whole)


def region(extent: geometry.Extent, bounds: geometry.Bounds | None, say: texts.Texts) -> str:
    """Return what a job would work on."""
    if bounds is None:
        return say(
            "Nothing is selected: all of the image, {width} × {height} px", width=extent.width, height=extent.height
        )
    return say("Selection: {width} × {height} px", width=bounds.width, height=bounds.height)
