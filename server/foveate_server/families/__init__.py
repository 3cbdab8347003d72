"""The numbers of each family, one file each. The registry and the engine read them: nothing here imports torch.

Adding a family is a file here and one in `engines/diffusion/adapters`: see docs/diffusion.md.
"""

from __future__ import annotations

from collections.abc import Mapping

from foveate_server.families import flux1, sd1, sd2, sd3, sdxl
from foveate_server.families.family import Family

FAMILIES: Mapping[str, Family] = {module.FAMILY.name: module.FAMILY for module in (sd1, sd2, sdxl, sd3, flux1)}
