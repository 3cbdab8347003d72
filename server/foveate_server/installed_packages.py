"""What the packages beside ours offer to all of the registries, and what of it could not be taken."""

from __future__ import annotations

from foveate_server.engines.detection.registry import registered as detectors
from foveate_server.entry_points import LeftOut
from foveate_server.families.registry import registered as families
from foveate_server.models.package_models import registered as models
from foveate_server.operations.registry import registered as operations


def left_out() -> tuple[LeftOut, ...]:
    """Return what no registry took: for the status page, `foveate status` and `foveate plugins doctor`."""
    return (*operations().left_out, *families().left_out, *detectors().left_out, *models().left_out)
