"""Variations of one wish in the sidebar: their pictures side by side, to apply or to discard."""

from __future__ import annotations

from typing import Any

import bpy

from . import controller
from ._shared import job_list, job_status, labels
from .panel_base import draw_error

_PICTURE_SCALE = 5.0
_COLUMNS = 2


def draw_group(layout: Any, context: bpy.types.Context, entries: list[job_list.JobEntry], title: str) -> None:
    """Draw variations, in the order of their seeds."""
    box = layout.box()
    row = box.row(align=True)
    row.label(text=title, translate=False)
    row.operator("foveate.discard_group", text="", icon="TRASH").group = entries[0].group
    box.label(text=labels.of_variations(entries, controller.get().say), translate=False)
    grid = box.grid_flow(row_major=True, columns=_COLUMNS, even_columns=True)
    for number, entry in enumerate(entries, 1):
        _draw_one(grid.column(align=True), context, number, entry)


def _draw_one(column: Any, context: bpy.types.Context, number: int, entry: job_list.JobEntry) -> None:
    rt, job, status = controller.get(), entry.flow.job, entry.flow.status
    seed = entry.parameters.get("seed", "")
    column.label(text=f"{number} · {seed}", translate=False)
    if icon := rt.previews.icon(entry):
        column.template_icon(icon_value=icon, scale=_PICTURE_SCALE)
    if entry.is_running:
        row = column.row(align=True)
        row.progress(factor=status.fraction, type="BAR", text=job_status.describe(status, rt.say))
        row.operator("foveate.cancel", text="", icon="X").job = job
        return
    if status.error and not labels.was_cancelled(entry):
        draw_error(column, context, status.error)
    if entry.waits_for_person:
        column.operator("foveate.apply_result", text=labels.apply_text(entry, rt.say), icon="CHECKMARK").job = job
    elif entry.host.made:
        column.operator("foveate.show_result", text=rt.say("Show"), icon="IMAGE_DATA").job = job
    row = column.row(align=True)
    row.operator("foveate.use_seed", text=rt.say("Keep seed"), icon="PINNED").job = job
    row.operator("foveate.discard", text="", icon="TRASH").job = job
