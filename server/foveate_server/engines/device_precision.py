"""Where a network runs, and in which precision: choices by what the machine can do, or as a recipe pins them."""

from __future__ import annotations

import os
import platform
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from foveate_server.engines.memory_share import memory_share
from foveate_shared.errors import ErrorCode, InputError, ResourceError

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
_FALLBACK_MEMORY = 4 << 30  # bytes, where the system does not tell


def dtype_name(dtype: torch.dtype) -> str:
    """Return the name of a dtype as recipes hold it."""
    return str(dtype).removeprefix("torch.")


def choose_device(wanted: str) -> torch.device:
    """Return the device called `wanted` ("auto", "cpu", "cuda:1", ...). Raises ResourceError where it is not there."""
    if wanted == "auto":
        usable = [name for name in ("cuda", "xpu", "mps") if _is_usable(name)]
        return torch.device(usable[0] if usable else "cpu")
    try:
        device = torch.device(wanted)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ResourceError(
            "The device {name!r} cannot be used with this installation of torch.",
            code=ErrorCode.MODEL_UNAVAILABLE,
            remedy='Set the device to "auto" or "cpu", or install a build of torch for it.',
            name=wanted,
        ) from error
    return device


def choose_dtype(
    dtypes: Collection[torch.dtype], device: torch.device, *, exact: bool, pinned: str | None
) -> torch.dtype:
    """Return which of `dtypes` to compute in: what is pinned, else float32 if `exact` or if nothing is as safe.

    Raises InputError where the pinned one is unknown or unfit for the network.
    """
    if pinned is not None:
        dtype = _DTYPES.get(pinned)
        if dtype is None or dtype not in dtypes:
            names = ", ".join(sorted(map(dtype_name, dtypes)))
            raise InputError(
                "The model cannot run in {precision!r}.",
                remedy="Use one of {names}, or leave the choice to Foveate.",
                precision=pinned,
                names=names,
            )
        return dtype
    if exact:
        return torch.float32
    fast = _fast_dtype(device)
    return fast if fast in dtypes else torch.float32


def dtype_from_name(name: str) -> torch.dtype:
    """Return the dtype that recipes call `name`. Raises InputError where there is none."""
    if name not in _DTYPES:
        raise InputError(
            "There is no precision {name!r}.",
            remedy="Choose one of the precisions {names}.",
            name=name,
            names=", ".join(_DTYPES),
        )
    return _DTYPES[name]


def computes_bfloat16(device: torch.device) -> bool:
    """Tell whether `device` has instructions for bfloat16; without, it is no faster than float32, or slower."""
    if device.type == "cpu":
        return _cpu_computes_bfloat16()
    if device.type == "cuda":
        return bool(torch.version.hip) or torch.cuda.get_device_capability(device) >= (8, 0)
    return True


def describe_device(device: torch.device) -> str:
    """Return the kind of device and its name, such as "cuda: NVIDIA H200"."""
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
    elif device.type == "xpu":
        name = torch.xpu.get_device_name(device)
    else:
        name = _processor()
    return f"{device.type}: {name}"


def free_memory(device: torch.device) -> int:
    """Return the bytes that a run may take of those free on `device`; a careful guess where the system does not tell.

    See :mod:`memory_share`.
    """
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else _system_memory("MemAvailable:")
    return int(free * memory_share())


def total_memory(device: torch.device) -> int:
    """Return the bytes that `device` has, free or not; a careful guess where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[1]
    if device.type == "xpu":
        return int(torch.xpu.get_device_properties(device).total_memory)
    return _system_memory("MemTotal:")


def empty_cache(device: torch.device) -> None:
    """Hand memory that torch holds in reserve back to the device."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "xpu":
        torch.xpu.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def is_out_of_memory(error: RuntimeError) -> bool:
    """Tell whether torch failed for want of memory; on the CPU it has no exception of its own for that."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


@contextmanager
def reproducible(threads: int) -> Iterator[int]:
    """Make the same inputs give the same bytes, on `threads` (0: all cores); yields their number, restores on exit."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads or _cores())
    try:
        # Benchmarking picks kernels by their speed of the moment, and TF32 drops 13 bits of float32.
        with torch.backends.cudnn.flags(
            enabled=torch.backends.cudnn.enabled, benchmark=False, deterministic=True, allow_tf32=False
        ):
            yield torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


def _system_memory(line: str) -> int:
    """Return the bytes in a line of the kernel's account of memory."""
    try:
        for text in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if text.startswith(line):
                return int(text.split()[1]) << 10
    except (OSError, ValueError):
        pass
    return _FALLBACK_MEMORY


def _is_usable(kind: str) -> bool:
    if kind == "mps":
        return torch.backends.mps.is_available()
    return bool(getattr(torch, kind).is_available())


def _fast_dtype(device: torch.device) -> torch.dtype:
    """Return the dtype in which `device` is fastest. Where float16 is as fast as bfloat16, it has 3 bits more."""
    if device.type == "cpu":
        return torch.bfloat16 if computes_bfloat16(device) else torch.float32
    return torch.float16


def _cpu_computes_bfloat16() -> bool:
    """Tell whether the processor has instructions for bfloat16; without, it is several times slower than float32.

    What it has is of no use where oneDNN may not take it (ONEDNN_MAX_CPU_ISA), or is not there.
    """
    signs = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    has_instructions = any(getattr(torch.cpu, sign, bool)() for sign in signs)
    may_use_them = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", bool)
    return has_instructions and bool(may_use_them())


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
