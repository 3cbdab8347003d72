"""FLUX.1's transformer in the keys of its authors, brought to those of diffusers.

diffusers' own converter is written for a width of 3072; the widths of this one come from the tensors. At that width the
two are equal (a test says so).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

State = dict[str, Tensor]
FIRST = "double_blocks.0.img_attn.qkv.weight"  # a file has it exactly where its keys are those of the authors

ENDS: Mapping[str, str] = {
    "time_in.in_layer": "time_text_embed.timestep_embedder.linear_1",
    "time_in.out_layer": "time_text_embed.timestep_embedder.linear_2",
    "vector_in.in_layer": "time_text_embed.text_embedder.linear_1",
    "vector_in.out_layer": "time_text_embed.text_embedder.linear_2",
    "guidance_in.in_layer": "time_text_embed.guidance_embedder.linear_1",
    "guidance_in.out_layer": "time_text_embed.guidance_embedder.linear_2",
    "txt_in": "context_embedder",
    "img_in": "x_embedder",
    "final_layer.linear": "proj_out",
    "final_layer.adaLN_modulation.1": "norm_out.linear",
}
DOUBLE: Mapping[str, tuple[str, ...]] = {
    "img_mod.lin": ("norm1.linear",),
    "txt_mod.lin": ("norm1_context.linear",),
    "img_attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "txt_attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
    "img_attn.norm.query_norm": ("attn.norm_q",),
    "img_attn.norm.key_norm": ("attn.norm_k",),
    "txt_attn.norm.query_norm": ("attn.norm_added_q",),
    "txt_attn.norm.key_norm": ("attn.norm_added_k",),
    "img_attn.proj": ("attn.to_out.0",),
    "txt_attn.proj": ("attn.to_add_out",),
    "img_mlp.0": ("ff.net.0.proj",),
    "img_mlp.2": ("ff.net.2",),
    "txt_mlp.0": ("ff_context.net.0.proj",),
    "txt_mlp.2": ("ff_context.net.2",),
}
SINGLE: Mapping[str, tuple[str, ...]] = {
    "modulation.lin": ("norm.linear",),
    "linear1": ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"),
    "linear2": ("proj_out",),
    "norm.query_norm": ("attn.norm_q",),
    "norm.key_norm": ("attn.norm_k",),
}
_BLOCK = re.compile(r"(double|single)_blocks\.(\d+)\.(.+)\.(weight|bias|scale)")


def to_diffusers(state: Mapping[str, Tensor]) -> State:
    """Return the transformer's tensors, any dtype, under the names of diffusers. Keys of nothing known are left out.

    Most results are views of what was given.
    """
    width = state[FIRST].shape[0] // 3
    result: State = {}
    for key, value in state.items():
        block = _BLOCK.fullmatch(key)
        if block is None:
            stem, _, kind = key.rpartition(".")
            if stem in ENDS:
                result[f"{ENDS[stem]}.{kind}"] = _scale_first(value) if "adaLN" in stem else value
            continue
        way, index, layer, kind = block.groups()
        names = (DOUBLE if way == "double" else SINGLE).get(layer, ())
        prefix = f"{'single_' if way == 'single' else ''}transformer_blocks.{index}"
        for name, part in zip(names, _parts(value, width, len(names)), strict=True):
            result[f"{prefix}.{name}.{'weight' if kind == 'scale' else kind}"] = part
    return result


def _parts(value: Tensor, width: int, count: int) -> list[Tensor]:
    """Return `count` parts of the rows of `value`, each `width` rows high but for the last one, which is the rest."""
    if count < 2:
        return [value] * count
    return list(value.tensor_split([width * place for place in range(1, count)]))


def _scale_first(value: Tensor) -> Tensor:
    """Return the rows of shift and scale as diffusers wants them: scale and shift."""
    shift, scale = value.chunk(2)
    return torch.cat([scale, shift])
