"""Writes checkpoints in the keys of the original code, as community fine-tunes are traded."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from fakes.mmdit_keys import flux_state, sd3_state

State = dict[str, Tensor]
_LAYERS = 1  # residual blocks per level of the UNet, in all of the family
_LEVELS = 4  # of the autoencoder
_UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_RESIDUAL = {
    "norm1.": "in_layers.0.",
    "conv1.": "in_layers.2.",
    "time_emb_proj.": "emb_layers.1.",
    "norm2.": "out_layers.0.",
    "conv2.": "out_layers.3.",
    "conv_shortcut.": "skip_connection.",
}
_AUTOENCODER = {"conv_norm_out": "norm_out", "conv_shortcut": "nin_shortcut"}
_AUTOENCODER_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
_OPEN_CLIP = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}


def original_state(folder: Path, family: str) -> State:
    """Return the weights in the diffusers folder of a checkpoint as a single file of its family has them.

    What the originals have beside, and no one reads, is there as well.
    """
    network, texts = _FAMILIES[family]
    state = {f"model.diffusion_model.{key}": value for key, value in network(folder).items()}
    vae = dict(_autoencoder_item(key, value) for key, value in weights(folder / "vae").items())
    state |= {f"{'vae' if family == 'flux1' else 'first_stage_model'}.{key}": value for key, value in vae.items()}
    return {key: value.contiguous() for key, value in {**state, **texts(folder)}.items()}


def _texts_sd1(folder: Path) -> State:
    return _below("cond_stage_model.transformer.", _rooted(weights(folder / "text_encoder")))


def _texts_sd2(folder: Path) -> State:
    """Return OpenCLIP's whole encoder; diffusers has it without the last layer, as the network reads the one before."""
    state = _rooted(weights(folder / "text_encoder"))
    width = state["text_model.final_layer_norm.bias"].shape[0]
    count = 1 + max(int(found[1]) for key in state if (found := re.search(r"layers\.(\d+)\.", key)))
    first = {key: value for key, value in state.items() if "layers.0." in key}
    state |= {key.replace("layers.0.", f"layers.{count}."): value + 1 for key, value in first.items()}
    state["text_projection.weight"] = torch.ones(width, width, dtype=torch.float16)
    return _below("cond_stage_model.model.", {**_open_clip(state), "logit_scale": torch.ones(())})


def _texts_sdxl(folder: Path) -> State:
    first = _below("conditioner.embedders.0.transformer.", _rooted(weights(folder / "text_encoder")))
    return first | _below("conditioner.embedders.1.model.", _open_clip(weights(folder / "text_encoder_2")))


def _texts_sd3(folder: Path) -> State:
    first = _rooted(weights(folder / "text_encoder"))
    del first["text_projection.weight"]
    return {
        **_below("text_encoders.clip_l.transformer.", first),
        **_below("text_encoders.clip_g.transformer.", weights(folder / "text_encoder_2")),
        **_below("text_encoders.t5xxl.transformer.", weights(folder / "text_encoder_3")),
    }


def _texts_flux1(folder: Path) -> State:
    return {
        **_below("text_encoders.clip_l.transformer.", _rooted(weights(folder / "text_encoder"))),
        **_below("text_encoders.t5xxl.transformer.", weights(folder / "text_encoder_2")),
        "text_encoders.clip_l.logit_scale": torch.ones(()),
    }


def _below(prefix: str, state: State) -> State:
    return {prefix + key: value for key, value in state.items()}


def _rooted(state: State) -> State:
    return {key if key == "text_projection.weight" else _with_root(key): value for key, value in state.items()}


def weights(folder: Path) -> State:
    """Return the tensors of one part of a diffusers folder."""
    state: State = {}
    for path in sorted(folder.glob("*.safetensors")):
        state |= load_file(path)
    return state


def _with_root(key: str) -> str:
    return key if key.startswith("text_model.") else f"text_model.{key}"


def _renamed(text: str, names: dict[str, str]) -> str:
    for ours, theirs in names.items():
        text = text.replace(ours, theirs)
    return text


def _unet(state: State) -> State:
    attending = {found[1] for key in state if (found := re.match(r"up_blocks\.(\d)\.attentions", key))}
    return {_unet_key(key, attending): value for key, value in state.items()}


def _unet_key(key: str, attending: set[str]) -> str:
    """Return the original name of `key`; `attending` are the levels of the way up that have attention."""
    for ours, theirs in _UNET_ENDS.items():
        if key.startswith(f"{ours}."):
            return theirs + key.removeprefix(ours)
    middle = re.fullmatch(r"mid_block\.(resnets|attentions)\.(\d)\.(.*)", key)
    if middle:
        kind, index, rest = middle.groups()
        return f"middle_block.{1 if kind == 'attentions' else 2 * int(index)}." + _part(kind, rest)
    found = re.fullmatch(r"(down|up)_blocks\.(\d)\.(resnets|attentions|downsamplers|upsamplers)\.(\d)\.(.*)", key)
    assert found, key
    way, level, kind, index, rest = found.groups()
    if way == "down":
        return _down_key(int(level), kind, int(index), rest)
    if kind == "upsamplers":
        return f"output_blocks.{int(level) * (_LAYERS + 1) + _LAYERS}.{1 + (level in attending)}.{rest}"
    position = int(level) * (_LAYERS + 1) + int(index)
    return f"output_blocks.{position}.{int(kind == 'attentions')}." + _part(kind, rest)


def _down_key(level: int, kind: str, index: int, rest: str) -> str:
    position = level * (_LAYERS + 1) + (_LAYERS if kind == "downsamplers" else index) + 1
    if kind == "downsamplers":
        return f"input_blocks.{position}.0.op.{rest.removeprefix('conv.')}"
    return f"input_blocks.{position}.{int(kind == 'attentions')}." + _part(kind, rest)


def _part(kind: str, rest: str) -> str:
    return _renamed(rest, _RESIDUAL) if kind == "resnets" else rest


def _autoencoder_item(key: str, value: Tensor) -> tuple[str, Tensor]:
    name = _renamed(key, _AUTOENCODER)
    name = re.sub(r"down_blocks\.(\d)\.resnets", r"down.\1.block", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
    for ours, theirs in (("resnets", "block"), ("upsamplers.0", "upsample")):
        pattern = rf"up_blocks\.(\d)\.{re.escape(ours)}"
        name = re.sub(pattern, lambda found, t=theirs: f"up.{_LEVELS - 1 - int(found[1])}.{t}", name)
    name = name.replace("mid_block.resnets.0", "mid.block_1").replace("mid_block.resnets.1", "mid.block_2")
    if "mid_block.attentions.0" not in name:
        return name, value
    name = _renamed(name.replace("mid_block.attentions.0", "mid.attn_1"), _AUTOENCODER_ATTENTION)
    return name, value[:, :, None, None] if value.dim() == 2 else value


def _open_clip(state: State) -> State:
    """Return the weights of a CLIP text encoder with projection as OpenCLIP names them."""
    state = _rooted(state)
    result = {"text_projection": state.pop("text_projection.weight").T}
    for key, value in state.items():
        name = key.removeprefix("text_model.")
        layer = re.fullmatch(r"encoder\.layers\.(\d+)\.(.*)", name)
        if layer and layer[2].startswith("self_attn"):
            continue  # below, where the three parts are one
        if layer:
            result[f"transformer.resblocks.{layer[1]}.{_renamed(layer[2], _OPEN_CLIP)}"] = value
        elif name.startswith("embeddings.position"):
            result["positional_embedding"] = value
        else:
            result[name.replace("embeddings.", "").replace("final_layer_norm", "ln_final")] = value
    for index in {found[1] for key in state if (found := re.search(r"layers\.(\d+)\.self_attn", key))}:
        ours, theirs = f"text_model.encoder.layers.{index}.self_attn", f"transformer.resblocks.{index}.attn"
        for kind in ("weight", "bias"):
            result[f"{theirs}.in_proj_{kind}"] = torch.cat([state[f"{ours}.{part}_proj.{kind}"] for part in "qkv"])
            result[f"{theirs}.out_proj.{kind}"] = state[f"{ours}.out_proj.{kind}"]
    return result


_FAMILIES: dict[str, tuple[Callable[[Path], State], Callable[[Path], State]]] = {  # the network, the text encoders
    "sd1": (lambda folder: _unet(weights(folder / "unet")), _texts_sd1),
    "sd2": (lambda folder: _unet(weights(folder / "unet")), _texts_sd2),
    "sdxl": (lambda folder: _unet(weights(folder / "unet")), _texts_sdxl),
    "sd3": (lambda folder: sd3_state(weights(folder / "transformer")), _texts_sd3),
    "flux1": (lambda folder: flux_state(weights(folder / "transformer")), _texts_flux1),
}
