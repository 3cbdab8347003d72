"""How far from what the device could do: the arithmetic of a step, a decode and a job, by the peak of a matrix product.

The operations per forward are those that design notes counted on the published sizes (a multiply-add is two).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from benchmarks.diffusion.measuring import Quiet, Setup, measured, synchronize
from benchmarks.diffusion.refocus import checkpoints, ours, pipeline, request
from benchmarks.report import growing

from fakes.full_size import autoencoder
from foveate_server.engines.diffusion.engine import DiffusionEngine

_TERA = 1e12
_STEP = {"sd15": 0.803, "sdxl": 6.761}  # TFLOP of a forward of one row at the native side
_DECODE = {512: 2.515, 1024: 10.47}  # TFLOP
_STEPS = 8  # of refocus.py
_SIDE = 8192  # of the matrices


@dataclass
class Stages(Quiet):
    """Takes the time at which each stage of a job begins, with the device idle."""

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    began: dict[str, float] = field(default_factory=dict)

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        """See engines.contract.Ticker."""
        if stage not in self.began:
            synchronize(self.device)
            self.began[stage] = time.perf_counter()


def report(setup: Setup) -> Iterator[str]:
    """Yield a table of TFLOP/s; empty where the sizes are not the published ones."""
    yield "## The floor\n\n"
    if not setup.full:
        yield "Counted for the published sizes only.\n"
        return
    yield (
        "Milliseconds (those of the same arithmetic at the matrix product's rate), and what share of that rate is\n"
        "reached. Nothing is compiled or captured in graphs. The stages of a refocus are those of its last run, the\n"
        "device being waited for between them.\n\n"
    )
    yield from growing(["checkpoint", "what", "ms (floor)", "TFLOP/s", "of the peak"], _rows(setup))


def _rows(setup: Setup) -> Iterator[list[str]]:
    peak = _matrix_product(setup)
    yield ["-", f"matrix product of {_SIDE}", "", f"{peak:.0f}", "1.00"]
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
            yield [name, what, f"{1000 * seconds:.1f} ({1000 * flop / peak:.1f})", f"{rate:.0f}", f"{rate / peak:.2f}"]
        for what, seconds in _stages(setup, engine, name, side).items():
            yield [name, f"of it: {what}", f"{1000 * seconds:.1f}", "", ""]
        engine.release()


def _stages(setup: Setup, engine: DiffusionEngine, name: str, side: int) -> dict[str, float]:
    """Return the seconds of a refocus by stage; the warm-up and all before are over."""
    ticker = Stages(device=setup.device)
    start = time.perf_counter()
    engine.diffuse(request(setup, name, side), ticker=ticker)
    synchronize(setup.device)
    ends = [*ticker.began.values(), time.perf_counter()][1:]
    stages = {stage: end - begin for (stage, begin), end in zip(ticker.began.items(), ends, strict=True)}
    return {"before": next(iter(ticker.began.values())) - start, **stages}


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
