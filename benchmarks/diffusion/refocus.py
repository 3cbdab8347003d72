"""A region re-rendered: our engine beside diffusers' inpainting pipelines, with the same weights, steps and extent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from benchmarks.diffusion.measuring import Quiet, Setup, as_float, contended, photo
from benchmarks.report import growing
from PIL import Image as Pictures

from foveate_server.engines import device_precision
from foveate_server.engines.diffusion.engine import DiffusionEngine
from foveate_server.engines.diffusion_request import DiffusionRequest, Prompt, Sampling
from foveate_server.engines.values import Pinned

_STRENGTH, _STEPS = 0.5, 16  # of a run at full strength: 8 are run
_GUIDANCE = 5.0
_PADDING = 32  # image pixels, of padding_mask_crop


def report(setup: Setup) -> Iterator[str]:
    """Yield a table of seconds and memory per checkpoint and way."""
    yield (
        "## Refocus\n\n"
        f"{round(_STEPS * _STRENGTH)} guided steps of Euler at the family's native extent, encode and decode\n"
        "included; a mask of half the side. Memory is above the weights. Ours denoises with a soft mask; diffusers\n"
        "crops, pastes and returns a Pillow image, which is the operation's work with us. Both load nothing.\n\n"
    )
    yield from growing(["checkpoint", "side, px", "way", "seconds", "peak MB", "by diffusers"], _rows(setup))


def _rows(setup: Setup) -> Iterator[list[str]]:
    for name, side in checkpoints(setup):
        engine = DiffusionEngine(setup.checkpoints, setup.device)
        ways = {"Foveate": ours(setup, engine, name, side), "diffusers, padding_mask_crop": plain(setup, name, side)}
        costs = contended(setup.device, ways, setup.repeat)
        base = costs["diffusers, padding_mask_crop"].seconds
        for way, cost in costs.items():
            yield [name, f"{side}", way, *cost.cells, f"{cost.seconds / base:.3f}"]
        engine.release()


def checkpoints(setup: Setup) -> list[tuple[str, int]]:
    """Return the checkpoints of this run with the side at which each is seen."""
    if not setup.full:
        return [("tiny", 128), ("tiny-xl", 128)]
    return [("sd15", 512), ("sdxl", 1024)] if setup.device.type == "cuda" else [("sd15", 512)]


def request(setup: Setup, name: str, side: int, **changes: Any) -> DiffusionRequest:
    """Return a refocus of the middle of a photo of `side`, with `changes`."""
    mask = np.zeros((side, side), np.float32)
    mask[side // 4 : -side // 4, side // 4 : -side // 4] = 1
    values: dict[str, Any] = {
        "image": as_float(photo(side, side)),
        "mask": mask,
        "model": name,
        "prompt": Prompt("a face", "blurry"),
        "strength": _STRENGTH,
        "sampling": Sampling(_STEPS, _GUIDANCE, "euler"),
        "pinned": Pinned(dtype=device_precision.dtype_name(setup.dtype)),
    }
    return DiffusionRequest(**{**values, **changes})


def ours(setup: Setup, engine: DiffusionEngine, name: str, side: int) -> Callable[[], Any]:
    """Return a call of our engine."""
    asked = request(setup, name, side)
    return lambda: engine.diffuse(asked, ticker=Quiet())


def plain(setup: Setup, name: str, side: int) -> Callable[[], Any]:
    """Return a call of diffusers' inpainting pipeline."""
    pipe = pipeline(setup, name, "Inpaint")
    image = Pictures.fromarray(photo(2 * side, 2 * side))
    mask = Pictures.new("L", image.size)
    mask.paste(255, (side // 2, side // 2, side, side))

    def run() -> Any:
        return pipe(
            prompt="a face",
            negative_prompt="blurry",
            image=image,
            mask_image=mask,
            padding_mask_crop=_PADDING,
            height=side,
            width=side,
            strength=_STRENGTH,
            num_inference_steps=_STEPS,
            guidance_scale=_GUIDANCE,
            generator=torch.Generator("cpu").manual_seed(0),
        )

    return run


def pipeline(setup: Setup, name: str, kind: str, **parts: Any) -> Any:
    """Return diffusers' pipeline of `kind` ("Inpaint", "Img2Img", "Panorama") over the checkpoint `name`."""
    import diffusers

    stem = "StableDiffusionXL" if "xl" in name else "StableDiffusion"
    pipe = getattr(diffusers, f"{stem}{kind}Pipeline").from_pretrained(
        setup.checkpoints.folder(name), torch_dtype=setup.dtype, local_files_only=True, **parts
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe.to(setup.device)
