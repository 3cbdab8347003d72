"""Real weights, small random networks, a photo, and a ticker that remembers."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage import data
from torch import nn

from foveate_server.config.server_config import load_config
from foveate_server.engines.restoration.spandrel_adapter import import_spandrel
from foveate_server.models.registry import Registry, open_registry
from foveate_shared.errors import CancelledJobError

Image = NDArray[np.float32]


@dataclass
class RecordingTicker:
    """Remembers what it is told; cancels after `cancel_after` signs of life."""

    cancel_after: int | None = None
    fractions: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)  # seconds, that were said beforehand
    checks: int = 0
    gave_way: int = 0  # so many times
    guests: dict[int, Callable[[], object]] = field(default_factory=dict)  # by when they come in

    def check(self) -> None:
        self.checks += 1
        if self.cancel_after is not None and self.checks > self.cancel_after:
            raise CancelledJobError("cancelled")

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        self.fractions.append(fraction)
        self.check()

    def give_way(self) -> bool:
        self.gave_way += 1
        guest = self.guests.pop(self.gave_way, None)
        if guest is not None:
            guest()
        return guest is not None

    def get_ready(self, stage: str, seconds: float) -> None:
        self.waits.append(seconds)
        self.check()

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture(scope="session")
def make_ticker() -> type[RecordingTicker]:
    return RecordingTicker


@pytest.fixture
def ticker() -> RecordingTicker:
    return RecordingTicker()


@pytest.fixture(autouse=True)
def two_threads() -> None:
    torch.set_num_threads(2)


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The registry of this machine's user: its cache holds the weights after the first run."""
    return open_registry(load_config(environment=os.environ))


@pytest.fixture(scope="session")
def photo() -> Image:
    """A public-domain portrait, (512, 512, 3)."""
    return (data.astronaut() / np.float32(255)).astype(np.float32)


@pytest.fixture(scope="session")
def make_swin() -> Callable[[], nn.Module]:
    """A transformer, small and random, that only spandrel knows."""
    import_spandrel("a test")
    from spandrel.architectures.SwinIR import SwinIR

    def make() -> nn.Module:
        torch.manual_seed(0)
        return SwinIR(
            img_size=16, depths=[2], num_heads=[2], embed_dim=16, window_size=8, mlp_ratio=2, upscale=2,
            upsampler="pixelshuffledirect", resi_connection="1conv",
        ).eval()  # fmt: skip

    return make


WriteNcnn = Callable[..., Path]


@pytest.fixture(scope="session")
def write_ncnn() -> WriteNcnn:
    return _write_ncnn


def _write_ncnn(module: nn.Module, binary: Path, *, half: bool = True) -> Path:
    """Write the convolutions and PReLUs of `module` as ncnn would; the topology's other lines do not matter here."""
    lines, chunks = ["7767517", "1 1"], []
    for name, layer in module.named_modules():
        if isinstance(layer, nn.Conv2d):
            weight = layer.weight.detach().numpy()
            lines.append(f"Convolution {name} 1 1 a b 0={weight.shape[0]} 1=3 4=1 5=1 6={weight.size}")
            raw = weight.astype("<f2" if half else "<f4").tobytes()
            chunks += [(0x01306B47 if half else 0).to_bytes(4, "little"), raw, b"\0" * (-len(raw) % 4)]
            assert layer.bias is not None
            chunks.append(layer.bias.detach().numpy().astype("<f4").tobytes())
        elif isinstance(layer, nn.PReLU):
            lines.append(f"PReLU {name} 1 1 a b 0={layer.num_parameters}")
            chunks.append(layer.weight.detach().numpy().astype("<f4").tobytes())
    binary.with_suffix(".param").write_text("\n".join(lines) + "\n")
    binary.write_bytes(b"".join(chunks))
    return binary


@pytest.fixture(scope="session")
def levels() -> Callable[[Image, Image], float]:
    return _levels


def _levels(a: Image, b: Image) -> float:
    """Return the largest difference of two images once both are 8-bit, in levels."""
    quantized = [np.round(np.clip(image, 0, 1) * 255) for image in (a, b)]
    return float(np.abs(quantized[0] - quantized[1]).max())
