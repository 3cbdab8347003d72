"""Puts the server together: the application with the engine that the configuration names."""

from __future__ import annotations

from pkgutil import resolve_name

from foveate_server.app import create_app
from foveate_server.config import ServerConfig
from foveate_server.engines.base import EngineSpec
from foveate_server.serve import Service
from foveate_shared.errors import InputError


def build(config: ServerConfig, token: str) -> Service:
    """Return the service for :func:`foveate_server.serve.run_service`. Raises InputError for an unknown engine."""
    app = create_app(config, engine_of(config), token=token)
    return Service(app, app.status)


def engine_of(config: ServerConfig) -> EngineSpec:
    """Return how workers get their engine. Raises InputError where the setting names none."""
    try:
        factory = resolve_name(config.engine)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            f"The engine {config.engine!r} cannot be found: {error}.",
            remedy="Leave the setting `engine` out, or name a function as package.module:function.",
        ) from None
    spec: EngineSpec = factory(config)
    return spec
