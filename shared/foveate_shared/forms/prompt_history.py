"""The prompts that a person used: kept in the settings, the newest first, and never logged."""

from __future__ import annotations

from collections.abc import Sequence

LENGTH = 50  # prompts that are remembered


def remembered(history: Sequence[str], prompt: str) -> tuple[str, ...]:
    """Return the history with `prompt` in front, each prompt once; an empty one changes nothing."""
    prompt = prompt.strip()
    if not prompt:
        return tuple(history)
    return (prompt, *(each for each in history if each != prompt))[:LENGTH]


def in_one_line(prompt: str, length: int = 60) -> str:
    """Return a prompt for a menu: its beginning, without line breaks."""
    line = " ".join(prompt.split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


class Recall:
    """Walks through a history as a terminal does: older, newer, and back to what was being typed."""

    def __init__(self) -> None:
        self._draft = ""  # what was typed before the walk began
        self._position = -1  # in the history; -1 is the draft

    def older(self, history: Sequence[str], typed: str) -> str:
        """Return the next older prompt; what is `typed` where there is none."""
        if not self._is_at(history, typed):
            self._draft, self._position = typed, -1
        start = self._position + 1
        found = next((index for index in range(start, len(history)) if history[index] != typed), None)
        if found is None:
            return typed
        self._position = found
        return history[found]

    def newer(self, history: Sequence[str], typed: str) -> str:
        """Return the next newer prompt, at last the draft."""
        if not self._is_at(history, typed) or self._position < 0:
            return typed
        self._position -= 1
        return self._draft if self._position < 0 else history[self._position]

    def _is_at(self, history: Sequence[str], typed: str) -> bool:
        """Tell whether the walk goes on: what is in the field is what was brought there."""
        return 0 <= self._position < len(history) and history[self._position] == typed
