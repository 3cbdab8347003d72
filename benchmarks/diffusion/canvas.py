"""A canvas beyond the checkpoint's size: our fused tiles beside a plain tile loop and diffusers' panorama."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from benchmarks.diffusion.measuring import Cost, Quiet, Setup, measured, photo, timed, timed_with_peak
from benchmarks.diffusion.refocus import pipeline, request
from benchmarks.report import growing
from PIL import Image as Pictures

from foveate_server.engines.diffusion.engine import DiffusionEngine
from foveate_server.engines.diffusion.fused_tiles import FusedTiles, default_overlap
from foveate_server.engines.diffusion_request import Sampling, Tiling
from foveate_shared.geometry import Extent

_STRENGTH = 0.25
_STEPS, _FEW_STEPS = 16, 4  # at full strength, on a card and on a processor: at this one 4 are run, and 1
_GUIDANCE = 5.0
_PANORAMA_MOST = 1024  # image pixels: its views overlap by seven eighths; there are 81 of them, and 3136 at 4096


def report(setup: Setup) -> Iterator[str]:
    """Yield a table of images per minute and memory per checkpoint, side and way."""
    steps = round(_steps(setup) * _STRENGTH)
    yield (
        "## A large canvas\n\n"
        f"Guided steps of Euler at every place: {steps}; encode and decode included. Ours and the loop have the same\n"
        f"tiles: the native side, {default_overlap(_STRENGTH)} px of overlap. The loop runs diffusers' image to image\n"
        "on one after the other and feathers them, so seams show wherever two disagree. The panorama begins with\n"
        "noise and has views of 512 px every 64 px, which cannot be changed; it is run once, not warm, on a canvas\n"
        f"of at most {_PANORAMA_MOST} px. Memory is above the weights.\n\n"
    )
    columns = ["checkpoint", "side, px", "way", "images per minute", "seconds", "peak MB"]
    yield from growing(columns, _rows(setup))


def _rows(setup: Setup) -> Iterator[list[str]]:
    for name, native, sides in _canvases(setup):
        engine = DiffusionEngine(setup.checkpoints, setup.device)
        _ours(setup, engine, name, native, native)()  # loads the weights, which are no part of the peak
        for side in sides:
            ways = {
                "Foveate, fused tiles": _ours(setup, engine, name, native, side),
                "plain tile loop": _loop(setup, name, native, side),
            }
            for way, run in ways.items():
                yield [name, f"{side}", way, *_cells(_cost(setup, run, is_first=side == sides[0]))]
        engine.release()
        if "xl" not in name:
            most = min(sides[0], _PANORAMA_MOST)
            cost = _cost(setup, _panorama(setup, name, most), is_first=False)
            yield [name, f"{most}", "diffusers' panorama", *_cells(cost)]


def _steps(setup: Setup) -> int:
    """Return the steps at full strength: a processor takes minutes for each of those that are run."""
    return _FEW_STEPS if setup.full and setup.device.type == "cpu" else _STEPS


def _cost(setup: Setup, run: Callable[[], Any], *, is_first: bool) -> Cost:
    """Return what `run` costs: larger canvases have the same tiles, so the first one warms them up, too.

    On a processor with full-size networks it is run once, cold: minutes, of which warming up would be no part.
    """
    if setup.full and setup.device.type == "cpu":
        return timed_with_peak(run)
    return measured(setup.device, run, 1) if is_first else timed(setup.device, run)


def _cells(cost: Cost) -> list[str]:
    seconds, peak = cost.cells
    return [f"{60 / cost.seconds:.2f}", seconds, peak if cost.peak else ""]


def _canvases(setup: Setup) -> list[tuple[str, int, tuple[int, ...]]]:
    """Return (checkpoint, its native side, the canvases' sides, from the smallest)."""
    if not setup.full:
        return [("tiny", 128, (192,))]
    if setup.device.type != "cuda":
        return [("sd15", 512, (1024,))]
    return [("sd15", 512, (2048,)), ("sdxl", 1024, (2048, 4096))]


def _ours(setup: Setup, engine: DiffusionEngine, name: str, native: int, side: int) -> Callable[[], Any]:
    asked = request(
        setup, name, side, mask=None, strength=_STRENGTH, sampling=Sampling(_steps(setup), _GUIDANCE, "euler"),
        tiling=Tiling(tile=native, overlap=default_overlap(_STRENGTH), anchor=0.5),
    )  # fmt: skip
    return lambda: engine.diffuse(asked, ticker=Quiet())


def _loop(setup: Setup, name: str, native: int, side: int) -> Callable[[], Any]:
    pipe = pipeline(setup, name, "Img2Img")
    tiles = FusedTiles(
        Extent(side // 8, side // 8), Extent(native // 8, native // 8), overlap=default_overlap(_STRENGTH) // 8
    )
    pixels = photo(side, side)

    def run() -> Any:
        result = np.zeros((side, side, 3), np.float32)
        for view in tiles.views:
            area = view.bounds.scaled(8)
            window = slice(area.y, area.bottom), slice(area.x, area.right)
            part = pipe(
                prompt="a face",
                negative_prompt="blurry",
                image=Pictures.fromarray(pixels[window]),
                strength=_STRENGTH,
                num_inference_steps=_steps(setup),
                guidance_scale=_GUIDANCE,
                generator=torch.Generator("cpu").manual_seed(0),
                output_type="np",
            ).images[0]
            weight = tiles.weight(view).numpy().repeat(8, 0).repeat(8, 1)
            result[window] += part * weight[..., None]
        return result

    return run


def _panorama(setup: Setup, name: str, side: int) -> Callable[[], Any]:
    from diffusers import DDIMScheduler

    scheduler = DDIMScheduler.from_pretrained(setup.checkpoints.folder(name), subfolder="scheduler")
    pipe = pipeline(setup, name, "Panorama", scheduler=scheduler)

    def run() -> Any:
        return pipe(
            prompt="a face",
            negative_prompt="blurry",
            height=side,
            width=side,
            num_inference_steps=round(_steps(setup) * _STRENGTH),
            guidance_scale=_GUIDANCE,
            view_batch_size=8,
            generator=torch.Generator("cpu").manual_seed(0),
            output_type="np",
        )

    return run
