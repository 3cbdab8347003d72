"""What can be done with jobs that run or have ended: cancel, apply, discard, again; and with the connection."""

import json

import bpy

from . import controller
from ._shared import errors, job_list, open_connection
from .buffers import find
from .checkpoint_text_fields import LARGEST_SEED


class JobAction:
    """An operator on one job; without its id, on the newest that it makes sense for."""

    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender reads it
    nothing = ""  # why it is greyed, where it is

    job: bpy.props.StringProperty(name="Job", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """There must be such a job."""
        if any(map(cls.fits, controller.get().entries)):
            return True
        cls.poll_message_set(controller.get().texts(cls.nothing))
        return False

    @classmethod
    def fits(cls, entry: job_list.JobEntry) -> bool:
        """Tell whether it makes sense for a job."""
        raise NotImplementedError

    def act(self, entry: job_list.JobEntry) -> None:
        """Do it. Raises FoveateError."""
        raise NotImplementedError

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Do it with the job that was meant."""
        entries = [entry for entry in controller.get().entries if self.fits(entry)]
        entry = next((entry for entry in entries if self.job in {"", entry.flow.job}), None)
        if entry is None:
            self.report({"WARNING"}, controller.get().texts(self.nothing))
            return {"CANCELLED"}
        try:
            self.act(entry)
        except errors.FoveateError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class CancelOperator(JobAction, bpy.types.Operator):
    """End the running job; nothing of it is left."""

    bl_idname = "foveate.cancel"
    bl_label = "Cancel"
    bl_description = "End the running job; nothing of it is left"
    nothing = "No job is running"

    @classmethod
    def fits(cls, entry: job_list.JobEntry) -> bool:
        """Tell whether it runs."""
        return entry.is_running

    def act(self, entry: job_list.JobEntry) -> None:
        """Cancel it."""
        controller.get().cancel(entry)


class ApplyResultOperator(JobAction, bpy.types.Operator):
    """Make the new image from the result that waits."""

    bl_idname = "foveate.apply_result"
    bl_label = "Apply Result"
    bl_description = "Make the new image from the result that waits"
    nothing = "No result is waiting"

    @classmethod
    def fits(cls, entry: job_list.JobEntry) -> bool:
        """Tell whether its result waits."""
        return entry.waits_for_person

    def act(self, entry: job_list.JobEntry) -> None:
        """Apply it."""
        controller.get().apply(entry)
        if entry.waits_for_person and entry.flow.status.error:
            raise errors.to_exception(entry.flow.status.error)


class DiscardOperator(JobAction, bpy.types.Operator):
    """Forget this job and its result. Images that were made of it stay."""

    bl_idname = "foveate.discard"
    bl_label = "Discard"
    bl_description = "Forget this job and its result. Images that were made of it stay"
    nothing = "There is nothing to discard"

    @classmethod
    def fits(cls, entry: job_list.JobEntry) -> bool:
        """Tell whether it has ended."""
        return not entry.is_running

    def act(self, entry: job_list.JobEntry) -> None:
        """Discard it."""
        controller.get().discard(entry)


class AgainOperator(JobAction, bpy.types.Operator):
    """Run the same job again, on the image as it is now."""

    bl_idname = "foveate.again"
    bl_label = "Again"
    bl_description = "Run the same job again, on the image as it is now"
    nothing = "There is no job to run again"

    @classmethod
    def fits(cls, entry: job_list.JobEntry) -> bool:
        """Tell whether it has ended, and what it was is known."""
        return not entry.is_running and entry.flow.job in controller.get().tasks

    def act(self, entry: job_list.JobEntry) -> None:
        """Run it."""
        rt = controller.get()
        rt.submit(rt.tasks[entry.flow.job])


class UseSeedOperator(JobAction, bpy.types.Operator):
    """Take this result's seed for the next jobs: what else is changed then shows by itself."""

    bl_idname = "foveate.use_seed"
    bl_label = "Keep Seed"
    bl_description = "Take this result's seed for the next jobs: what else is changed then shows by itself"
    nothing = "No result has a seed"

    @classmethod
    def fits(cls, entry: job_list.JobEntry) -> bool:
        """Tell whether Blender can show its seed."""
        seed = entry.parameters.get("seed")
        return isinstance(seed, int) and seed <= LARGEST_SEED

    def act(self, entry: job_list.JobEntry) -> None:
        """Keep it."""
        values = bpy.context.window_manager.foveate.checkpoint
        values.seed, values.draw_seed = entry.parameters["seed"], False


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


class CopyRecipeOperator(JobAction, bpy.types.Operator):
    """Copy the recipe: what makes the same result again."""

    bl_idname = "foveate.copy_recipe"
    bl_label = "Copy Recipe"
    bl_description = "Copy the recipe: what makes the same result again"
    nothing = "There is no result yet"

    @classmethod
    def fits(cls, entry: job_list.JobEntry) -> bool:
        """Tell whether it has a result."""
        return entry.flow.result is not None

    def act(self, entry: job_list.JobEntry) -> None:
        """Copy it."""
        bpy.context.window_manager.clipboard = json.dumps(entry.flow.result.recipe, indent=2)


class ShowResultOperator(JobAction, bpy.types.Operator):
    """Show the result's image in this editor."""

    bl_idname = "foveate.show_result"
    bl_label = "Show"
    bl_description = "Show the result's image in this editor"
    nothing = "No result has been applied"

    @classmethod
    def fits(cls, entry: job_list.JobEntry) -> bool:
        """Tell whether an image was made of it."""
        host = controller.get().hosts.get(entry.flow.job)
        return host is not None and bool(host.made)

    def act(self, entry: job_list.JobEntry) -> None:
        """Show it."""
        image = find(controller.get().hosts[entry.flow.job].made)
        if image is None:
            raise errors.InputError(
                "The result's image is gone.", remedy="Undo or redo until it is back, or run the job again."
            )
        if bpy.context.space_data is not None and bpy.context.space_data.type == "IMAGE_EDITOR":
            bpy.context.space_data.image = image


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
        context.window_manager.clipboard = open_connection.command_to_copy(controller.get().settings)
        return {"FINISHED"}


CLASSES = (
    CancelOperator,
    ApplyResultOperator,
    DiscardOperator,
    AgainOperator,
    UseSeedOperator,
    DiscardGroupOperator,
    CopyRecipeOperator,
    ShowResultOperator,
    ReconnectOperator,
    CopyCommandOperator,
)
