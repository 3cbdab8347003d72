"""How the networks of each family are asked, one file each; their numbers, which name them, are in `families`."""

from __future__ import annotations

from pkgutil import resolve_name

from foveate_server.engines.diffusion.denoiser import PipelineDenoiser
from foveate_server.families.family import Family
from foveate_shared.errors import ErrorCode, ResourceError


def adapter_of(family: Family) -> type[PipelineDenoiser]:
    """Return what asks the networks of `family`. Raises ResourceError where its package does not bring it."""
    try:
        adapter: type[PipelineDenoiser] = resolve_name(family.adapter)
    except (ImportError, AttributeError) as error:
        raise ResourceError(
            "Checkpoints of {family} cannot be used: {adapter} is missing.",
            code=ErrorCode.MODEL_UNAVAILABLE,
            remedy="Bring the package that adds the family up to date, with all that it needs.",
            family=family.title,
            adapter=family.adapter,
        ) from error
    return adapter
