"""Tiny checkpoints of every family, a library of them, and a picture to start from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage import data

from fakes.checkpoints import TinyCheckpoints
from foveate_server.engines.diffusion.engine import DiffusionEngine
from foveate_server.engines.diffusion.library import Addition, Checkpoint, Files
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.models.download_progress import DownloadProgress


@dataclass
class TinyLibrary:
    """Knows the tiny checkpoints by their names, and under NAME.single as single files."""

    checkpoints: TinyCheckpoints
    fetched: list[str] = field(default_factory=list)
    additions: dict[str, Addition] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def checkpoint(self, name: str | None) -> Checkpoint:
        name = name or "sd1"
        stem = name.removesuffix(".single")
        return Checkpoint(name, f"hash of {name}", stem.partition("-")[0], facts=self.facts.get(stem, {}))

    def files(self, name: str, progress: DownloadProgress) -> Files:
        self.fetched.append(name)
        stem = name.removesuffix(".single")
        with quiet():
            if name == stem:
                return Files(self.checkpoints.folder(name))
            return Files(self.checkpoints.single_file(stem), self.checkpoints.config(stem))

    def addition(self, name: str, kind: str, progress: DownloadProgress) -> Addition:
        return self.additions[name]

    def previews(self, family: str) -> list[str]:
        return [name for name, addition in self.additions.items() if family in addition.fits]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyCheckpoints:
    return TinyCheckpoints(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(scope="session")
def shared_library(tiny: TinyCheckpoints) -> TinyLibrary:
    return TinyLibrary(tiny)


@pytest.fixture
def library(shared_library: TinyLibrary) -> Iterator[TinyLibrary]:
    yield shared_library
    shared_library.additions.clear()
    shared_library.facts.clear()


@pytest.fixture(scope="session")
def shared_engine(shared_library: TinyLibrary) -> DiffusionEngine:
    """Keeps its checkpoints loaded from test to test, as a worker does from job to job."""
    return DiffusionEngine(shared_library, torch.device("cpu"), threads=2)


@pytest.fixture
def engine(shared_engine: DiffusionEngine, library: TinyLibrary) -> DiffusionEngine:
    return shared_engine


@pytest.fixture(scope="session")
def picture() -> NDArray[np.float32]:
    """A face, (64, 96, 3)."""
    image = data.astronaut()[40:168, 140:332].reshape(64, 2, 96, 2, 3).mean(axis=(1, 3))
    return (image / 255).astype(np.float32)
