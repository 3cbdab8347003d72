"""How the networks of each family are asked, one file each; their numbers are in `families`."""

from __future__ import annotations

from collections.abc import Mapping

from foveate_server.engines.diffusion.adapters.flux1 import FLUX1
from foveate_server.engines.diffusion.adapters.sd1 import SD1
from foveate_server.engines.diffusion.adapters.sd2 import SD2
from foveate_server.engines.diffusion.adapters.sd3 import SD3
from foveate_server.engines.diffusion.adapters.sdxl import SDXL
from foveate_server.engines.diffusion.denoiser import PipelineDenoiser

_ALL: tuple[type[PipelineDenoiser], ...] = (SD1, SD2, SDXL, SD3, FLUX1)
ADAPTERS: Mapping[str, type[PipelineDenoiser]] = {adapter.family.name: adapter for adapter in _ALL}
