"""A graphics card, checkpoints with random weights (published sizes on a card), and tickers.

FOVEATE_TEST_DEVICE=cpu tries these tests themselves, with tiny networks and without what only a card can show.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage import data

from fakes.full_size import Checkpoints
from fakes.tickers import RecordingTicker
from foveate_server.engines.diffusion.engine import DiffusionEngine


@pytest.fixture(scope="session")
def device() -> torch.device:
    wanted = os.environ.get("FOVEATE_TEST_DEVICE", "cuda")
    if wanted == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no graphics card")
    return torch.device(wanted)


@pytest.fixture(scope="session")
def card(device: torch.device) -> torch.device:
    """For what only a card can show."""
    if device.type != "cuda":
        pytest.skip("it takes a graphics card")
    return device


@pytest.fixture(scope="session")
def full(device: torch.device) -> bool:
    return device.type == "cuda"


@pytest.fixture(scope="session")
def checkpoints(device: torch.device, tmp_path_factory: pytest.TempPathFactory) -> Checkpoints:
    kept = os.environ.get("FOVEATE_TEST_CHECKPOINTS")  # a folder, for runs one after the other
    return Checkpoints(Path(kept) if kept else tmp_path_factory.mktemp("checkpoints"), device)


@pytest.fixture(scope="module")
def engine(checkpoints: Checkpoints, device: torch.device) -> Iterator[DiffusionEngine]:
    engine = DiffusionEngine(checkpoints, device)
    yield engine
    engine.release()


@pytest.fixture
def ticker() -> RecordingTicker:
    return RecordingTicker()


@pytest.fixture(scope="session")
def photo() -> NDArray[np.float32]:
    """(512, 512, 3), 0 to 1."""
    return (data.astronaut() / np.float32(255)).astype(np.float32)


@pytest.fixture
def limited(card: torch.device) -> Iterator[object]:
    """Call it with a number of bytes: torch may then take no more of the card, until the test ends."""

    def limit(size: float) -> None:
        torch.cuda.empty_cache()
        whole = torch.cuda.get_device_properties(card).total_memory
        torch.cuda.set_per_process_memory_fraction(size / whole, torch.cuda.current_device())

    yield limit
    torch.cuda.set_per_process_memory_fraction(1.0, torch.cuda.current_device())
    torch.cuda.empty_cache()
