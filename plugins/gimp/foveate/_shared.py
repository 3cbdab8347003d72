"""All that this plugin uses of `foveate_shared`: the copy in its bundle, else the one that is installed."""

from __future__ import annotations

import importlib
import importlib.util

_BUNDLED = f"{__package__}._vendor"

if importlib.util.find_spec(_BUNDLED) is not None:
    _PACKAGE = f"{_BUNDLED}.foveate_shared"
elif importlib.util.find_spec("foveate_shared") is not None:
    _PACKAGE = "foveate_shared"
else:
    raise ImportError(
        "its shared part is missing. Install the plugin again with `foveate plugins install gimp`, "
        "or unpack the complete foveate-gimp zip file"
    )


def _module(name: str):  # noqa: ANN202 - a module
    return importlib.import_module(f"{_PACKAGE}.{name}")


adding = _module("adding")
checkpoints = _module("checkpoints")
client = _module("client")
comparing = _module("comparing")
discovery = _module("discovery")
driver = _module("driver")
errors = _module("errors")
first_steps = _module("first_steps")
form = _module("form")
geometry = _module("geometry")
host = _module("host")
job_status = _module("job_status")
pairing = _module("pairing")
pixels = _module("pixels")
private_files = _module("private_files")
prompts = _module("prompts")
protocol = _module("protocol")
rerender = _module("rerender")
settings = _module("settings")
startup = _module("startup")
texts = _module("texts")
transport = _module("transport")
waiting = _module("waiting")
workbench = _module("workbench")
