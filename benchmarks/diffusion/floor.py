"""How far from what the device could do: the arithmetic of a step, a decode and a job, by the peak of a matrix product.

The operations per forward are those that design notes counted on the published sizes (a multiply-add is two).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from benchmarks.diffusion.measuring import Setup, measured
from benchmarks.diffusion.refocus import checkpoints, ours, pipeline
from benchmarks.report import table

from fakes.full_size import autoencoder
from foveate_server.engines.diffusion.engine import DiffusionEngine

_TERA = 1e12
_STEP = {"sd15": 0.803, "sdxl": 6.761}  # TFLOP of a forward of one row at the native side
_DECODE = {512: 2.515, 1024: 10.47}  # TFLOP
_STEPS = 8  # of refocus.py
_SIDE = 8192  # of the matrices


def report(setup: Setup) -> str:
    """Return a table of TFLOP/s; empty where the sizes are not the published ones."""
    if not setup.full:
        return "## The floor\n\nCounted for the published sizes only.\n"
    peak = _matrix_product(setup)
    rows = [["-", f"matrix product of {_SIDE}", "", f"{peak:.0f}", "1.00"]]
    for name, side in checkpoints(setup):
        engine = DiffusionEngine(setup.checkpoints, setup.device)
        job = _STEPS * 2 * _STEP[name] + 2 * _DECODE[side]  # an encode is about a decode
        work: list[tuple[str, float, Callable[[], Any]]] = [
            ("network, 2 rows", 2 * _STEP[name], _network(setup, name, side)),
            ("decode, float16", _DECODE[side], _decode(setup, side)),
            (f"refocus of {_STEPS} guided steps", job, ours(setup, engine, name, side)),
        ]
        for what, flop, run in work:
            seconds = measured(setup.device, run, setup.repeat).seconds
            rate = flop / seconds
            rows.append(
                [name, what, f"{1000 * seconds:.1f} ({1000 * flop / peak:.1f})", f"{rate:.0f}", f"{rate / peak:.2f}"]
            )
        engine.release()
    return (
        "## The floor\n\nMilliseconds (those of the same arithmetic at the matrix product's rate), and what share of\n"
        "that rate is reached. Nothing is compiled or captured in graphs.\n\n"
        + table(["checkpoint", "what", "ms (floor)", "TFLOP/s", "of the peak"], rows)
    )


def _matrix_product(setup: Setup) -> float:
    side = _SIDE if setup.device.type == "cuda" else 2048
    a, b = (torch.randn(side, side, device=setup.device, dtype=setup.dtype) for _ in range(2))

    def run() -> None:
        for _ in range(10):
            torch.mm(a, b)

    return 10 * 2 * side**3 / measured(setup.device, run, 3).seconds / _TERA


def _network(setup: Setup, name: str, side: int) -> Callable[[], Any]:
    pipe = pipeline(setup, name, "")
    unet = pipe.unet
    latents = torch.randn(2, 4, side // 8, side // 8, device=setup.device, dtype=setup.dtype)
    hidden = torch.randn(2, 77, unet.config.cross_attention_dim, device=setup.device, dtype=setup.dtype)
    added = None
    if "xl" in name:
        added = {"text_embeds": hidden.new_zeros(2, 1280), "time_ids": hidden.new_full((2, 6), float(side))}
    timestep = torch.tensor(500.0, device=setup.device)

    @torch.inference_mode()
    def run() -> Any:
        return unet(latents, timestep, hidden, added_cond_kwargs=added, return_dict=False)

    return run


def _decode(setup: Setup, side: int) -> Callable[[], Any]:
    vae = autoencoder(setup.device, setup.dtype)
    latents = torch.randn(1, 4, side // 8, side // 8, device=setup.device, dtype=setup.dtype)

    @torch.inference_mode()
    def run() -> Any:
        return vae.decode(latents, return_dict=False)

    return run
