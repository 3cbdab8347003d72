"""The operations that the server offers. No torch, no onnxruntime: the server's own process plans with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foveate_server.operations.compare import Compare
from foveate_server.operations.detect import Detect
from foveate_server.operations.faces import Faces
from foveate_server.operations.fill import Fill
from foveate_server.operations.operation import Operation
from foveate_server.operations.refocus import Refocus
from foveate_server.operations.upscale import Upscale


def operations() -> Mapping[str, Operation[Any]]:
    """Return all operations by name."""
    return {operation.name: operation for operation in (Refocus(), Faces(), Detect(), Upscale(), Fill(), Compare())}
