"""The detector with its real weights, and a ticker that counts."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import numpy as np
import pytest
from skimage import data

from foveate_server.config.server_config import load_config
from foveate_server.models.registry import open_registry


@dataclass
class CountingTicker:
    checks: int = 0
    fractions: list[float] = field(default_factory=list)

    def check(self) -> None:
        self.checks += 1

    def give_way(self) -> bool:
        return False

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        self.check()
        assert stage
        assert 0 <= fraction <= 1
        self.fractions.append(fraction)

    def note(self, text: str) -> None:
        raise AssertionError(text)


@pytest.fixture
def ticker() -> CountingTicker:
    return CountingTicker()


@pytest.fixture(scope="session")
def weights_path():
    return open_registry(load_config(environment=os.environ)).path("centerface")


@pytest.fixture(scope="session")
def detector(weights_path):
    from foveate_server.engines.detection.centerface import CenterFace

    return CenterFace(weights_path, threads=2)


@pytest.fixture(scope="session")
def portrait() -> np.ndarray:
    """A real photo of one face, some 85 x 110 pixels, (210, 210, 3) u8."""
    return np.ascontiguousarray(data.astronaut()[20:230, 120:330])
