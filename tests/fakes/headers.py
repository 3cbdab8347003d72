"""Checkpoints that are all header: the true keys and shapes at full size, and not one byte of weights on the disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from foveate_server.models.tensor_headers import Header, Tensor

Shapes = Mapping[str, tuple[int, ...]]
_BYTES = {"F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "U8": 1}


def header(shapes: Shapes, dtype: str = "F16", metadata: Mapping[str, str] | None = None) -> Header:
    return Header({key: Tensor(dtype, shape) for key, shape in shapes.items()}, metadata or {})


def write(path: Path, shapes: Shapes, dtype: str = "F16", metadata: Mapping[str, str] | None = None) -> Path:
    """Write a sparse safetensors file."""
    at, document = 0, {"__metadata__": dict(metadata)} if metadata else {}
    for key, shape in shapes.items():
        size = _BYTES[dtype]
        for side in shape:
            size *= side
        document[key] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}  # type: ignore[dict-item]
        at += size
    text = json.dumps(document).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + at)
    return path


def below(prefix: str, shapes: Shapes) -> dict[str, tuple[int, ...]]:
    return {prefix + key: shape for key, shape in shapes.items()}


# What inspection must be able to tell apart, by the shapes that the published checkpoints have.

CLIP_L = {"text_model.embeddings.token_embedding.weight": (49408, 768)}
OPEN_CLIP_H = {"token_embedding.weight": (49408, 1024), "transformer.resblocks.0.mlp.c_proj.bias": (1024,)}
OPEN_CLIP_G = {"token_embedding.weight": (49408, 1280), "transformer.resblocks.9.mlp.c_proj.bias": (1280,)}
T5 = {"shared.weight": (32128, 4096), "encoder.block.0.layer.0.SelfAttention.q.weight": (4096, 4096)}


def tiny_decoder(channels: int = 4, width: int = 64, *, first: int = 0) -> dict[str, tuple[int, ...]]:
    """Return TAESD's decoder, the number of its first layer being `first`."""
    shapes: dict[str, tuple[int, ...]] = {f"{first}.weight": (width, channels, 3, 3), f"{first}.bias": (width,)}
    for number in (2, 3, 4, 7, 8, 9, 12, 13, 14, 17):
        for place in (0, 2, 4):
            shapes[f"{number + first}.conv.{place}.weight"] = (width, width, 3, 3)
            shapes[f"{number + first}.conv.{place}.bias"] = (width,)
    shapes |= {f"{number + first}.weight": (width, width, 3, 3) for number in (6, 11, 16)}
    return shapes | {f"{18 + first}.weight": (3, width, 3, 3), f"{18 + first}.bias": (3,)}


def vae(channels: int = 4) -> dict[str, tuple[int, ...]]:
    return {
        "encoder.conv_in.weight": (128, 3, 3, 3),
        "encoder.down.0.block.0.conv1.weight": (128, 128, 3, 3),
        "decoder.conv_in.weight": (512, channels, 3, 3),
        "decoder.up.0.block.0.conv1.weight": (128, 128, 3, 3),
        "decoder.conv_out.weight": (3, 128, 3, 3),
    }


def unet(context: int, *, channels: int = 4, linear: bool = False, labels: int = 0) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "input_blocks.0.0.weight": (320, channels, 3, 3),
        "input_blocks.1.1.proj_in.weight": (320, 320) if linear else (320, 320, 1, 1),
        "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, context),
        "middle_block.0.in_layers.0.weight": (1280,),
        "output_blocks.11.0.skip_connection.weight": (320, 640, 1, 1),
        "out.2.weight": (4, 320, 3, 3),
    }
    return {**shapes, "label_emb.0.0.weight": (1280, labels)} if labels else shapes


def sd1(channels: int = 4) -> dict[str, tuple[int, ...]]:
    return {
        **below("model.diffusion_model.", unet(768, channels=channels)),
        **below("first_stage_model.", vae()),
        **below("cond_stage_model.transformer.", CLIP_L),
    }


def sd2(channels: int = 4) -> dict[str, tuple[int, ...]]:
    return {
        **below("model.diffusion_model.", unet(1024, channels=channels, linear=True)),
        **below("first_stage_model.", vae()),
        **below("cond_stage_model.model.", OPEN_CLIP_H),
    }


def sdxl(channels: int = 4) -> dict[str, tuple[int, ...]]:
    return {
        **below("model.diffusion_model.", unet(2048, channels=channels, linear=True, labels=2816)),
        **below("first_stage_model.", vae()),
        **below("conditioner.embedders.0.transformer.", CLIP_L),
        **below("conditioner.embedders.1.model.", OPEN_CLIP_G),
    }


def sdxl_refiner() -> dict[str, tuple[int, ...]]:
    return {
        **below("model.diffusion_model.", unet(1280, linear=True, labels=2560)),
        **below("first_stage_model.", vae()),
        **below("conditioner.embedders.0.model.", OPEN_CLIP_G),
    }


def sd3(width: int = 1536, *, dual: bool = False, normed: bool = False) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "x_embedder.proj.weight": (width, 16, 2, 2),
        "context_embedder.weight": (width, 4096),
        "joint_blocks.0.context_block.attn.qkv.weight": (3 * width, width),
        "joint_blocks.0.x_block.attn.qkv.weight": (3 * width, width),
        "final_layer.linear.weight": (64, width),
    }
    if dual:
        shapes["joint_blocks.0.x_block.attn2.qkv.weight"] = (3 * width, width)
    if normed:
        shapes["joint_blocks.0.x_block.attn.ln_k.weight"] = (64,)
    return below("model.diffusion_model.", shapes)


def sd3_texts() -> dict[str, tuple[int, ...]]:
    return {
        **below("text_encoders.clip_l.transformer.", CLIP_L),
        **below("text_encoders.clip_g.transformer.", {"text_model.embeddings.token_embedding.weight": (49408, 1280)}),
    }


def flux(channels: int = 64, *, guided: bool = True) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "img_in.weight": (3072, channels),
        "txt_in.weight": (3072, 4096),
        "double_blocks.0.img_attn.qkv.weight": (9216, 3072),
        "single_blocks.0.linear1.weight": (21504, 3072),
        "final_layer.linear.weight": (64, 3072),
    }
    return {**shapes, "guidance_in.in_layer.weight": (3072, 256)} if guided else shapes
