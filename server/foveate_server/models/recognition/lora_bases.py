"""Which family of checkpoints a LoRA is made for: by what its trainer wrote, by the layers' names, and by their shapes.

Several models share the names of FLUX.1's layers, and one of them (Chroma) its widths: those are told apart as far as
anything in the file does, so that none is said to be for FLUX.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from foveate_server.models.recognition.lora_keys import LoraPart, encoder_of, parts_of
from foveate_server.models.recognition.recognized import refusal
from foveate_server.models.tensor_headers import Header

_CONTEXT_FAMILIES: Mapping[int, str] = {768: "sd1", 1024: "sd2", 2048: "sdxl"}
_REFINER_CONTEXT = 1280
_STREAM = re.compile(r"attn[._](to_[qk]|qkv|add_[qk]_proj)|img_attn[._]qkv|x_block[._]attn[._]qkv|[._]linear1")
_NAMED: Mapping[str, str] = {  # what trainers write of the model -> what it is; the first that is found
    r"flux[-_. ]?2|klein": "FLUX.2",
    r"chroma": "Chroma",
    r"hunyuan[-_. ]?image": "HunyuanImage",
    r"hunyuan[-_. ]?video": "HunyuanVideo",
    r"qwen": "Qwen-Image",
    r"z[-_. ]image": "Z-Image",
    r"hidream": "HiDream",
    r"lumina": "Lumina",
    r"(^|[-_. /])wan[-_. ]?2": "Wan",
    r"kolors": "Kolors",
    r"cascade|wurstchen": "Stable Cascade",
}
_SHOWN: Mapping[str, str] = {  # what layers' names hold -> what has such layers alone
    r"motion_modules": "AnimateDiff",
    r"temporal_transformer_blocks|time_stack": "Stable Video Diffusion",
    r"distilled_guidance_layer": "Chroma",
    r"to_qkv_mlp_proj|double_stream_modulation|single_stream_modulation|ff(_context)?[._]linear_(in|out)": "FLUX.2",
    r"individual_token_refiner": "HunyuanVideo",
    r"img_attn[._]q(_|\.|$)": "HunyuanImage",
    r"txt_mlp[._]net|img_mod[._]1|img_mlp[._]net": "Qwen-Image",
}
_OTHER_WIDTHS: Mapping[int, str] = {3584: "HunyuanImage", 4096: "FLUX.2", 6144: "FLUX.2"}  # of double and single blocks
_FLUX_WIDTH = 3072  # of FLUX.1; of Qwen-Image and a small FLUX.2, too
_DOUBLES, _SINGLES = 19, 38  # blocks of FLUX.1


@dataclass(frozen=True)
class Sizes:
    """What a LoRA's layer reads and gives."""

    inputs: tuple[int, ...]  # the shape of the matrix that comes first: (rank, width of what goes in, ...)
    outputs: int


def sizes_of(header: Header) -> dict[str, Sizes]:
    """Return the sizes of all layers that a LoRA changes, in its trainer's words."""
    parts = parts_of(header.tensors)
    return {
        part.layer: Sizes(header.shape(key), header.shape(parts[LoraPart(part.layer, "up")])[0])
        for part, key in parts.items()
        if part.role == "down"
    }


def family_of(sizes: Mapping[str, Sizes], metadata: Mapping[str, str]) -> str:
    """Return the family of a LoRA; empty where nothing tells. Raises InputError for one that is not for us."""
    text = "\n".join(sizes)
    is_unet = re.search(r"down_blocks|up_blocks|mid_block|input_blocks|middle_block|output_blocks", text) is not None
    if other := _told(metadata, is_unet=is_unet) or _shown(text):
        raise refusal(f"a LoRA for {other}")
    if re.search(r"single_transformer_blocks|single_blocks|double_blocks", text):
        if other := _other_than_flux1(sizes):
            raise refusal(f"a LoRA for {other}")
        return "flux1"
    if re.search(r"joint_blocks|attn[._]add_[qkv]_proj", text):
        return _joint_family(sizes, text)
    if not is_unet:
        if any(encoder_of(layer) for layer in sizes):
            return _text_only_family(sizes)
        raise refusal("a LoRA for a family of models that is unknown here")
    return _unet_family(sizes, text)


def context_width(sizes: Mapping[str, Sizes]) -> int:
    """Return the width of the text that the U-Net's attention sees, where a layer shows it; else 0."""
    return next((size.inputs[1] for layer, size in sizes.items() if re.search(r"attn2[._]to_[kv]$", layer)), 0)


def stream_width(sizes: Mapping[str, Sizes]) -> int:
    """Return the width of a transformer, where a layer shows it; else 0."""
    found = (size.inputs[1] for layer, size in sizes.items() if not encoder_of(layer) and _STREAM.search(layer))
    return next(found, 0)


def text_widths(sizes: Mapping[str, Sizes]) -> dict[str, int]:
    """Return the widths of the text encoders that a LoRA was made for, as far as its layers show them."""
    widths: dict[str, int] = {}
    for layer, size in sizes.items():
        if (encoder := encoder_of(layer)) and re.search(r"(self_attn|attn)[._]([qk]_proj|to_[qk])$", layer):
            widths.setdefault(encoder, size.inputs[1])
    return widths


def _told(metadata: Mapping[str, str], *, is_unet: bool) -> str:
    """Return what the metadata says that it was trained on, where that is none of ours.

    The name of a U-Net's file says nothing: people call theirs as they like.
    """
    keys = ("modelspec.architecture", "ss_base_model_version", *(() if is_unet else ("ss_sd_model_name",)))
    text = "\n".join(metadata.get(key, "") for key in keys)
    return next((what for name, what in _NAMED.items() if re.search(name, text, re.IGNORECASE)), "")


def _shown(text: str) -> str:
    return next((what for part, what in _SHOWN.items() if re.search(part, text, re.MULTILINE)), "")


def _other_than_flux1(sizes: Mapping[str, Sizes]) -> str:
    """Return what has blocks like FLUX.1's, if the shapes or numbers of these are not those of FLUX.1."""
    if other := _OTHER_WIDTHS.get(stream_width(sizes)):
        return other
    if any(_is_of_flux2(layer, size) for layer, size in sizes.items()):
        return "FLUX.2"
    if any(re.search(r"(img|txt)_mlp[._]fc[12]$", layer) for layer in sizes):
        return "HunyuanVideo"
    if _last(sizes, r"single(_transformer)?_blocks") >= _SINGLES and _last(sizes, r"double_blocks") < _DOUBLES:
        return "FLUX.2"
    return "a model that is built like FLUX, but is not FLUX.1" if _last(sizes, r"double_blocks") >= _DOUBLES else ""


def _is_of_flux2(layer: str, size: Sizes) -> bool:
    """Tell whether a layer has the proportions of FLUX.2, whose feed-forward parts are wider than FLUX.1's."""
    width = size.inputs[1]
    if re.search(r"single_blocks[._]\d+[._]linear1$", layer):
        return size.outputs == 9 * width
    if re.search(r"single_blocks[._]\d+[._]linear2$", layer):
        return width == 4 * size.outputs
    return re.search(r"(img|txt)_mlp[._]0$", layer) is not None and size.outputs == 6 * width


def _joint_family(sizes: Mapping[str, Sizes], text: str) -> str:
    """Return the family of a transformer that reads picture and text side by side in all of its blocks."""
    if "joint_blocks" in text or stream_width(sizes) != _FLUX_WIDTH:
        return "sd3"
    last = _last(sizes, r"transformer_blocks")
    if last >= _DOUBLES:
        raise refusal("a LoRA for Qwen-Image")
    return "flux1" if last == _DOUBLES - 1 or re.search(r"ff_context|norm1_context", text) else ""


def _last(sizes: Mapping[str, Sizes], blocks: str) -> int:
    """Return the number of the last block that is changed, or -1."""
    found = (re.search(rf"(?<![a-z]){blocks}[._](\d+)[._]", layer) for layer in sizes)
    return max((int(each[each.lastindex or 0]) for each in found if each), default=-1)


def _unet_family(sizes: Mapping[str, Sizes], text: str) -> str:
    width = context_width(sizes)
    if width == _REFINER_CONTEXT:
        raise refusal("a LoRA for the refiner of SDXL")
    if re.search(r"lora_te2_|text_encoder_2|transformer_blocks[._][1-9]", text):
        return "sdxl"
    projections = [size.inputs for layer, size in sizes.items() if layer.endswith("proj_in")]
    return _CONTEXT_FAMILIES.get(width, "") or ("sd1" if projections and len(projections[0]) == 4 else "")


def _text_only_family(sizes: Mapping[str, Sizes]) -> str:
    if any(encoder_of(layer) == "text_encoder_2" for layer in sizes):
        return "sdxl"
    return _CONTEXT_FAMILIES.get(max(text_widths(sizes).values(), default=0), "")
