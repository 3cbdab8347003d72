"""All owners' jobs at a server, which it shows to its own owner alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from foveate_server.cli.http_requests import request_json
from foveate_shared.connection.server_address import ServerAddress


@dataclass(frozen=True)
class EveryonesJobs:
    """Those of one server. Methods raise what it refuses with."""

    address: ServerAddress

    def list(self) -> list[dict[str, Any]]:
        """Return the jobs, oldest first, with their owners and numbers."""
        return list(request_json(self.address, "GET", "/jobs")["jobs"])

    def cancel(self, number: int) -> bool:
        """End one; False where it had ended already."""
        return bool(request_json(self.address, "DELETE", f"/jobs/{number}")["cancelled"])
