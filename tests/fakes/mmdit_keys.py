"""Writes the transformers of Stable Diffusion 3 and FLUX.1 in the keys of their authors' code."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

State = dict[str, Tensor]

_SD3_ENDS = {
    "pos_embed.pos_embed": "pos_embed",
    "pos_embed.proj.": "x_embedder.proj.",
    "time_text_embed.timestep_embedder.linear_1.": "t_embedder.mlp.0.",
    "time_text_embed.timestep_embedder.linear_2.": "t_embedder.mlp.2.",
    "time_text_embed.text_embedder.linear_1.": "y_embedder.mlp.0.",
    "time_text_embed.text_embedder.linear_2.": "y_embedder.mlp.2.",
    "context_embedder.": "context_embedder.",
    "norm_out.linear.": "final_layer.adaLN_modulation.1.",
    "proj_out.": "final_layer.linear.",
}
_SD3_BLOCK = {
    "attn.norm_q.": "x_block.attn.ln_q.",
    "attn.norm_k.": "x_block.attn.ln_k.",
    "attn.norm_added_q.": "context_block.attn.ln_q.",
    "attn.norm_added_k.": "context_block.attn.ln_k.",
    "attn.to_out.0.": "x_block.attn.proj.",
    "attn.to_add_out.": "context_block.attn.proj.",
    "attn2.norm_q.": "x_block.attn2.ln_q.",
    "attn2.norm_k.": "x_block.attn2.ln_k.",
    "attn2.to_out.0.": "x_block.attn2.proj.",
    "norm1.linear.": "x_block.adaLN_modulation.1.",
    "norm1_context.linear.": "context_block.adaLN_modulation.1.",
    "ff.net.0.proj.": "x_block.mlp.fc1.",
    "ff.net.2.": "x_block.mlp.fc2.",
    "ff_context.net.0.proj.": "context_block.mlp.fc1.",
    "ff_context.net.2.": "context_block.mlp.fc2.",
}
_SD3_JOINED = {
    "x_block.attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "context_block.attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
    "x_block.attn2.qkv": ("attn2.to_q", "attn2.to_k", "attn2.to_v"),
}
_FLUX_ENDS = {
    "time_text_embed.timestep_embedder.linear_1.": "time_in.in_layer.",
    "time_text_embed.timestep_embedder.linear_2.": "time_in.out_layer.",
    "time_text_embed.text_embedder.linear_1.": "vector_in.in_layer.",
    "time_text_embed.text_embedder.linear_2.": "vector_in.out_layer.",
    "time_text_embed.guidance_embedder.linear_1.": "guidance_in.in_layer.",
    "time_text_embed.guidance_embedder.linear_2.": "guidance_in.out_layer.",
    "context_embedder.": "txt_in.",
    "x_embedder.": "img_in.",
    "norm_out.linear.": "final_layer.adaLN_modulation.1.",
    "proj_out.": "final_layer.linear.",
}
_FLUX_DOUBLE = {
    "norm1.linear.": "img_mod.lin.",
    "norm1_context.linear.": "txt_mod.lin.",
    "attn.norm_q.weight": "img_attn.norm.query_norm.scale",
    "attn.norm_k.weight": "img_attn.norm.key_norm.scale",
    "attn.norm_added_q.weight": "txt_attn.norm.query_norm.scale",
    "attn.norm_added_k.weight": "txt_attn.norm.key_norm.scale",
    "attn.to_out.0.": "img_attn.proj.",
    "attn.to_add_out.": "txt_attn.proj.",
    "ff.net.0.proj.": "img_mlp.0.",
    "ff.net.2.": "img_mlp.2.",
    "ff_context.net.0.proj.": "txt_mlp.0.",
    "ff_context.net.2.": "txt_mlp.2.",
}
_FLUX_SINGLE = {
    "norm.linear.": "modulation.lin.",
    "attn.norm_q.weight": "norm.query_norm.scale",
    "attn.norm_k.weight": "norm.key_norm.scale",
    "proj_out.": "linear2.",
}
_FLUX_DOUBLE_JOINED = {
    "img_attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "txt_attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
}
_FLUX_SINGLE_JOINED = {"linear1": ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp")}


def sd3_state(state: State) -> State:
    """Return the weights of diffusers' SD3 transformer under their original names."""
    last = max(int(key.split(".")[1]) for key in state if key.startswith("transformer_blocks."))
    result = _blocks(state, "transformer_blocks", "joint_blocks", _SD3_BLOCK, _SD3_JOINED)
    result |= _renamed({key: value for key, value in state.items() if "transformer_blocks" not in key}, _SD3_ENDS)
    # What ends a stream is told shift and scale in another order.
    return _swapped(result, "final_layer.adaLN_modulation", f"joint_blocks.{last}.context_block.adaLN_modulation")


def flux_state(state: State) -> State:
    """Return the weights of diffusers' FLUX.1 transformer under their original names."""
    result = _blocks(state, "transformer_blocks", "double_blocks", _FLUX_DOUBLE, _FLUX_DOUBLE_JOINED)
    result |= _blocks(state, "single_transformer_blocks", "single_blocks", _FLUX_SINGLE, _FLUX_SINGLE_JOINED)
    result |= _renamed({key: value for key, value in state.items() if "transformer_blocks" not in key}, _FLUX_ENDS)
    return _swapped(result, "final_layer.adaLN_modulation")


def _blocks(
    state: State, ours: str, theirs: str, names: Mapping[str, str], joined: Mapping[str, tuple[str, ...]]
) -> State:
    result: State = {}
    layers: dict[str, State] = {}
    for key, value in state.items():
        found = re.fullmatch(rf"{ours}\.(\d+)\.(.*)", key)
        if found:
            layers.setdefault(found[1], {})[found[2]] = value
    for index, layer in layers.items():
        for name, parts in joined.items():
            for kind in ("weight", "bias"):
                if f"{parts[0]}.{kind}" in layer:
                    whole = torch.cat([layer.pop(f"{part}.{kind}") for part in parts])
                    result[f"{theirs}.{index}.{name}.{kind}"] = whole
        result |= {f"{theirs}.{index}.{key}": value for key, value in _renamed(layer, names).items()}
    return result


def _renamed(state: State, names: Mapping[str, str]) -> State:
    result: State = {}
    for key, value in state.items():
        [(ours, theirs)] = [(ours, theirs) for ours, theirs in names.items() if key.startswith(ours)]
        result[theirs + key.removeprefix(ours)] = value
    return result


def _swapped(state: State, *prefixes: str) -> State:
    return {key: torch.cat(value.chunk(2)[::-1]) if key.startswith(prefixes) else value for key, value in state.items()}
