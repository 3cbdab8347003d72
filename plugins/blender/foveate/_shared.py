"""All that this extension uses of `foveate_shared`: the copy in its bundle, else the one that is installed."""

import importlib.util

if importlib.util.find_spec(f"{__package__}._vendor"):
    from ._vendor.foveate_shared import (
        adding,
        checkpoints,
        client,
        comparing,
        driver,
        errors,
        first_steps,
        form,
        geometry,
        host,
        job_status,
        pairing,
        pixels,
        prompts,
        protocol,
        rerender,
        settings,
        startup,
        texts,
        workbench,
    )
elif importlib.util.find_spec("foveate_shared"):
    from foveate_shared import (
        adding,
        checkpoints,
        client,
        comparing,
        driver,
        errors,
        first_steps,
        form,
        geometry,
        host,
        job_status,
        pairing,
        pixels,
        prompts,
        protocol,
        rerender,
        settings,
        startup,
        texts,
        workbench,
    )
else:
    raise ImportError(
        "Foveate's shared part is missing. Install the extension again, from the complete foveate zip file or with "
        "`foveate plugins install blender`"
    )

__all__ = [
    "adding",
    "checkpoints",
    "client",
    "comparing",
    "driver",
    "errors",
    "first_steps",
    "form",
    "geometry",
    "host",
    "job_status",
    "pairing",
    "pixels",
    "prompts",
    "protocol",
    "rerender",
    "settings",
    "startup",
    "texts",
    "workbench",
]
