"""The names that trainers give to a network's layers, and the layers that they mean.

A name is compared with its dots as underscores, as kohya's scripts write it. Original checkpoints of transformers have
one layer where diffusers has several: then a name means all of these, whose rows follow each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from diffusers.models.normalization import AdaLayerNormContinuous
from torch import nn

from foveate_server.engines.diffusion.flux_keys import DOUBLE, ENDS, SINGLE
from foveate_server.families.family import Family
from foveate_server.models.recognition.lora_keys import ENCODERS

Paths = tuple[str, ...]  # of layers in a network


@dataclass(frozen=True)
class Meant:
    """The layers of a network that one name of a trainer means."""

    paths: Paths = ()  # none: there is no such layer
    swapped: bool = False  # shift and scale: the halves of its rows are in the other order there


_NETWORK = re.compile(
    r"(lora_unet_|lora_transformer_|lycoris_|unet\.|transformer\.|(model\.)?diffusion_model\.)?(?P<layer>.+)"
)
_IN_ENCODERS: Mapping[str, str] = {"q_proj": "to_q", "k_proj": "to_k", "v_proj": "to_v", "out_proj": "to_out"}
_RESNET: Mapping[str, str] = {
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_UNET: Mapping[str, str] = {
    "conv_in": "input_blocks.0.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}
_XLABS: Mapping[str, str] = {
    "qkv1": "img_attn.qkv",
    "proj1": "img_attn.proj",
    "qkv2": "txt_attn.qkv",
    "proj2": "txt_attn.proj",
}
_JOINT: Mapping[str, Paths] = {
    "x_block.attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "x_block.attn.proj": ("attn.to_out.0",),
    "x_block.attn2.qkv": ("attn2.to_q", "attn2.to_k", "attn2.to_v"),
    "x_block.attn2.proj": ("attn2.to_out.0",),
    "x_block.mlp.fc1": ("ff.net.0.proj",),
    "x_block.mlp.fc2": ("ff.net.2",),
    "x_block.adaLN_modulation.1": ("norm1.linear",),
    "context_block.attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
    "context_block.attn.proj": ("attn.to_add_out",),
    "context_block.mlp.fc1": ("ff_context.net.0.proj",),
    "context_block.mlp.fc2": ("ff_context.net.2",),
    "context_block.adaLN_modulation.1": ("norm1_context.linear",),
}
_MMDIT: Mapping[str, str] = {
    "context_embedder": "context_embedder",
    "x_embedder.proj": "pos_embed.proj",
    "t_embedder.mlp.0": "time_text_embed.timestep_embedder.linear_1",
    "t_embedder.mlp.2": "time_text_embed.timestep_embedder.linear_2",
    "y_embedder.mlp.0": "time_text_embed.text_embedder.linear_1",
    "y_embedder.mlp.2": "time_text_embed.text_embedder.linear_2",
    "final_layer.linear": "proj_out",
    "final_layer.adaLN_modulation.1": "norm_out.linear",
}


class LayerNames:
    """The layers that LoRAs can change in the parts of a checkpoint, by all of their names."""

    def __init__(self, family: Family, parts: Mapping[str, nn.Module]) -> None:
        """`parts` has no LoRA on yet."""
        self._family = family
        self._meant = {component: _names_in(part) for component, part in parts.items()}

    def meant_by(self, layer: str) -> tuple[str, Meant]:
        """Return which component a layer of a LoRA is for, as diffusers names it, and what it means there."""
        for encoder, pattern in ENCODERS.items():
            if found := pattern.fullmatch(layer):
                # FLUX.1, which has but two, has its T5 in the second place.
                component = encoder if encoder in self._family.encoders else "text_encoder_2"
                return component, self._meant.get(component, {}).get(_flat(found["layer"]), Meant())
        found = _NETWORK.fullmatch(layer)
        name = layer if found is None else found["layer"]
        return self._family.network, self._meant[self._family.network].get(_flat(name), Meant())


def _names_in(module: nn.Module) -> dict[str, Meant]:
    layers = [path for path, part in module.named_modules() if isinstance(part, nn.Linear | nn.Conv2d)]
    there = set(layers)
    told = {
        _flat(name): Meant(paths, any(_is_swapped(module, path) for path in paths))
        for name, paths in _originals(module, layers)
        if there.issuperset(paths)
    }
    told |= {_flat(path): Meant((path,)) for path in layers}
    # Older files leave the place in `to_out` away.
    return {**{name.removesuffix("_0"): meant for name, meant in told.items() if name.endswith("to_out_0")}, **told}


def _is_swapped(module: nn.Module, path: str) -> bool:
    return isinstance(module.get_submodule(path.rpartition(".")[0]), AdaLayerNormContinuous)


def _originals(module: nn.Module, layers: list[str]) -> Iterable[tuple[str, Paths]]:
    config: Any = getattr(module, "config", None)
    kind = type(module).__name__
    if kind == "UNet2DConditionModel":
        return _unet_names(layers, config.layers_per_block)
    if kind == "FluxTransformer2DModel":
        return _flux_names(config.num_layers, config.num_single_layers)
    if kind == "SD3Transformer2DModel":
        return _joint_names(config.num_layers)
    return _encoder_names(layers)


def _encoder_names(layers: list[str]) -> Iterator[tuple[str, Paths]]:
    for path in layers:
        whole = f"text_model.{path.removeprefix('text_model.')}"
        stem, _, last = whole.rpartition(".")
        yield whole, (path,)
        if last in _IN_ENCODERS:
            yield f"{stem}.{_IN_ENCODERS[last]}", (path,)


def _unet_names(layers: list[str], depth: int) -> Iterator[tuple[str, Paths]]:
    """Return the names in the original code, whose blocks are counted through; `depth` is that of one of diffusers'."""
    with_attention = {path.split(".attentions.")[0] for path in layers if ".attentions." in path}
    for path in layers:
        if path in _UNET:
            yield _UNET[path], (path,)
            continue
        found = re.fullmatch(
            r"(?P<block>(?P<way>down|mid|up)_blocks?(\.(?P<index>\d+))?)\.(?P<kind>\w+)\.(?P<place>\d+)\.(?P<rest>.+)",
            path,
        )
        if found is None:
            continue
        index, place = int(found["index"] or 0), int(found["place"])
        rest = _RESNET.get(found["rest"], found["rest"])
        inner = {"resnets": 0, "attentions": 1}.get(found["kind"])
        if found["way"] == "mid":
            yield f"middle_block.{1 if inner else 2 * place}.{rest}", (path,)
        elif found["way"] == "down":
            if inner is None:
                yield f"input_blocks.{(index + 1) * (depth + 1)}.0.op", (path,)
            else:
                yield f"input_blocks.{1 + index * (depth + 1) + place}.{inner}.{rest}", (path,)
        else:
            at = index * (depth + 1) + (depth if inner is None else place)
            if inner is None:
                inner = 2 if found["block"] in with_attention else 1
            yield f"output_blocks.{at}.{inner}.{rest}", (path,)


def _flux_names(doubles: int, singles: int) -> Iterator[tuple[str, Paths]]:
    for name, path in ENDS.items():
        yield name, (path,)
    for index in range(doubles):
        for name, parts in DOUBLE.items():
            yield f"double_blocks.{index}.{name}", _below(f"transformer_blocks.{index}", parts)
        for name, original in _XLABS.items():
            yield f"double_blocks.{index}.{name}", _below(f"transformer_blocks.{index}", DOUBLE[original])
    for index in range(singles):
        for name, parts in SINGLE.items():
            yield f"single_blocks.{index}.{name}", _below(f"single_transformer_blocks.{index}", parts)


def _joint_names(count: int) -> Iterator[tuple[str, Paths]]:
    for name, path in _MMDIT.items():
        yield name, (path,)
    for index in range(count):
        for name, parts in _JOINT.items():
            yield f"joint_blocks.{index}.{name}", _below(f"transformer_blocks.{index}", parts)


def _below(block: str, parts: Paths) -> Paths:
    return tuple(f"{block}.{part}" for part in parts)


def _flat(name: str) -> str:
    return name.replace(".", "_")
