"""How far a job is, in the person's language. Without Blender."""

from __future__ import annotations

from ._shared import rerender, texts


def progress(status: rerender.Status, say: texts.Texts) -> str:
    """Return one line: what happens, how far it is, and how long it will take."""
    parts = [
        say("In the queue: {position}", position=status.position) if status.position else say.sentence(status.text)
    ]
    if status.steps > 1:
        parts.append(say("{step} of {steps}", step=status.step, steps=status.steps))
    if status.state is rerender.State.RUNNING:
        parts.append(f"{status.fraction:.0%}")
    if status.seconds_left is not None:
        parts.append(say("{time} left", time=_duration(status.seconds_left, say)))
    return ", ".join(part for part in parts if part)


def _duration(seconds: float, say: texts.Texts) -> str:
    whole = max(0, round(seconds))
    if whole < 60:
        return say("{seconds} s", seconds=whole)
    if whole < 3600:
        return say("{minutes} min {seconds} s", minutes=whole // 60, seconds=whole % 60)
    return say("{hours} h {minutes} min", hours=whole // 3600, minutes=whole // 60 % 60)
