"""Engines that a server can be told to use: FOVEATE_ENGINE=fakes.engines:NAME, with this folder on PYTHONPATH."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

from foveate_server.config.server_config import ServerConfig
from foveate_server.engines.contract import EngineSpec
from foveate_server.engines.deterministic.engine import (
    DeterministicEngine,
    Failure,
    Options,
    deterministic_spec,
    list_catalog,
)
from foveate_server.engines.values import Rendering
from foveate_server.models.catalog import Catalog
from foveate_shared.wire.protocol import RESTORE, JsonObject


def slow(config: ServerConfig) -> EngineSpec:
    """The deterministic engine, taking its time for each small tile: long enough to be interrupted."""
    return deterministic_spec(block_seconds=0.5, tile=16)


def endless(config: ServerConfig) -> EngineSpec:
    """The deterministic engine, which ends only when it is cancelled: however long a busy machine takes for that."""
    return deterministic_spec(block_seconds=600, tile=16)


def brisk(config: ServerConfig) -> EngineSpec:
    """The deterministic engine, taking some seconds for a region of 200 pixels: to do something meanwhile."""
    return deterministic_spec(block_seconds=0.02, tile=16)


def unhurried(config: ServerConfig) -> EngineSpec:
    """The deterministic engine, slow enough for a person, or an editor, to do something meanwhile."""
    return deterministic_spec(block_seconds=0.12, tile=16)


def restoring(config: ServerConfig) -> EngineSpec:
    """The deterministic engine without its checkpoint: what a server has before one is added."""
    return replace(deterministic_spec(), catalog=list_restorers)


def list_restorers() -> Catalog:
    """The models of :func:`restoring`."""
    return Catalog(tuple(each for each in list_catalog().models if each.info.kind == RESTORE))


def mortal(config: ServerConfig) -> EngineSpec:
    """The deterministic engine, whose worker is killed at some calls: see :class:`MortalEngine`."""
    return EngineSpec(f"{__name__}:create_mortal", list_catalog, {"folder": str(config.data_dir)})


def create_mortal(options: JsonObject) -> MortalEngine:
    """The factory that :func:`mortal` names."""
    return MortalEngine(Path(str(options["folder"])))


def failing(config: ServerConfig) -> EngineSpec:
    """The deterministic engine, failing once in the way by which a file in the server's data folder is named."""
    return EngineSpec(f"{__name__}:create_failing", list_catalog, {"folder": str(config.data_dir)})


def create_failing(options: JsonObject) -> FailingEngine:
    """The factory that :func:`failing` names."""
    return FailingEngine(Path(str(options["folder"])))


class FailingEngine(DeterministicEngine):
    """See :func:`failing`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Options())
        self._folder = folder

    def upscale(self, *arguments: Any, **options: Any) -> Rendering:
        """See engines.contract.Engine."""
        due = next((failure for failure in Failure if (self._folder / failure.value).exists()), None)
        if due is None:
            return super().upscale(*arguments, **options)
        engine = DeterministicEngine(Options(failure=due, marker=self._folder / due.value))
        return engine.upscale(*arguments, **options)


class MortalEngine(DeterministicEngine):
    """Takes a word out of the file `fates` for each call, and dies by kill -9 where that is "die"; later ones live."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Options())
        self._fates = folder / "fates"

    def upscale(self, *arguments: Any, **options: Any) -> Rendering:
        """See engines.contract.Engine."""
        fate, *later = self._fates.read_text().split() if self._fates.exists() else ["live"]
        self._fates.write_text(" ".join(later or ["live"]))
        if fate == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().upscale(*arguments, **options)
