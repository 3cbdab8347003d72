"""Jobs in the sidebar: what runs, what has ended, and variations of one wish, to choose from."""

from __future__ import annotations

from typing import Any

import bpy

from . import controller
from ._shared import job_list, job_status, labels, undone_results
from .panel_base import draw_error, draw_lines, letters_in

_SCALE, _SMALL_SCALE = 8, 5  # of previews: of one job, and of variations side by side
_SHORTEST = 8  # letters on a bar
_COLUMNS = 2  # of variations

Entries = list[job_list.JobEntry]


def draw_jobs(layout: Any, context: bpy.types.Context, *, running: bool) -> None:
    """Draw the wishes of which something runs, or those that have ended: the newest first."""
    for entries in controller.get().groups():
        if any(entry.is_running for entry in entries) is running:
            draw = _draw_group if entries[0].group else _draw_running if running else _draw_ended
            draw(layout.box(), context, entries)


def _draw_running(box: Any, context: bpy.types.Context, entries: Entries) -> None:
    (entry,) = entries
    box.label(text=entry.title, translate=False)
    _draw_progress(box, context, entry)
    if summary := entry.flow.status.summary:
        draw_lines(box, context, controller.get().say.sentence(summary), "NONE")
    _draw_question(box, context, entry)
    _draw_preview(box, entry)


def _draw_ended(box: Any, context: bpy.types.Context, entries: Entries) -> None:
    (entry,), rt = entries, controller.get()
    error, job = entry.flow.status.error, entry.flow.job
    row = box.row(align=True)
    row.label(text=entry.title, icon=_ending_icon(entry), translate=False)
    if not entry.is_left:
        row.operator("foveate.again", text="", icon="FILE_REFRESH").job = job
    if entry.flow.result is not None:
        row.operator("foveate.copy_recipe", text="", icon="COPYDOWN").job = job
    row.operator("foveate.discard", text="", icon="TRASH").job = job
    if error and labels.was_cancelled(entry):
        draw_lines(box, context, rt.say.sentence(str(error)), "INFO")
    elif error:
        draw_error(box, context, error)
    for note in labels.notes(entry, rt.say):
        draw_lines(box, context, note, "INFO")
    if entry.waits_for_person:
        _draw_preview(box, entry)
    _draw_next(box, entry, entry.host.made)


def _draw_group(box: Any, context: bpy.types.Context, entries: Entries) -> None:
    """Draw variations, in the order of their seeds."""
    rt, row = controller.get(), box.row(align=True)
    row.label(text=entries[0].title, translate=False)
    row.operator("foveate.discard_group", text="", icon="TRASH").group = entries[0].group
    box.label(text=labels.of_variations(entries, rt.say), translate=False)
    held = [entry for entry in entries if entry.flow.is_held]
    if held:
        _draw_question(box, context, held[0])
    grid = box.grid_flow(row_major=True, columns=_COLUMNS, even_columns=True)
    for number, entry in enumerate(entries, 1):
        column, job = grid.column(align=True), entry.flow.job
        column.label(text=f"{number} · {entry.parameters.get('seed', '')}", translate=False)
        if icon := rt.previews.icon(entry):
            column.template_icon(icon_value=icon, scale=_SMALL_SCALE)
        if entry.is_running:
            _draw_progress(column, context, entry, columns=_COLUMNS)
            continue
        if entry.flow.status.error and not labels.was_cancelled(entry):
            draw_error(column, context, entry.flow.status.error)
        _draw_next(column, entry, rt.say("Show"))
        row = column.row(align=True)
        row.operator("foveate.use_seed", text=rt.say("Keep seed"), icon="PINNED").job = job
        row.operator("foveate.discard", text="", icon="TRASH").job = job


def _draw_question(box: Any, context: bpy.types.Context, entry: job_list.JobEntry) -> None:
    """Draw what was asked before a job is made that takes long: also where the dialog was lost with its window."""
    rt = controller.get()
    if question := rt.question(entry):
        draw_lines(box, context, question, "QUESTION")
        row = box.row()
        row.operator_context = "EXEC_DEFAULT"  # this is the answer
        row.operator("foveate.begin", text=rt.say("Begin"), icon="PLAY").job = entry.flow.job


def _draw_progress(layout: Any, context: bpy.types.Context, entry: job_list.JobEntry, *, columns: int = 1) -> None:
    """Draw how far a job is: on the bar what fits, the time left first; a whole sentence on lines of its own."""
    row, status, say = layout.row(align=True), entry.flow.status, controller.get().say
    longest = max(_SHORTEST, letters_in(context) // columns)
    is_long = len(say.sentence(status.text)) > longest
    text = f"{status.fraction:.0%}" if is_long else job_status.describe_shortly(status, say, longest)
    row.progress(factor=status.fraction, type="BAR", text=text)
    row.operator("foveate.cancel", text="", icon="X").job = entry.flow.job
    if is_long and columns == 1:
        draw_lines(layout, context, say.sentence(status.text), "NONE")


def _draw_next(layout: Any, entry: job_list.JobEntry, shows: str) -> None:
    """Draw what comes next: to make what a result lacks, to apply it, or to show the image that it became."""
    if entry.can_make_rest:
        text = controller.get().say("Make the rest")
        layout.operator("foveate.make_rest", text=text, icon="FILE_REFRESH").job = entry.flow.job
    if entry.waits_for_person:
        text = labels.apply_text(entry, controller.get().say)
        layout.operator("foveate.apply_result", text=text, icon="CHECKMARK").job = entry.flow.job
    elif undone_results.is_undone(entry):
        text = controller.get().say("Apply")
        layout.operator("foveate.bring_back", text=text, icon="CHECKMARK").job = entry.flow.job
    elif entry.host.made:
        layout.operator("foveate.show_result", text=shows, icon="IMAGE_DATA", translate=False).job = entry.flow.job


def _draw_preview(box: Any, entry: job_list.JobEntry) -> None:
    rt = controller.get()
    if icon := rt.previews.icon(entry):
        box.label(text=rt.say("Preview, not applied"), icon="HIDE_OFF")
        box.template_icon(icon_value=icon, scale=_SCALE)


def _ending_icon(entry: job_list.JobEntry) -> str:
    if entry.flow.status.error is not None:
        return "X" if labels.was_cancelled(entry) else "ERROR"
    return "CHECKMARK" if entry.is_applied else "QUESTION" if entry.waits_for_person else "X"
