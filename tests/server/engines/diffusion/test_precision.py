"""In which precision the autoencoder computes, as a GPU has it lower; here on the processor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from fakes.tickers import RecordingTicker
from foveate_server.engines.diffusion import engine as engines
from foveate_server.engines.diffusion.engine import DiffusionEngine
from foveate_server.engines.diffusion.load_vae import Pristine
from foveate_server.engines.diffusion.precision import choose_placement
from foveate_server.engines.diffusion_request import DiffusionRequest, Prompt, Sampling
from foveate_server.engines.values import Pinned

CPU = torch.device("cpu")


@pytest.fixture
def low(library, monkeypatch) -> DiffusionEngine:
    """An engine whose checkpoints are placed as on a GPU: with an autoencoder in bfloat16."""

    def placed(family, device, pinned):
        return replace(choose_placement(family, device, "float32"), vae=torch.bfloat16)

    monkeypatch.setattr(engines, "choose_placement", placed)
    return DiffusionEngine(library, CPU, threads=2)


def rendered(engine, picture, **changes):
    request = DiffusionRequest(picture, None, "sd1", Prompt("a face"), 0.4, (5,), sampling=Sampling(2), **changes)
    return engine.diffuse(request, ticker=RecordingTicker()).images[0]


def test_a_deep_document_s_autoencoder_computes_in_32_bits(low, engine, picture):
    rough, exact, again = (rendered(low, picture, exact=deep) for deep in (False, True, False))
    assert again.tobytes() == rough.tobytes()  # what was asked for before is forgotten
    assert next(low.loaded[0].vae.parameters()).dtype is torch.bfloat16
    assert len(low.loaded) == 1
    fine = rendered(engine, picture, exact=True, pinned=Pinned("float32"))
    assert exact.tobytes() == fine.tobytes()
    assert len(np.unique(exact)) > 4 * len(np.unique(rough))  # bfloat16 has 256 values from 0.5 to 1, on -1 to 1


@torch.inference_mode()
def test_rounded_weights_do_not_come_back():
    vae = torch.nn.Conv2d(3, 3, 1)
    vae.half()
    before = vae.weight.clone()
    dtypes = []
    pristine = Pristine(_Typed(vae))
    for dtype in (torch.bfloat16, torch.float32, torch.bfloat16, torch.float16, torch.float32):
        pristine.compute_in(dtype)
        dtypes.append(vae.weight.dtype)
        assert torch.equal(vae.weight, before.to(dtype))
    assert dtypes == [torch.bfloat16, torch.float32, torch.bfloat16, torch.float16, torch.float32]


class _Typed:
    """A module that tells its dtype, as diffusers' do."""

    def __init__(self, module: torch.nn.Module) -> None:
        self._module = module

    @property
    def dtype(self) -> torch.dtype:
        return next(self._module.parameters()).dtype

    def state_dict(self):
        return self._module.state_dict()

    def to(self, dtype):
        self._module.to(dtype)
