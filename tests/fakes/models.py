"""The models of the deterministic engine as a server with our operations tells them, and catalogs of others."""

from __future__ import annotations

from collections.abc import Iterable

from foveate_server.engines.deterministic.engine import list_catalog
from foveate_server.models.catalog import Catalog, CatalogModel
from foveate_server.operations.operation import models_taken
from foveate_server.operations.registry import operations
from foveate_shared.wire.protocol import RESTORE, ModelInfo

CATALOG = list_catalog().serving(models_taken(operations()))
MODELS = CATALOG.listing
RESTORERS = tuple(model for model in MODELS if model.kind == RESTORE)
FOR_PROMPTS = tuple(model for model in MODELS if model.kind != RESTORE)  # the checkpoint, and what can be added to it


def catalog_of(infos: Iterable[ModelInfo]) -> Catalog:
    """Return a catalog of models of which nothing is known but what clients are told."""
    return Catalog(tuple(map(CatalogModel, infos)))
