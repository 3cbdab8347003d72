"""The question before a job that takes long, on all of an image since nothing is selected: Blender's own dialog."""

from __future__ import annotations

import contextlib
import textwrap

import bpy

from . import controller
from ._shared import job_list
from .act_operator import is_possible

_WIDTH = 360  # of the dialog, in Blender's units
_LETTERS = 58  # that fit into a line of it


class BeginOperator(bpy.types.Operator):
    """A yes lets the job be made, with all variations of its wish; a no ends them."""

    bl_idname = "foveate.begin"
    bl_label = "Begin"
    bl_description = "Make it, although it takes long"

    job: bpy.props.StringProperty(name="Job", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """There must be such a job."""
        return is_possible(cls, "" if _held() else controller.get().say("No job waits for a yes"))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask; answers are execute() and cancel()."""
        title, yes = "Foveate", controller.get().say("Begin")
        return context.window_manager.invoke_props_dialog(self, width=_WIDTH, title=title, confirm_text=yes)

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the question."""
        rt, column = controller.get(), self.layout.column(align=True)
        for entry in self._meant():
            for line in textwrap.wrap(f"{entry.title}. {rt.question(entry)}", _LETTERS):
                column.label(text=line, translate=False)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Begin."""
        for entry in self._meant():
            controller.get().begin(entry)
        return {"FINISHED"}

    def cancel(self, _context: bpy.types.Context) -> None:
        """End it, with its variations: nothing was made yet."""
        for entry in self._meant():
            for each in [each for each in _held() if each.wish == entry.wish]:
                controller.get().cancel(each)

    def _meant(self) -> list[job_list.JobEntry]:
        """Return the job: without an id, the newest; none where it has begun or ended meanwhile."""
        return [entry for entry in _held() if self.job in {"", entry.flow.job}][:1]


def ask(job: str) -> None:
    """Open the dialog, in a window with an image editor, where there is any; the panel asks the same."""
    windows = bpy.context.window_manager.windows
    if not windows:
        return
    editing = [window for window in windows if any(area.type == "IMAGE_EDITOR" for area in window.screen.areas)]
    with contextlib.suppress(RuntimeError), bpy.context.temp_override(window=(editing or windows)[0]):
        bpy.ops.foveate.begin("INVOKE_DEFAULT", job=job)


def _held() -> list[job_list.JobEntry]:
    return [entry for entry in controller.get().entries if entry.flow.is_held]


CLASSES = (BeginOperator,)
