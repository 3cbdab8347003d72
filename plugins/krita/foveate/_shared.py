"""All that the plugin uses of foveate_shared: its own copy in a bundle, the installed package in a checkout."""

from __future__ import annotations

__all__ = [
    "add_model",
    "checkpoint_advice",
    "checkpoint_choices",
    "client",
    "comparison_lists",
    "errors",
    "form",
    "geometry",
    "host",
    "job_flow",
    "job_list",
    "job_status",
    "open_connection",
    "pairing_line",
    "pixels",
    "prompt_history",
    "protocol",
    "settings",
    "translations",
]

try:
    from ._vendor.foveate_shared import errors, geometry, pixels
    from ._vendor.foveate_shared.connection import client, pairing_line, settings
    from ._vendor.foveate_shared.editor import open_connection
    from ._vendor.foveate_shared.forms import (
        add_model,
        checkpoint_advice,
        checkpoint_choices,
        comparison_lists,
        form,
        prompt_history,
    )
    from ._vendor.foveate_shared.i18n import translations
    from ._vendor.foveate_shared.jobs import host, job_flow, job_list, job_status
    from ._vendor.foveate_shared.wire import protocol
except ModuleNotFoundError as missing:
    if not (missing.name or "").endswith("_vendor"):
        raise
    try:
        from foveate_shared import errors, geometry, pixels
        from foveate_shared.connection import client, pairing_line, settings
        from foveate_shared.editor import open_connection
        from foveate_shared.forms import (
            add_model,
            checkpoint_advice,
            checkpoint_choices,
            comparison_lists,
            form,
            prompt_history,
        )
        from foveate_shared.i18n import translations
        from foveate_shared.jobs import host, job_flow, job_list, job_status
        from foveate_shared.wire import protocol
    except ModuleNotFoundError:
        raise ImportError(
            "This copy of Foveate's plugin is not complete. Install it with `foveate plugins install krita`, "
            "or from foveate-krita.zip."
        ) from None
