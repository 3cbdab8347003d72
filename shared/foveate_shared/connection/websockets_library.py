"""The websocket library: the copy that a plugin's bundle brings in `_vendor`, else the installed one.

Only websocket.py uses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
    from websockets.sync.client import ClientConnection, connect
else:
    try:
        from .._vendor.websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
        from .._vendor.websockets.sync.client import ClientConnection, connect
    except ModuleNotFoundError:
        try:
            from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
            from websockets.sync.client import ClientConnection, connect
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                "Foveate's websocket library is missing. Install the plugin's complete package again, "
                "or run: pip install websockets"
            ) from error

__all__ = ["ClientConnection", "ConnectionClosed", "InvalidHandshake", "InvalidStatus", "InvalidURI", "connect"]
