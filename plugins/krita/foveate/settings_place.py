"""Where the plugin keeps its settings: beside Krita's own resources of this user; and what lies beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ._shared import known_server, protocol, settings


def settings_path(krita: Any) -> Path:
    """Return the file with the settings; `krita` is Krita's module."""
    return Path(krita.Krita.getAppDataLocation()) / settings.PLUGIN_FILES["krita"]


def known_models(krita: Any) -> Sequence[protocol.ModelInfo]:
    """Return the models that the server told last."""
    return known_server.load(settings_path(krita).with_name(known_server.FILE_NAME))[1]
