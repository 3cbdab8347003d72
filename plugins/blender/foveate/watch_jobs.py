"""Jobs that a button has started, in Blender's status bar until they end; Esc cancels them.

Blender ends such an operator with its window, and all of them when a file is opened. Another one goes on then.
"""

from __future__ import annotations

import contextlib

import bpy

from . import controller
from ._shared import errors, job_flow, job_list, job_status, labels
from .act_operator import reporting
from .document import BlenderHost

_TICK_SECONDS = 0.1

Entries = list[job_list.JobEntry]


class JobWatcher:
    """What an operator needs for that."""

    def watch(self, context: bpy.types.Context, entries: Entries) -> set[str]:
        """Begin; Blender calls :meth:`modal` from now on."""
        manager, self._entries = context.window_manager, entries
        self._unwatched = controller.get().unwatched  # kept: Blender may end this after us
        self._timer = manager.event_timer_add(_TICK_SECONDS, window=context.window)
        manager.progress_begin(0, 100)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Show how far it is."""
        rt, running = controller.get(), [entry for entry in self._entries if entry.is_running]
        if event.type == "ESC" and event.value == "PRESS" and running:
            for entry in running:
                rt.cancel(entry)
            self._clean_up(context)
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if running:
            words = rt.say(running[0].host.wanted.words)
            line = f"{words}: {job_status.describe(running[0].flow.status, rt.say)}"
            context.workspace.status_text_set(f"{line} ({rt.say('Esc: cancel')})")
            fractions = [entry.flow.status.fraction if entry in running else 1 for entry in self._entries]
            context.window_manager.progress_update(100 * sum(fractions) / len(fractions))
            return {"PASS_THROUGH"}
        self._clean_up(context)
        return reporting(self, self._end)

    def cancel(self, context: bpy.types.Context) -> None:
        """Clean up, and let another one go on: Blender calls this when the window closes, or a file is opened."""
        self._clean_up(context)
        self._unwatched.append(self._entries)

    def tell(self, host: BlenderHost, status: job_flow.JobProgress) -> None:
        """Report what came of a job."""
        say, notes = controller.get().say, (*status.notes, *host.told)
        for note in notes:
            self.report({"INFO"}, say.sentence(note))
        if host.made:
            self.report({"INFO"}, say("Made {name}", name=host.made))
        elif not notes:
            self.report({"INFO"}, say("Nothing needed to be changed"))

    def _clean_up(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        if context.workspace:
            context.workspace.status_text_set(None)

    def _end(self) -> set[str]:
        if len(self._entries) > 1 and any(entry.waits_for_person for entry in self._entries):
            self.report({"INFO"}, controller.get().say("The variations wait in the panel"))
            return {"FINISHED"}
        entry = self._entries[0]
        status = entry.flow.status
        if status.error and not labels.was_cancelled(entry):
            raise errors.to_exception(status.error)
        if entry.is_applied:
            self.tell(entry.host, status)
        return {"FINISHED"}


class WatchOperator(JobWatcher, bpy.types.Operator):
    """Goes on with jobs whose operator Blender has ended."""

    bl_idname = "foveate.watch"
    bl_label = "Watch Jobs"
    bl_description = "Show in the status bar how far jobs are whose window was closed"
    bl_options = {"INTERNAL"}  # noqa: RUF012 - Blender reads it

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Take the first of them."""
        unwatched = controller.get().unwatched
        return self.watch(context, unwatched.pop(0)) if unwatched else {"CANCELLED"}


def go_on() -> None:
    """Watch the jobs that nobody watches any more, in the first window, where there is one."""
    windows, unwatched = bpy.context.window_manager.windows, controller.get().unwatched
    for _ in list(unwatched) if windows else ():
        with contextlib.suppress(RuntimeError), bpy.context.temp_override(window=windows[0]):
            bpy.ops.foveate.watch("INVOKE_DEFAULT")


CLASSES = (WatchOperator,)
