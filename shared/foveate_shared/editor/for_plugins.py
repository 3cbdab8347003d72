"""All that plugins use of us, by the names that they use: `from ...editor.for_plugins import *` brings it.

A plugin has its own copy of this package in a bundle, and the installed one in a checkout; it alone knows which.
"""

from __future__ import annotations

from .. import errors, geometry, pixels
from ..connection import client, inquiry, pairing_line, private_files, settings
from ..forms import (
    checkpoint_advice,
    checkpoint_choices,
    comparison_lists,
    operation_form,
    parameter_values,
    picture_slots,
    prompt_history,
    typed_values,
)
from ..i18n import translations
from ..jobs import (
    arrange_patches,
    chosen_pictures,
    coverage,
    host,
    job_flow,
    job_list,
    job_records,
    job_status,
    named_pictures,
    results_in_words,
    run_blocking,
    together,
    unclaimed_results,
)
from ..wire import protocol, schema_words
from . import (
    add_model_program,
    controller,
    document_controller,
    end_jobs,
    faces,
    kept_parameters,
    known_server,
    labels,
    model_adder,
    next_job,
    offered_operations,
    open_connection,
    picture_choosers,
    previews,
    typed_settings,
)

__all__ = [
    "add_model_program",
    "arrange_patches",
    "checkpoint_advice",
    "checkpoint_choices",
    "chosen_pictures",
    "client",
    "comparison_lists",
    "controller",
    "coverage",
    "document_controller",
    "end_jobs",
    "errors",
    "faces",
    "geometry",
    "host",
    "inquiry",
    "job_flow",
    "job_list",
    "job_records",
    "job_status",
    "kept_parameters",
    "known_server",
    "labels",
    "model_adder",
    "named_pictures",
    "next_job",
    "offered_operations",
    "open_connection",
    "operation_form",
    "pairing_line",
    "parameter_values",
    "picture_choosers",
    "picture_slots",
    "pixels",
    "previews",
    "private_files",
    "prompt_history",
    "protocol",
    "results_in_words",
    "run_blocking",
    "schema_words",
    "settings",
    "together",
    "translations",
    "typed_settings",
    "typed_values",
    "unclaimed_results",
]
