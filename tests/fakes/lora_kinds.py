"""Additions of all kinds for one layer of the tiny SD 1.x checkpoint, in the names that their trainers give."""

from __future__ import annotations

from collections.abc import Mapping

import torch

State = dict[str, torch.Tensor]

PATH = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_v"  # in the network, as diffusers names it
CONVOLUTION = "down_blocks.1.resnets.0.conv1"
_KOHYA = "lora_unet_" + PATH.replace(".", "_")
_PEFT = f"base_model.model.{PATH}"
_INPUTS, _OUTPUTS, _RANK = 768, 16, 4


def random(*shape: int) -> torch.Tensor:
    """Return the same small numbers for a shape each time."""
    return 0.1 * torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def kohya(name: str = _KOHYA, inputs: int = _INPUTS, outputs: int = _OUTPUTS, alpha: float = 2.0) -> State:
    """Return a plain LoRA of one linear layer."""
    return {
        f"{name}.lora_down.weight": random(_RANK, inputs),
        f"{name}.lora_up.weight": random(outputs, _RANK),
        f"{name}.alpha": torch.tensor(alpha),
    }


def peft(name: str = f"unet.{PATH}", inputs: int = _INPUTS, outputs: int = _OUTPUTS) -> State:
    """Return the same in the names of peft, which keeps its alpha elsewhere."""
    return {f"{name}.lora_A.weight": random(_RANK, inputs), f"{name}.lora_B.weight": random(outputs, _RANK)}


def locon() -> State:
    """Return a LoRA of a convolution (LoCon)."""
    name = "lora_unet_" + CONVOLUTION.replace(".", "_")
    return {
        f"{name}.lora_down.weight": random(_RANK, 16, 3, 3),
        f"{name}.lora_up.weight": random(16, _RANK, 1, 1),
        f"{name}.alpha": torch.tensor(2.0),
    }


def locon_in_three() -> State:
    """Return the same in CP decomposition: three factors, of which the middle one sees the neighbours."""
    name = "lora_unet_" + CONVOLUTION.replace(".", "_")
    return {
        f"{name}.lora_down.weight": random(_RANK, 16, 1, 1),
        f"{name}.lora_mid.weight": random(_RANK, _RANK, 3, 3),
        f"{name}.lora_up.weight": random(16, _RANK, 1, 1),
        f"{name}.alpha": torch.tensor(2.0),
    }


def bundled() -> State:
    """Return a LoRA of OneTrainer with the embedding that was trained along."""
    return kohya() | {"bundle_emb.sks.clip_l": random(2, 768)}


def _named(names: tuple[str, ...], parts: Mapping[str, tuple[int, ...]]) -> list[State]:
    """Return the parts below each of the names."""
    return [{f"{name}.{part}": random(*shape) for part, shape in parts.items()} for name in names]


_LYCORIS = (_KOHYA, f"lycoris_{PATH.replace('.', '_')}", f"diffusion_model.{PATH}", f"unet.{PATH}")
_ALL = (*_LYCORIS, _PEFT)
_HADA = {"hada_w1_a": (16, 4), "hada_w1_b": (4, 768), "hada_w2_a": (16, 4), "hada_w2_b": (4, 768)}

_VECTORS = tuple(f"lora_magnitude_vector{end}" for end in ("", ".weight", ".default.weight"))
_NORM = "lora_unet_down_blocks_0_resnets_0_norm1"
_HALVES = {"a1.weight": (4, 768), "a2.weight": (768, 4), "b1.weight": (4, 768), "b2.weight": (16, 4)}
_BFL = "double_blocks.0.img_attn"

OTHERS: Mapping[str, list[State]] = {  # what none of ours is -> in the names of kohya, LyCORIS, OneTrainer, peft
    "DoRA": [
        *(kohya(name) | {f"{name}.dora_scale": random(16, 1)} for name in (_KOHYA, f"unet.{PATH}")),
        *(peft(name) | {f"{name}.{vector}": random(16)} for name in (*_LYCORIS[2:], _PEFT) for vector in _VECTORS),
    ],
    "LoHa": _named(_ALL, _HADA) + _named(_ALL, _HADA | {"hada_t1": (4, 4, 3, 3), "hada_t2": (4, 4, 3, 3)}),
    "LoKr": _named(_ALL, {"lokr_w1": (4, 4), "lokr_w2": (4, 192)})
    + _named(_ALL, {"lokr_w1_a": (4, 2), "lokr_w1_b": (2, 4), "lokr_w2_a": (4, 2), "lokr_w2_b": (2, 192)}),
    "OFT": [
        *_named(_ALL, {"oft_blocks": (4, 4, 4)}),
        *_named(_LYCORIS, {"oft_diag": (4, 4, 4)}),
        *_named((_PEFT,), {"oft_R.weight": (4, 6)}),
        *_named((_PEFT,), {"oft_R.default.weight": (4, 6)}),
    ],
    "BOFT": _named((_PEFT,), {"boft_R": (1, 4, 4, 4), "boft_s": (16, 1)}),
    "full": [
        *_named(_LYCORIS, {"diff": (16, 768)}),
        *_named(_LYCORIS, {"diff": (16, 768), "diff_b": (16,)}),
        kohya() | {f"{_KOHYA}.diff_b": random(16)},
        peft() | {"unet.conv_in.modules_to_save.weight": random(16, 4, 3, 3)},
    ],
    "normalisation": [
        *_named((_NORM,), {"w_norm": (16,), "b_norm": (16,)}),
        kohya() | {f"{_NORM}.w_norm": random(16)},
    ],
    "GLoRA": _named(_LYCORIS, _HALVES),
    "IA3": [
        *_named(_LYCORIS, {"weight": (16,), "on_input": ()}),
        *_named((_PEFT,), {"ia3_l": (16, 1)}),
        *_named((_PEFT,), {"ia3_l.default": (16, 1)}),
    ],
    "VeRA": _named((_PEFT,), {"vera_lambda_b": (16,), "vera_lambda_d": (4,)}),
    "control LoRA": [peft(f"{_BFL}.qkv") | {f"{_BFL}.norm.query_norm.scale": random(8)}],
    "with biases": [peft() | {f"unet.{PATH}.lora_B.bias": random(16)}],
    "an unknown kind": [kohya() | {f"{_KOHYA}.scalar": torch.tensor(1.0)}],
    "damaged": [
        {key: value for key, value in kohya().items() if "up" not in key},
        kohya() | {f"{_KOHYA}.lora_up.weight": random(16, 3)},
        kohya() | {f"{_KOHYA}.alpha": random(2)},
        kohya() | {f"{_KOHYA}.lora_down.weight": random(0, 768), f"{_KOHYA}.lora_up.weight": random(16, 0)},
    ],
}
