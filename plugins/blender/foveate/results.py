"""What can be done with jobs that run or have ended: cancel, apply, discard, again."""

import json
from collections.abc import Callable
from typing import Any

import bpy

from . import controller, parameters
from ._shared import errors, job_list, undone_results
from .act_operator import act_operator

JobAct = Callable[[job_list.JobEntry], object]


def _job_operator(name: str, label: str, nothing: str, fits: JobAct) -> Callable[[JobAct], Any]:
    """Return what makes an operator of a function on one job; without its id, on the newest that it makes sense for.

    `fits` tells whether it makes sense for a job, and `nothing` is said where there is none such.
    """

    def make(act: JobAct) -> Any:
        def reason() -> str:
            return "" if any(map(fits, controller.get().entries)) else controller.get().say(nothing)

        def on_job(self: Any, _context: bpy.types.Context) -> object:
            entries = [entry for entry in controller.get().entries if fits(entry)]
            entry = next((entry for entry in entries if self.job in {"", entry.flow.job}), None)
            if entry is None:
                self.report({"WARNING"}, controller.get().say(nothing))
                return False
            return act(entry)

        on_job.__doc__ = act.__doc__
        job = bpy.props.StringProperty(name="Job", options={"HIDDEN", "SKIP_SAVE"})
        return act_operator(name, label, reason=reason, options={"REGISTER"}, job=job)(on_job)

    return make


def _has_ended(entry: job_list.JobEntry) -> bool:
    return not entry.is_running


def _can_run_again(entry: job_list.JobEntry) -> bool:
    """Tell whether it is known on which image and which region: of one of an earlier session, it is not."""
    return _has_ended(entry) and not entry.is_left


def _has_usable_seed(entry: job_list.JobEntry) -> bool:
    """Tell whether Blender can show its seed."""
    seed = entry.parameters.get("seed")
    return isinstance(seed, int) and seed <= parameters.LARGEST_SEED


@_job_operator("cancel", "Cancel", "No job is running", lambda entry: entry.is_running)
def _cancel(entry: job_list.JobEntry) -> None:
    """End the running job; nothing of it is left."""
    controller.get().cancel(entry)


@_job_operator("apply_result", "Apply Result", "No result is waiting", lambda entry: entry.waits_for_person)
def _apply(entry: job_list.JobEntry) -> None:
    """Make the new image from the result that waits."""
    controller.get().apply(entry)
    if entry.waits_for_person and entry.flow.status.error:
        raise errors.to_exception(entry.flow.status.error)


@_job_operator("bring_back", "Bring Back", "No result was undone", undone_results.is_undone)
def _bring_back(entry: job_list.JobEntry) -> None:
    """Make the new image once more: it was applied, and undone."""
    entry.host.apply(entry.flow.result)
    controller.get().announce()


@_job_operator("discard", "Discard", "There is nothing to discard", _has_ended)
def _discard(entry: job_list.JobEntry) -> None:
    """Forget this job and its result. Images that were made of it stay."""
    controller.get().discard(entry)


@_job_operator("make_rest", "Make the Rest", "No job has a part that failed", lambda entry: entry.can_make_rest)
def _make_rest(entry: job_list.JobEntry) -> None:
    """Try again what failed of this job; the finished parts stay."""
    controller.get().make_rest(entry)


@_job_operator("again", "Again", "There is no job to run again", _can_run_again)
def _again(entry: job_list.JobEntry) -> None:
    """Run the same job again, on the image as it is now."""
    controller.get().begin_wanted(entry.host.wanted, is_new_wish=False)


@_job_operator("use_seed", "Keep Seed", "No result has a seed", _has_usable_seed)
def _keep_seed(entry: job_list.JobEntry) -> None:
    """Take this result's seed for the next jobs: what else is changed then shows by itself."""
    parameters.keep_seed(bpy.context.window_manager.foveate, entry.parameters["seed"])


@_job_operator("copy_recipe", "Copy Recipe", "There is no result yet", lambda entry: entry.flow.result is not None)
def _copy_recipe(entry: job_list.JobEntry) -> None:
    """Copy the recipe: what makes the same result again."""
    bpy.context.window_manager.clipboard = json.dumps(entry.flow.result.recipe, indent=2)


@_job_operator("show_result", "Show", "No result has been applied", lambda entry: bool(entry.host.made))
def _show(entry: job_list.JobEntry) -> None:
    """Show the result's image in this editor."""
    image = entry.host.made_image
    if image is None:
        raise errors.InputError(
            "The result's image is gone.", remedy="Undo or redo until it is back, or run the job again."
        )
    if bpy.context.space_data is not None and bpy.context.space_data.type == "IMAGE_EDITOR":
        bpy.context.space_data.image = image


@act_operator("discard_group", "Discard Variations", group=bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"}))
def _discard_group(self: Any, _context: bpy.types.Context) -> None:
    """Forget these variations and their results. Images that were made of them stay."""
    rt = controller.get()
    group = self.group or next((entry.group for entry in rt.entries if entry.group), "")  # else that of the newest
    for entry in [entry for entry in rt.entries if group and entry.group == group]:
        rt.discard(entry)


_ON_JOBS = (_cancel, _apply, _bring_back, _discard, _make_rest, _again, _keep_seed, _copy_recipe, _show)
CLASSES = (*_ON_JOBS, _discard_group)
