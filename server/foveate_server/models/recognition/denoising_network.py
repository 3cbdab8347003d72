"""The denoising network of a checkpoint: its family and what is special about it, by keys and shapes.

Both spellings of each family are known: that of the models' authors (in single files) and that of diffusers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import cast

from foveate_server.families.registry import families
from foveate_server.models.recognition.recognized import refusal
from foveate_server.models.tensor_headers import Header
from foveate_shared.errors import FoveateError

_log = logging.getLogger(__name__)

_REFINER_CONTEXT = 1280  # the SDXL refiner reads one text encoder only, whose width this is
_XL_MIN_CONTEXT = 1536  # of a U-Net alone with class labels: narrower ones are the unCLIP kind of SD 2
_FLUX_MASK_CHANNELS = 256  # of FLUX.1 Fill: the mask, 8x8 image pixels per latent, and 2x2 latents are packed in one
_PACKED = 4  # latents packed in one by FLUX


@dataclass(frozen=True)
class RecognizedNetwork:
    """What a denoising network is."""

    family: str  # the name of one
    base: str  # words for a person
    in_channels: int
    latent_channels: int
    context_width: int  # of the text that its attention sees
    width: int  # of a transformer's own stream; 0 of a U-Net
    inpainting: bool = False  # it sees mask and masked image beside the latents
    prediction: str = ""  # "flow" where that is certain
    variant: str = ""  # few-step training that shows in the keys
    guidance_embedded: bool = False  # it takes guidance as a number, in one pass


Recognize = Callable[[Header], RecognizedNetwork | None]  # of a package: its keys are the network's alone


def network_of_packages(header: Header) -> RecognizedNetwork | None:
    """Return what the network with these keys is to the families of other packages, or None.

    They are asked first: they may know what we refuse. Raises InputError where one knows it, and cannot use it.
    """
    for family in families().values():
        if family.recognizer:
            try:
                found = cast("Recognize", resolve_name(family.recognizer))(header)
            except FoveateError:
                raise
            except Exception:  # a stranger's code: it hides no checkpoint that others know
                _log.exception("the recognizer of the family %s failed", family.name)
                continue
            if found is not None:
                return found
    return None


def network_of(header: Header, *, xl: bool = False) -> RecognizedNetwork | None:
    """Return what the network with these keys is, or None where it is not one of ours; `xl`: SDXL's encoders are there.

    Raises InputError where it is one of ours, but of a kind that cannot be used alone.
    """
    return _flux(header) or _stable_diffusion_3(header) or _unet(header, xl=xl)


def _unet(header: Header, *, xl: bool) -> RecognizedNetwork | None:
    entrance = header.shape("input_blocks.0.0.weight") or header.shape("conv_in.weight")
    leaving = header.shape("out.2.weight") or header.shape("conv_out.weight")
    contexts = list(header.shapes_ending("attn2.to_k.weight"))
    if len(entrance) != 4 or len(leaving) != 4 or not contexts or not _has_blocks(header):
        return None
    if header.has("encoder_hid_proj."):
        raise refusal("a checkpoint with a text encoder of another kind, such as Kolors, Kandinsky or DeepFloyd IF")
    channels, latents, context = entrance[1], leaving[0], contexts[0][1]
    family = _unet_family(header, context, xl=xl)
    base = {"sd1": "Stable Diffusion 1.x", "sd2": "Stable Diffusion 2.x", "sdxl": "SDXL"}[family]
    inpainting = channels == 2 * latents + 1
    if channels != latents and not inpainting:
        raise refusal(
            f"a checkpoint of {base} that wants further inputs beside the picture ({channels} channels instead of "
            f"{latents}), such as those for depth, for instructions, or for upscaling"
        )
    return RecognizedNetwork(
        family,
        f"{base} inpainting" if inpainting else base,
        channels,
        latents,
        context,
        0,
        inpainting=inpainting,
        variant="lcm" if header.has("time_embedding.cond_proj.") or header.has("time_embed.cond_proj.") else "",
    )


def _has_blocks(header: Header) -> bool:
    return (header.has("input_blocks.") and header.has("output_blocks.")) or (
        header.has("down_blocks.") and header.has("up_blocks.")
    )


def _unet_family(header: Header, context: int, *, xl: bool) -> str:
    """Return the family of a U-Net: XL is told the size of the picture, 2.x has linear layers where 1.x convolves."""
    if header.has("add_embedding.") or (header.has("label_emb.") and (xl or context >= _XL_MIN_CONTEXT)):
        if context == _REFINER_CONTEXT:
            raise refiner()
        return "sdxl"
    if header.has("label_emb.") or header.has("class_embedding."):
        if context == _REFINER_CONTEXT:
            raise refiner()
        raise refusal("a checkpoint of the unCLIP or upscaler kind of Stable Diffusion 2")
    projections = list(header.shapes_ending("proj_in.weight"))
    return "sd2" if projections and len(projections[0]) == 2 else "sd1"


def refiner() -> Exception:
    """Return the error for SDXL's refiner."""
    return refusal("the refiner of SDXL, a second pass over what its base made", "Choose an SDXL base checkpoint.")


def _stable_diffusion_3(header: Header) -> RecognizedNetwork | None:
    patches = header.shape("x_embedder.proj.weight") or header.shape("pos_embed.proj.weight")
    context = header.shape("context_embedder.weight")
    own = header.has("joint_blocks.0.context_block.")
    diffusers = header.has("transformer_blocks.0.attn.add_k_proj.") and not header.has("single_transformer_blocks.")
    if len(patches) != 4 or len(context) != 2 or not (own or diffusers):
        return None
    if header.has("joint_blocks.0.x_block.attn2.") or header.has("transformer_blocks.0.attn2."):
        base = "Stable Diffusion 3.5 Medium"
    elif header.has("joint_blocks.0.x_block.attn.ln_k.") or header.has("transformer_blocks.0.attn.norm_k."):
        base = "Stable Diffusion 3.5 Large"
    else:
        base = "Stable Diffusion 3 Medium"
    channels = patches[1]
    return RecognizedNetwork("sd3", base, channels, channels, context[1], patches[0], prediction="flow")


def _flux(header: Header) -> RecognizedNetwork | None:
    own = header.has("double_blocks.0.img_attn.") and header.has("single_blocks.")
    diffusers = header.has("single_transformer_blocks.") and header.has("time_text_embed.")
    entrance = header.shape("img_in.weight") or header.shape("x_embedder.weight")
    leaving = header.shape("final_layer.linear.weight") or header.shape("proj_out.weight")
    context = header.shape("txt_in.weight") or header.shape("context_embedder.weight")
    if not (own or diffusers) or not all(len(shape) == 2 for shape in (entrance, leaving, context)):
        return None
    guided = header.has("guidance_in.") or header.has("time_text_embed.guidance_embedder.")
    channels, packed = entrance[1], leaving[0]
    inpainting = channels == 2 * packed + _FLUX_MASK_CHANNELS
    if channels != packed and not inpainting:
        raise refusal("a FLUX.1 checkpoint that wants further inputs beside the picture, such as depth or edges")
    return RecognizedNetwork(
        "flux1",
        "FLUX.1 Fill" if inpainting else ("FLUX.1 dev" if guided else "FLUX.1 schnell"),
        channels,
        packed // _PACKED,
        context[1],
        entrance[0],
        inpainting=inpainting,
        prediction="flow",
        variant="" if guided else "schnell",
        guidance_embedded=guided,
    )
