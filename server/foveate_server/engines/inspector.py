"""`python -m foveate_server.engines.inspector FILE` tells models.inspection, in JSON, what a checkpoint is."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from foveate_server.engines.checkpoint import load
from foveate_shared.errors import FoveateError


def inspect(path: Path) -> dict[str, Any]:
    """Return the fields of models.inspection.Inspection, or the error under "error"."""
    try:
        checkpoint = load(path)
    except FoveateError as error:
        info = error.info
        fields = {"code": info.code.value, "message": info.message, "remedy": info.remedy, "fault": info.fault.value}
        return {"error": fields}
    network = checkpoint.network
    return {
        "architecture": checkpoint.architecture,
        "title": checkpoint.title,
        "scale": network.scale,
        "halo": network.halo,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(inspect(Path(sys.argv[1]))))
