"""Autoencoders (VAEs) on their own, by keys and shapes."""

from __future__ import annotations

from collections.abc import Mapping

from foveate_server.models.recognition.recognized import Recognized, precision_of, refusal, title_of
from foveate_server.models.tensor_headers import Header
from foveate_shared.wire.protocol import JsonObject

PREFIXES = ("first_stage_model.", "vae.")
# (latent channels, scaling factor as diffusers writes it) -> family. SD 1 and 2 share theirs.
_FAMILIES: Mapping[tuple[int, float], str] = {
    (4, 0.13025): "sdxl",
    (16, 1.5305): "sd3",
    (16, 0.3611): "flux1",
}


def vae_of(header: Header, config: JsonObject | None = None) -> Recognized | None:
    """Return what the autoencoder with these keys is, or None; `config` is diffusers' own of it, where there is one.

    Shapes alone do not tell the autoencoder of SDXL from that of Stable Diffusion 1.
    """
    inner = next((header.below(prefix) for prefix in PREFIXES if _is_whole(header, prefix)), header)
    entrance = inner.shape("decoder.conv_in.weight")
    if not entrance or not inner.has("encoder.conv_in.weight") or inner.has("quantize."):
        return None
    if len(entrance) == 5 or inner.has_part("time_stack.", "temporal"):
        raise refusal("the autoencoder of a video model")
    if len(entrance) != 4 or not (inner.has("decoder.up.") or inner.has("decoder.up_blocks.")):
        return None
    return _finding(inner, entrance[1], config)


def latent_channels(vae: Header) -> int:
    """Return how many channels the latents of a checkpoint's autoencoder have, or 0 where it has none."""
    shape = vae.shape("decoder.conv_in.weight")
    return shape[1] if len(shape) == 4 else 0


def _is_whole(header: Header, prefix: str) -> bool:
    """Tell whether all of the file lies below `prefix`: else it is a checkpoint that also has an autoencoder."""
    return header.has(prefix) and all(key.startswith(prefix) for key in header.tensors)


def _finding(header: Header, channels: int, config: JsonObject | None) -> Recognized:
    scaling = (config or {}).get("scaling_factor")
    family = _FAMILIES.get((channels, float(scaling)), "") if isinstance(scaling, (int, float)) else ""
    facts: JsonObject = {
        "layout": "single",
        "latent_channels": channels,
        "precision": precision_of(header),
        "parameters": header.parameters,
    }
    return Recognized("vae", family, title_of("VAE", f"{channels} channels"), facts)
