"""Tells models.probe_restorer, in JSON, what a checkpoint is: `python -m` this module `FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from foveate_server import json_records
from foveate_server.lasting_imports import lasting_imports
from foveate_shared.errors import FoveateError

with lasting_imports():
    import torch

    from foveate_server.engines.restoration.load_network import load, unusable
    from foveate_server.engines.restoration.network import Network

_SIDE = 64  # px of the image on which networks of no size of their own are tried


def inspect(path: Path) -> dict[str, Any]:
    """Return the fields of models.inspect_model.Inspection, or the error under "error"."""
    try:
        checkpoint = load(path)
        _try(checkpoint.network, path)
    except FoveateError as error:
        return {"error": json_records.to_json(error.info)}
    network = checkpoint.network
    return {
        "architecture": checkpoint.architecture,
        "title": checkpoint.title,
        "scale": network.scale,
    }


def _try(network: Network, path: Path) -> None:
    """Run the network once on a small image: weights may load and yet not fit each other. Raises InputError."""
    side = network.fit.square or _SIDE
    x = torch.full((1, 3, side, side), 0.5)
    try:
        with torch.inference_mode():
            for stage in network.stages:
                x = stage.run(x)
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as error:
        raise unusable(path, "it fails on a first image") from error
    if x.shape != (1, 3, side * network.scale, side * network.scale):
        raise unusable(path, "what it makes of a first image has another size than it should")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(inspect(Path(sys.argv[1]))))
