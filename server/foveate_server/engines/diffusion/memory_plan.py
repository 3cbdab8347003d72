"""How a job is fitted into the memory that is free, before it starts."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeVar

import torch
from torch import nn

from foveate_server.engines import device_precision
from foveate_server.engines.contract import Ticker
from foveate_server.engines.diffusion.footprint import Footprint
from foveate_server.engines.memory_share import memory_share
from foveate_shared.errors import ErrorCode, ResourceError
from foveate_shared.geometry import Extent
from foveate_shared.i18n.sentence import Sentence, with_tenths

T = TypeVar("T")

_GB = 1 << 30
_MARGIN = 1.15  # of activations: workspaces of kernels, and memory in pieces too small to use
_RESERVE = 200 << 20  # bytes that stay free beyond it
_FACTOR = 8  # image pixels per latent
_LATENTS = 12  # copies of the latents that a loop and its scheduler hold, 16 channels in float32
_MAX_PICTURES = 4  # at once: beyond, a device has enough to do
_MAX_TILES = 8  # rows of tiles at once, likewise
_VAE_TILES = (None, 1024, 512, 256)  # image pixels; None is the whole picture
_OFFLOAD = "Memory is short: parts of the model wait in main memory until they are needed."
_SMALLER = "Memory ran out; going on with a plan that needs less."
_REMEDY = "Choose a smaller region or a smaller checkpoint, or close other programs that use the device's memory."


@dataclass(frozen=True)
class MemoryDemand:
    """What is to be made of a checkpoint. Lengths are in image pixels."""

    picture: Extent
    pictures: int = 1  # of which any number may be made at once
    guided: bool = True  # every row is seen twice, with the prompt and without
    tile: Extent | None = None  # what the network sees of the picture at once; None is all of it


@dataclass(frozen=True)
class MemoryPlan:
    """How the job is run. The fields from `pictures` to `slices_attention` are for the loop to follow."""

    pictures: int  # at once
    tiles: int  # rows of tiles that the network sees at once, see `fused_tiles.FusedTiles`
    vae_tile: int | None  # image pixels, see `vae.ExactTiles`; None is the whole picture
    offloads: bool  # only the part at work is on the device, see `resident`
    stores_outside: bool  # what the codec keeps between levels lies in main memory
    slices_attention: bool  # diffusers' `set_attention_slice("max")`: one head at a time
    need: int  # bytes, weights included
    available: int  # bytes, those that the checkpoint holds already included
    title: str
    picture: Extent
    room: int = 0  # bytes that are free between two steps, when the network's activations are gone
    smaller: MemoryPlan | None = None  # where memory runs out all the same

    @property
    def text(self) -> Sentence:
        """Return a sentence for a person: "SDXL, 1024 x 1024, 6.1 of 8.0 GB of memory"."""
        return Sentence(
            "{title}, {width} x {height}, {need} of {available} GB of memory",
            title=self.title,
            width=self.picture.width,
            height=self.picture.height,
            need=with_tenths(self.need / _GB),
            available=with_tenths(self.available / _GB),
        )

    def note(self, ticker: Ticker) -> None:
        """Tell the job's owner what it needs, and what makes it slower."""
        ticker.note(self.text)
        if self.offloads:
            ticker.note(_OFFLOAD)


def plan(footprint: Footprint, job: MemoryDemand, device: torch.device, available: int) -> MemoryPlan:
    """Return the fastest plan that fits into `available` bytes (see :func:`available_memory`).

    Raises ResourceError, with what is needed at least, where none does.
    """
    plans = sorted(_candidates(footprint, job, device, available), key=lambda ranked: ranked[0])
    fitting = [candidate for _, candidate in plans if candidate.need + _RESERVE <= available]
    if not fitting:
        raise _too_large(footprint, job, min(candidate.need for _, candidate in plans), available)
    chosen = fitting[0]
    # After memory ran out the estimate is known to be wrong: the next one must be a good deal smaller.
    smaller = next((other for other in fitting[1:] if other.need < 0.8 * chosen.need), None)
    return replace(chosen, smaller=smaller)


def with_less(chosen: MemoryPlan, run: Callable[[MemoryPlan], T], device: torch.device, ticker: Ticker) -> T:
    """Return what `run` makes with the plan; where memory runs out all the same, once more with a smaller one.

    Raises ResourceError where that fails, too, and what `run` raises.
    """
    try:
        return run(chosen)
    except RuntimeError as error:
        if not device_precision.is_out_of_memory(error):
            raise
        if chosen.smaller is None:
            raise _ran_out(chosen) from error
    # Outside of the handler, whose traceback keeps the failed run's tensors alive.
    gc.collect()
    device_precision.empty_cache(device)
    ticker.note(_SMALLER)
    try:
        return run(chosen.smaller)
    except RuntimeError as error:
        if not device_precision.is_out_of_memory(error):
            raise
        raise _ran_out(chosen.smaller) from error


def available_memory(device: torch.device, held: int = 0) -> int:
    """Return the bytes that a checkpoint may use on `device`, of whose parts `held` bytes are there already."""
    free = device_precision.free_memory(device)
    if device.type == "cuda":  # what torch keeps in reserve counts as taken there
        free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    elif device.type == "mps":
        free = int((torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()) * memory_share())
    return free + held


@contextmanager
def resident(parts: list[nn.Module], device: torch.device, *, offloads: bool) -> Iterator[None]:
    """Have `parts` on `device`; with `offloads`, only so long: they wait in main memory before and after."""
    if not offloads:
        yield
        return
    for part in parts:
        part.to(device)
    try:
        yield
    finally:
        for part in parts:
            part.to("cpu")
        device_precision.empty_cache(device)


def module_bytes(module: nn.Module) -> int:
    """Return what the weights of `module` take."""
    return sum(tensor.numel() * tensor.element_size() for tensor in (*module.parameters(), *module.buffers()))


def _candidates(
    footprint: Footprint, job: MemoryDemand, device: torch.device, available: int
) -> Iterator[tuple[int, MemoryPlan]]:
    """Yield all plans with a rank: how much slower they are, in steps of about a tenth."""
    for (slower_batch, pictures, tiles), vae_tile, stores, offloads, slices in product(
        _batches(job), _VAE_TILES, _flags(device), _flags(device), (False, True)
    ):
        if (stores and vae_tile is None) or (slices and not _holds_scores(device)):
            continue
        rank = slower_batch + 2 * _VAE_TILES.index(vae_tile) + 2 * stores + 5 * offloads + 8 * slices
        candidate = MemoryPlan(
            pictures=pictures,
            tiles=tiles,
            vae_tile=vae_tile,
            offloads=offloads,
            stores_outside=stores,
            slices_attention=slices,
            need=0,
            available=available,
            title=footprint.title,
            picture=job.picture,
        )
        need = _need(footprint, job, candidate, device)
        yield rank, replace(candidate, need=need, room=_room(footprint, candidate))


def _batches(job: MemoryDemand) -> Iterator[tuple[int, int, int]]:
    """Yield (rank, pictures at once, rows of tiles at once), the largest first."""
    pictures, rank = min(job.pictures, _MAX_PICTURES), 0
    tiles = _MAX_TILES if job.tile is not None else 1
    while True:
        yield rank, pictures, tiles
        if pictures == tiles == 1:
            return
        if tiles > 1:
            tiles //= 2
        else:
            pictures = max(1, pictures // 2)
        rank += 1


def _need(footprint: Footprint, job: MemoryDemand, plan: MemoryPlan, device: torch.device) -> int:
    """Return the bytes that `plan` takes at its peak, weights included."""
    latents = job.picture.scaled(1 / _FACTOR)
    seen = latents if job.tile is None else job.tile.scaled(1 / _FACTOR)
    rows = plan.pictures if job.tile is None else max(plan.tiles, plan.pictures)
    scores = 0
    if _holds_scores(device):
        scores = 1 if plan.slices_attention else footprint.heads()
    relaid = device.type == "cuda"  # measured there: 7% more of a whole job
    denoising = footprint.denoising(seen, rows * (2 if job.guided else 1), scores=scores, relaid=relaid)
    denoising += plan.pictures * _LATENTS * 16 * latents.area * 4
    decoding = footprint.decoding(latents, plan.vae_tile, stored=not plan.stores_outside, relaid=relaid)
    if not plan.offloads:
        return footprint.weights + round(_MARGIN * max(denoising, decoding))
    return max(
        footprint.text_weights,
        footprint.network_weights + round(_MARGIN * denoising),
        footprint.vae_weights + round(_MARGIN * decoding),
    )


def _room(footprint: Footprint, plan: MemoryPlan) -> int:
    """Return the bytes that are free between two steps."""
    weights = footprint.network_weights if plan.offloads else footprint.weights
    latents = plan.pictures * _LATENTS * 16 * plan.picture.scaled(1 / _FACTOR).area * 4
    return max(0, plan.available - _RESERVE - weights - latents)


def _flags(device: torch.device) -> tuple[bool, ...]:
    """Return the choices of keeping something in main memory: none where that is the device's own."""
    return (False,) if device.type in ("cpu", "mps") else (False, True)


def _holds_scores(device: torch.device) -> bool:
    """Tell whether attention on `device` holds all of its scores at once."""
    return device.type not in ("cuda", "cpu", "xpu")


def _too_large(footprint: Footprint, job: MemoryDemand, least: int, available: int) -> ResourceError:
    return ResourceError(
        "{title} at {width} x {height} needs {need} GB of memory, and {available} GB are free.",
        code=ErrorCode.OUT_OF_MEMORY,
        remedy=_REMEDY,
        title=footprint.title,
        width=job.picture.width,
        height=job.picture.height,
        need=with_tenths((least + _RESERVE) / _GB),
        available=with_tenths(max(0, available) / _GB),
    )


def _ran_out(chosen: MemoryPlan) -> ResourceError:
    return ResourceError(
        "Memory ran out with {title} at {width} x {height}.",
        code=ErrorCode.OUT_OF_MEMORY,
        remedy=_REMEDY,
        title=chosen.title,
        width=chosen.picture.width,
        height=chosen.picture.height,
    )
