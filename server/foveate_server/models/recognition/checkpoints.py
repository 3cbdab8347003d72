"""Checkpoints in single files, as their authors' programs write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from foveate_server.families.registry import families
from foveate_server.models.recognition.denoising_network import (
    RecognizedNetwork,
    network_of,
    network_of_packages,
    refiner,
)
from foveate_server.models.recognition.foreign import refuse_foreign
from foveate_server.models.recognition.recognized import Recognized, component, precision_of, strings, title_of
from foveate_server.models.recognition.variants import few_steps, prediction_of
from foveate_server.models.tensor_headers import Header
from foveate_shared.wire.protocol import Json, JsonObject

_NETWORK = "model.diffusion_model."
_VAE = ("first_stage_model.", "vae.")


def keys_by_component(keys: Iterable[str], family: str) -> dict[str, dict[str, str]]:
    """Return the components that a single file with these keys has: for each, key within it -> key in the file.

    A network without a prefix is what no other component's prefix is before.
    """
    found: dict[str, dict[str, str]] = {}
    network: dict[str, str] = {}
    prefixes = {prefix: name for name, all_of_it in _prefixes(family).items() for prefix in all_of_it}
    for key in keys:
        prefix = next((prefix for prefix in prefixes if key.startswith(prefix)), None)
        if prefix is None:
            network[key] = key
        else:
            found.setdefault(prefixes[prefix], {})[key.removeprefix(prefix)] = key
    prefixed = {key.removeprefix(_NETWORK): key for key in network if key.startswith(_NETWORK)}
    return {families()[family].network: prefixed or network, **found}


def checkpoint_of(header: Header, name: str) -> Recognized | None:
    """Return what the checkpoint with these keys is, or None where it is of no known family. Raises InputError."""
    inner = header.below(_NETWORK) if header.has(_NETWORK) else header
    network = network_of_packages(inner)
    if network is None:
        refuse_foreign(header)
        if header.has("conditioner.embedders.0.model.") and not header.has("conditioner.embedders.1."):
            raise refiner()
        network = network_of(inner, xl=header.has("conditioner."))
    if network is None:
        return None
    parts = _parts(header, network.family)
    return Recognized(
        "diffusion",
        network.family,
        title_of(network.base, precision_of(inner)),
        facts_of(network, parts, name, header.metadata, layout="single", v_marked=header.has("v_pred")),
    )


def _parts(header: Header, family: str) -> dict[str, Header]:
    """Return the components that a single file has. Raises InputError where one is quantized."""
    found = {
        name: Header({within: header.tensors[key] for within, key in keys.items()}, header.metadata)
        for name, keys in keys_by_component(header.tensors, family).items()
    }
    for part in found.values():
        precision_of(part)
    return found


def _prefixes(family: str) -> Mapping[str, tuple[str, ...]]:
    """Return what the keys of each component begin with, but for the network itself."""
    return {"vae": _VAE, **families()[family].encoders}


def facts_of(
    network: RecognizedNetwork,
    parts: Mapping[str, Header],
    name: str,
    metadata: Mapping[str, str],
    *,
    layout: str,
    v_marked: bool = False,
) -> JsonObject:
    """Return the facts of a checkpoint (see recognized.Recognized) whose components have the headers `parts`."""
    variant = few_steps(name, metadata)
    if network.variant:
        variant = {"variant": network.variant, "steps": variant["steps"]}
    needed = families()[network.family].needed_components
    components: dict[str, Json] = {name: component(part) for name, part in parts.items()}
    return {
        "layout": layout,
        "base": network.base,
        "precision": precision_of(parts[families()[network.family].network]),
        "components": components,
        "missing": strings([name for name in needed if name not in parts]),
        "in_channels": network.in_channels,
        "latent_channels": network.latent_channels,
        "inpainting": network.inpainting,
        "prediction": network.prediction or ("v" if v_marked else prediction_of(metadata)),
        "guidance_embedded": network.guidance_embedded,
        "embedding_widths": _embedding_widths(network.family, parts),
        "context_width": network.context_width,
        "width": network.width,
        **variant,
    }


def _embedding_widths(family: str, parts: Mapping[str, Header]) -> list[Json]:
    """Return the widths of the vectors that stand for words, by CLIP text encoder."""
    headers = [parts[name] for name in families()[family].clip_encoders if name in parts]
    widths = (next(header.shapes_ending("token_embedding.weight"), (0, 0))[-1] for header in headers)
    return [width for width in widths if width]
