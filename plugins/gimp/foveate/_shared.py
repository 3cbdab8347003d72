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


add_model = _module("forms.add_model")
checkpoint_advice = _module("forms.checkpoint_advice")
checkpoint_choices = _module("forms.checkpoint_choices")
client = _module("connection.client")
comparison_lists = _module("forms.comparison_lists")
controller = _module("editor.controller")
errors = _module("errors")
form = _module("forms.form")
geometry = _module("geometry")
host = _module("jobs.host")
inquiry = _module("connection.inquiry")
job_flow = _module("jobs.job_flow")
job_list = _module("jobs.job_list")
job_status = _module("jobs.job_status")
known_server = _module("editor.known_server")
labels = _module("editor.labels")
model_adder = _module("editor.model_adder")
open_connection = _module("editor.open_connection")
operations = _module("editor.operations")
pairing_line = _module("connection.pairing_line")
pictures = _module("jobs.pictures")
parameter_values = _module("forms.parameter_values")
pixels = _module("pixels")
private_files = _module("connection.private_files")
protocol = _module("wire.protocol")
run_blocking = _module("jobs.run_blocking")
running_server = _module("connection.running_server")
settings = _module("connection.settings")
translations = _module("i18n.translations")
unclaimed_results = _module("jobs.unclaimed_results")
websocket = _module("connection.websocket")
