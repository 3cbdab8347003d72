from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import uniform_filter

from foveate_server.engines import device_precision
from foveate_server.engines.restoration import ncnn_weights
from foveate_server.engines.restoration.network import FLOAT32_ONLY, HALF_TOO
from foveate_shared.errors import InputError, ResourceError

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(
    ("dtypes", "device", "exact", "pinned", "expected"),
    [
        (HALF_TOO, CUDA, False, None, torch.float16),
        (HALF_TOO, CUDA, True, None, torch.float32),
        (FLOAT32_ONLY, CUDA, False, None, torch.float32),
        (HALF_TOO, CPU, True, None, torch.float32),
        (HALF_TOO, CPU, True, "bfloat16", torch.bfloat16),
        (HALF_TOO, CPU, False, "float32", torch.float32),
    ],
)
def test_choice_of_dtype(dtypes, device, exact: bool, pinned: str | None, expected: torch.dtype) -> None:
    assert device_precision.choose_dtype(dtypes, device, exact=exact, pinned=pinned) is expected


@pytest.mark.parametrize(
    ("supported", "used", "expected"),
    [(True, True, torch.bfloat16), (False, True, torch.float32), (True, False, torch.float32)],
)
def test_the_cpu_takes_bfloat16_only_with_instructions(
    monkeypatch, supported: bool, used: bool, expected: torch.dtype
) -> None:
    """Which oneDNN has to use as well."""
    for sign in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, sign, lambda: supported, raising=False)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: used)
    assert device_precision.choose_dtype(HALF_TOO, CPU, exact=False, pinned=None) is expected


@pytest.mark.parametrize(("dtypes", "pinned"), [(FLOAT32_ONLY, "bfloat16"), (HALF_TOO, "int4")])
def test_a_pinned_dtype_that_is_impossible(dtypes, pinned: str) -> None:
    with pytest.raises(InputError, match="cannot run in"):
        device_precision.choose_dtype(dtypes, CPU, exact=False, pinned=pinned)


@pytest.mark.parametrize("wanted", ["cuda:63", "xpu:63", "toaster"])
def test_a_device_that_is_not_there(wanted: str) -> None:
    with pytest.raises(ResourceError, match="cannot be used"):
        device_precision.choose_device(wanted)


def test_auto_and_cpu_are_always_there() -> None:
    assert device_precision.choose_device("cpu") == CPU
    assert device_precision.choose_device("auto").type in {"cpu", "cuda", "xpu", "mps"}
    assert device_precision.describe_device(CPU).startswith("cpu: ")
    assert device_precision.free_memory(CPU) > 1 << 20


def test_threads_are_set_and_restored() -> None:
    before = torch.get_num_threads()
    with device_precision.reproducible(before + 1) as threads:
        assert threads == torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


def test_out_of_memory_is_recognised() -> None:
    assert device_precision.is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert device_precision.is_out_of_memory(caught.value)
    assert not device_precision.is_out_of_memory(RuntimeError("sizes do not match"))


@pytest.mark.weights
@pytest.mark.parametrize(
    "model", [pytest.param("realesrgan-x4plus", marks=pytest.mark.bfloat16), "realesr-animevideov3"]
)
def test_a_gradient_does_not_band_in_bfloat16(registry, model: str) -> None:
    """A sky: in the network's own bfloat16 it would have some 30 steps; with the ends in float32 it has thousands.

    Yet large areas drift by up to a level of 255, some 200 steps at 16 bits: so `exact` documents get float32.
    """
    ramp = np.linspace(0.5, 0.6, 64, dtype=np.float32)
    image = torch.from_numpy(ramp).expand(1, 3, 32, 64).contiguous(memory_format=torch.channels_last)
    loaded = ncnn_weights.load(registry.path(model))
    loaded.module.to(memory_format=torch.channels_last)
    with torch.inference_mode():
        exact = loaded.module(image)
        loaded.lower(torch.bfloat16)
        lowered = loaded.module(image)
    steps = [len(np.unique(np.round(result.numpy() * 65535))) for result in (exact, lowered)]
    assert steps[1] > 0.9 * steps[0] > 1000
    drift = uniform_filter((lowered - exact)[0].numpy() * 255, (0, 16, 16))
    assert 0.1 < np.abs(drift).max() < 1.5
