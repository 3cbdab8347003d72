"""Engines that a server can be told to use: FOVEATE_ENGINE=fakes.engines:NAME, with this folder on PYTHONPATH."""

from foveate_server.config import ServerConfig
from foveate_server.engines.base import EngineSpec
from foveate_server.engines.deterministic import deterministic_spec


def slow(config: ServerConfig) -> EngineSpec:
    """The deterministic engine, taking its time for each small tile: long enough to be interrupted."""
    return deterministic_spec(block_seconds=0.5, tile=16)


def brisk(config: ServerConfig) -> EngineSpec:
    """The deterministic engine, taking some seconds for a region of 200 pixels: to do something meanwhile."""
    return deterministic_spec(block_seconds=0.02, tile=16)


def unhurried(config: ServerConfig) -> EngineSpec:
    """The deterministic engine, slow enough for a person, or an editor, to do something meanwhile."""
    return deterministic_spec(block_seconds=0.12, tile=16)
