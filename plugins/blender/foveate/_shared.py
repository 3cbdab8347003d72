"""All that this extension uses of `foveate_shared`: the copy in its bundle, else the one that is installed."""

import importlib.util

if importlib.util.find_spec(f"{__package__}._vendor"):
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
    from ._vendor.foveate_shared.jobs import host, job_flow, job_list, job_status, run_blocking
    from ._vendor.foveate_shared.wire import protocol
elif importlib.util.find_spec("foveate_shared"):
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
    from foveate_shared.jobs import host, job_flow, job_list, job_status, run_blocking
    from foveate_shared.wire import protocol
else:
    raise ImportError(
        "Foveate's shared part is missing. Install the extension again, from the complete foveate zip file or with "
        "`foveate plugins install blender`"
    )

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
    "run_blocking",
    "settings",
    "translations",
]
