"""In which precision the parts of a checkpoint compute: by family and device, or as a recipe pins it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from foveate_server.engines.device_precision import computes_bfloat16, dtype_from_name
from foveate_server.families.family import Family


@dataclass(frozen=True)
class ComputePlacement:
    """Where the parts of a checkpoint compute, and in which precision."""

    device: torch.device
    network: torch.dtype  # also that of its text encoders
    vae: torch.dtype


def choose_placement(family: Family, device: torch.device, pinned: str | None) -> ComputePlacement:
    """Return what suits `family` on `device`, with the network's dtype as `pinned` where that is given.

    Raises InputError for an unknown dtype.
    """
    network = _network(family, device) if pinned is None else dtype_from_name(pinned)
    return ComputePlacement(device, network, _vae(family, device, network))


def vae_dtype(placement: ComputePlacement, *, exact: bool) -> torch.dtype:
    """Return in what the autoencoder computes for a request: float32 where its rounding must not show."""
    return torch.float32 if exact else placement.vae


def _network(family: Family, device: torch.device) -> torch.dtype:
    if device.type == "cpu":
        return torch.bfloat16 if computes_bfloat16(device) else torch.float32
    if family.half == "float16":
        return torch.float16
    # Made in bfloat16, such networks overflow in float16, whose range is smaller.
    return torch.bfloat16 if computes_bfloat16(device) else torch.float32


def _vae(family: Family, device: torch.device, network: torch.dtype) -> torch.dtype:
    """Return the dtype of the autoencoder: its rounding shows as bands, so float32 where that costs little."""
    if device.type == "cpu" or network is torch.float32:
        return torch.float32
    if family.half_vae:
        return torch.float16
    return torch.bfloat16 if computes_bfloat16(device) else torch.float32
