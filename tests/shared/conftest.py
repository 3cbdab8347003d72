from __future__ import annotations

from fakes.certificates import certificate
from fakes.scripted_server import server, start_server

__all__ = ["certificate", "server", "start_server"]
