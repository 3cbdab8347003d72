"""The websocket library: in a plugin's bundle the copy beside ours, elsewhere the installed one.

Only websocket.py uses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

try:
    if TYPE_CHECKING or __package__ == "foveate_shared.connection":
        from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
        from websockets.sync.client import ClientConnection, connect
    else:
        from ...websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
        from ...websockets.sync.client import ClientConnection, connect
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "Foveate's websocket library is missing. Install the plugin's complete package again, "
        "or run: pip install websockets"
    ) from error

__all__ = ["ClientConnection", "ConnectionClosed", "InvalidHandshake", "InvalidStatus", "InvalidURI", "connect"]
