"""Engines that a server can be told to use: FOVEATE_ENGINE=fakes.engines:NAME, with this folder on PYTHONPATH."""

from foveate_server.config import ServerConfig
from foveate_server.engines.base import EngineSpec
from foveate_server.engines.deterministic import deterministic_spec


def slow(config: ServerConfig) -> EngineSpec:
    """The deterministic engine, taking its time for each small tile: long enough to be interrupted."""
    return deterministic_spec(block_seconds=0.5, tile=16)
