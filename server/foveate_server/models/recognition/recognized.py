"""What inspection finds, and how it says that something is not for us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from foveate_server.families.registry import families
from foveate_server.models.tensor_headers import Header
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import Json, JsonObject

_PRECISIONS: Mapping[str, str] = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2",
}  # fmt: skip
_QUANTIZED = (".quant_state.", ".qweight", ".absmax", "scaled_fp8", ".scale_weight", ".weight_scale", ".comfy_quant")


@dataclass(frozen=True)
class Recognized:
    """What a file or folder is.

    Facts of a checkpoint: `layout` ("single" or "folder"), `base` (words for a person), `precision`, `components`
    (name -> {"parameters", "bytes"}), `missing` (components that a whole pipeline needs and it lacks), `in_channels`,
    `latent_channels`, `inpainting`, `prediction` ("epsilon", "v", "flow"; "" unknown), `variant` ("", "lcm", "dmd2",
    "turbo", "lightning", "hyper" or "schnell"), `steps` (of a few-step variant, 0 unknown), `guidance_embedded`,
    `embedding_widths` (of its CLIP text encoders), `context_width` (that its attention sees), `safety_checker`.

    Facts of a LoRA: `format` ("diffusers" or "kohya"), `precision`, `rank`, `targets`, `context_width`, `width`,
    `text_widths`, `trigger_words`, `base`, `variant`, `steps`, `bundled_words` (of embeddings in the same file, which
    are left out), `adapter` (what peft's configuration beside it says of its scale, if there is one). Of an embedding:
    `format`, `vectors`, `widths` by encoder ("clip_l", "clip_g"), `token` (its maker's word; in a prompt it is the
    model's name that counts). Of a VAE: `latent_channels`, `precision`; likewise of a small one for previews. `layout`
    is "single" for all of these.
    """

    kind: str
    family: str  # the name of one; empty where it cannot be told, or fits several
    title: str  # a few words for a person: "SDXL inpainting, float16"
    facts: JsonObject = field(default_factory=dict)


def precision_of(header: Header) -> str:
    """Return in what the weights are kept, as torch writes it. Raises InputError where they are quantized."""
    if header.has_part(*_QUANTIZED) or header.dtype in ("U8", "I8", "I32"):
        raise refusal("a file of quantized weights, made for one program alone")
    return _PRECISIONS.get(header.dtype, header.dtype.lower())


def component(header: Header) -> JsonObject:
    """Return what `components` tells of one network."""
    return {"parameters": header.parameters, "bytes": header.size}


def title_of(base: str, *details: str) -> str:
    """Return the words for a person: the base, and what there is to add."""
    return ", ".join([base, *(detail for detail in details if detail)])


def strings(values: Sequence[str]) -> list[Json]:
    """Return texts as a JSON array."""
    return list(values)


def refusal(what: str, remedy: str = "") -> InputError:
    """Return the error for `what` we can tell, but have no use for."""
    titles = ", ".join(family.title for family in families().values())
    return InputError(
        "This is {what}, which Foveate cannot use.",
        code=ErrorCode.INVALID_FILE,
        remedy=remedy
        or Sentence(
            "Choose a checkpoint, LoRA, embedding or VAE of {families}, or a restoration checkpoint.", families=titles
        ),
        what=what,
    )
