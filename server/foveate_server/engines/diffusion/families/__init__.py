"""The families that have an adapter, one file each. Adding one is adding its file here: see docs/diffusion.md."""

from __future__ import annotations

from collections.abc import Mapping

from foveate_server.engines.diffusion.denoiser import PipelineDenoiser
from foveate_server.engines.diffusion.families.flux1 import FLUX1
from foveate_server.engines.diffusion.families.sd1 import SD1
from foveate_server.engines.diffusion.families.sd2 import SD2
from foveate_server.engines.diffusion.families.sd3 import SD3
from foveate_server.engines.diffusion.families.sdxl import SDXL

_ALL: tuple[type[PipelineDenoiser], ...] = (SD1, SD2, SDXL, SD3, FLUX1)
ADAPTERS: Mapping[str, type[PipelineDenoiser]] = {adapter.family.name: adapter for adapter in _ALL}
