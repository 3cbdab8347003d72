"""All that the plugin uses of foveate_shared: its own copy in a bundle, the installed package in a checkout."""

from __future__ import annotations

try:
    from .foveate_shared.editor.for_plugins import *  # noqa: F403
except ModuleNotFoundError as missing:
    if not (missing.name or "").endswith(".foveate_shared"):
        raise
    try:
        from foveate_shared.editor.for_plugins import *  # noqa: F403
    except ModuleNotFoundError:
        raise ImportError(
            "This copy of Foveate's plugin is not complete. Install it with `foveate plugins install krita`, "
            "or from foveate-krita.zip."
        ) from None
