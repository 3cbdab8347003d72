"""All that plugins use of us, by the names that they use: `from ...editor.for_plugins import *` brings it.

A plugin has its own copy of this package in a bundle, and the installed one in a checkout; it alone knows which.
"""

from __future__ import annotations

from .. import errors, geometry, pixels
from ..connection import client, pairing_line, settings
from ..forms import (
    add_model,
    checkpoint_advice,
    checkpoint_choices,
    comparison_lists,
    form,
    parameter_values,
    prompt_history,
    typed_values,
)
from ..i18n import translations
from ..jobs import host, job_flow, job_list, job_status, pictures, run_blocking
from ..wire import protocol
from . import controller, labels, open_connection, operations, previews

__all__ = [
    "add_model",
    "checkpoint_advice",
    "checkpoint_choices",
    "client",
    "comparison_lists",
    "controller",
    "errors",
    "form",
    "geometry",
    "host",
    "job_flow",
    "job_list",
    "job_status",
    "labels",
    "open_connection",
    "operations",
    "pairing_line",
    "parameter_values",
    "pictures",
    "pixels",
    "previews",
    "prompt_history",
    "protocol",
    "run_blocking",
    "settings",
    "translations",
    "typed_values",
]
