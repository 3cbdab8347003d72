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
    picture_slots,
    prompt_history,
    typed_values,
)
from ..i18n import translations
from ..jobs import chosen_pictures, host, job_flow, job_list, job_status, pictures, results_in_words, run_blocking
from ..wire import protocol
from . import controller, labels, open_connection, operations, picture_choosers, previews

__all__ = [
    "add_model",
    "checkpoint_advice",
    "checkpoint_choices",
    "chosen_pictures",
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
    "picture_choosers",
    "picture_slots",
    "pictures",
    "pixels",
    "previews",
    "prompt_history",
    "protocol",
    "results_in_words",
    "run_blocking",
    "settings",
    "translations",
    "typed_values",
]
