"""What can be done with jobs that run or have ended: cancel, apply, discard, again; and with the connection."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bpy

from . import controller, parameters
from ._shared import errors, job_list
from .buffers import find


@dataclass(frozen=True)
class JobAction:
    """What can be done with one job. Texts are English."""

    name: str  # of the operator, after "foveate."
    label: str
    description: str
    nothing: str  # why it is greyed, where it is
    fits: Callable[[job_list.JobEntry], bool]  # whether it makes sense for a job
    act: Callable[[job_list.JobEntry], object]  # raises FoveateError


class JobActionOperator:
    """An operator on one job; without its id, on the newest that it makes sense for."""

    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender reads it
    action: JobAction

    job: bpy.props.StringProperty(name="Job", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """There must be such a job."""
        if any(map(cls.action.fits, controller.get().entries)):
            return True
        cls.poll_message_set(controller.get().say(cls.action.nothing))
        return False

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Do it with the job that was meant."""
        say = controller.get().say
        entries = [entry for entry in controller.get().entries if self.action.fits(entry)]
        entry = next((entry for entry in entries if self.job in {"", entry.flow.job}), None)
        if entry is None:
            self.report({"WARNING"}, say(self.action.nothing))
            return {"CANCELLED"}
        try:
            self.action.act(entry)
        except errors.FoveateError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


def _has_ended(entry: job_list.JobEntry) -> bool:
    return not entry.is_running


def _apply(entry: job_list.JobEntry) -> None:
    controller.get().apply(entry)
    if entry.waits_for_person and entry.flow.status.error:
        raise errors.to_exception(entry.flow.status.error)


def _again(entry: job_list.JobEntry) -> None:
    controller.get().begin(entry.host.wanted, is_new_wish=False)


def _has_usable_seed(entry: job_list.JobEntry) -> bool:
    """Tell whether Blender can show its seed."""
    seed = entry.parameters.get("seed")
    return isinstance(seed, int) and seed <= parameters.LARGEST_SEED


def _keep_seed(entry: job_list.JobEntry) -> None:
    parameters.keep_seed(bpy.context.window_manager.foveate, entry.parameters["seed"])


def _copy_recipe(entry: job_list.JobEntry) -> None:
    bpy.context.window_manager.clipboard = json.dumps(entry.flow.result.recipe, indent=2)


def _show(entry: job_list.JobEntry) -> None:
    image = find(entry.host.made)
    if image is None:
        raise errors.InputError(
            "The result's image is gone.", remedy="Undo or redo until it is back, or run the job again."
        )
    if bpy.context.space_data is not None and bpy.context.space_data.type == "IMAGE_EDITOR":
        bpy.context.space_data.image = image


_ACTIONS = (
    JobAction(
        "cancel", "Cancel", "End the running job; nothing of it is left", "No job is running",
        lambda entry: entry.is_running, lambda entry: controller.get().cancel(entry),
    ),
    JobAction(
        "apply_result", "Apply Result", "Make the new image from the result that waits", "No result is waiting",
        lambda entry: entry.waits_for_person, _apply,
    ),
    JobAction(
        "discard", "Discard", "Forget this job and its result. Images that were made of it stay",
        "There is nothing to discard", _has_ended, lambda entry: controller.get().discard(entry),
    ),
    JobAction(
        "again", "Again", "Run the same job again, on the image as it is now", "There is no job to run again",
        _has_ended, _again,
    ),
    JobAction(
        "use_seed", "Keep Seed", "Take this result's seed for the next jobs: what else is changed then shows by itself",
        "No result has a seed", _has_usable_seed, _keep_seed,
    ),
    JobAction(
        "copy_recipe", "Copy Recipe", "Copy the recipe: what makes the same result again", "There is no result yet",
        lambda entry: entry.flow.result is not None, _copy_recipe,
    ),
    JobAction(
        "show_result", "Show", "Show the result's image in this editor", "No result has been applied",
        lambda entry: bool(entry.host.made), _show,
    ),
)  # fmt: skip


def _operator(action: JobAction) -> Any:
    named = {"bl_idname": f"foveate.{action.name}", "bl_label": action.label, "bl_description": action.description}
    title = action.label.title().replace(" ", "")
    return type(f"{title}Operator", (JobActionOperator, bpy.types.Operator), {**named, "action": action})


class DiscardGroupOperator(bpy.types.Operator):
    """Forget all variations that were not applied."""

    bl_idname = "foveate.discard_group"
    bl_label = "Discard Variations"
    bl_description = "Forget these variations and their results. Images that were made of them stay"

    group: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Discard them; without a group, those of the newest."""
        rt = controller.get()
        group = self.group or next((entry.group for entry in rt.entries if entry.group), "")
        for entry in [entry for entry in rt.entries if group and entry.group == group]:
            rt.discard(entry)
        return {"FINISHED"}


class ReconnectOperator(bpy.types.Operator):
    """Look for the server again, with the settings as they are now."""

    bl_idname = "foveate.reconnect"
    bl_label = "Connect Again"
    bl_description = "Look for the server again, with the settings as they are now"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Connect anew."""
        controller.get().reconnect()
        return {"FINISHED"}


class CopyCommandOperator(bpy.types.Operator):
    """Copy the command that starts the server, for a terminal."""

    bl_idname = "foveate.copy_command"
    bl_label = "Copy Server Command"
    bl_description = "Copy the command that starts the server, for a terminal"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Copy it."""
        context.window_manager.clipboard = controller.get().command
        return {"FINISHED"}


CLASSES = (*map(_operator, _ACTIONS), DiscardGroupOperator, ReconnectOperator, CopyCommandOperator)
