"""What a person does in GIMP's windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hosts.gimp.program import Running
from hosts.lib.screen import Screen
from hosts.lib.waiting import wait_until

_FACE_HEIGHT = 40  # pixels: a thumbnail has more
_QUIET_SECONDS = 1.0  # a dialog changes once more when the server has told its models
LATEST = "image = latest()\n"


@dataclass
class Person:
    """Calls procedures as the menu does, and answers their dialogs."""

    running: Running
    screen: Screen

    def call(self, operation: str, then: str = "", mode: str = "interactive") -> Callable[..., dict]:
        """Begin to call a procedure on the newest image; return what waits for its answer.

        `then` is run afterwards, with `answer` and `image`.
        """
        image = "image = None\n" if operation in {"settings", "waiting"} else LATEST
        path = self.running.start(f"{image}answer = call({operation!r}, image, {mode!r})\n{then}")
        return lambda timeout=60.0: self.running.answer(path, timeout)

    def look(self, title: str, picture: str = "") -> tuple[int, int]:
        """Wait until a window is drawn; give it the keys, and keep a picture. Return its width and height."""
        found = self.screen.focus(title)
        self.screen.wait_until_still(found, _QUIET_SECONDS)
        if picture:
            self.screen.screenshot(picture)
        return self.screen.size(found)

    def press(self, title: str, *keys: str, picture: str = "") -> None:
        """Press keys in a window, once it is drawn."""
        self.look(title, picture)
        self.keys(*keys)

    def keys(self, *keys: str) -> None:
        """Press keys in the window that has them."""
        for key in keys:
            self.screen.xdotool("key", key)

    def type(self, text: str) -> None:
        """Type a text."""
        self.screen.xdotool("type", text)

    def click(self, title: str, x: int, y: int) -> None:
        """Click on a place in a window, once it is drawn."""
        found = self.screen.wait_for_window(title)
        self.screen.wait_until_still(found)
        self.screen.xdotool("mousemove", "--window", found, x, y, "click", 1)

    def find_faces(self, title: str, key: str) -> None:
        """Press the key of the button that looks for faces, and wait until the dialog has grown by them."""
        _, before = self.look(title)
        self.keys(key)
        wait_until(lambda: self.look(title)[1] > before + _FACE_HEIGHT, 60, "the faces")
