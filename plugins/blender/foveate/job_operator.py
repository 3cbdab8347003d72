"""What all operations have in common, from the button or the script to the result."""

import uuid
from typing import Any

import bpy

from . import choose_region, controller
from ._shared import errors, form, job_flow, job_list, job_status, protocol
from .buffers import find, reference
from .job_request import TITLES, WantedJob
from .show_result import ResultPlacement

ONCE = {"SKIP_SAVE"}  # not remembered for the next call: the panel does that
_TICK_SECONDS = 0.1


class JobOperator:
    """What the operations have in common. `operation` is the protocol's name."""

    operation = ""
    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender reads it

    image: bpy.props.StringProperty(
        name="Image", description="Name of the image. Empty: the one that the editor shows", options=ONCE
    )
    region: bpy.props.EnumProperty(name="Region", items=choose_region.KINDS, options=ONCE)
    rect: bpy.props.IntVectorProperty(
        name="Rectangle",
        description="x, y, width and height in pixels, from the top left corner. Zeros: what was dragged",
        size=4,
        min=0,
        options=ONCE,
    )
    mask: bpy.props.StringProperty(name="Mask", description="Name of the mask that is the region", options=ONCE)
    result: bpy.props.StringProperty(
        name="Result", description="Name of the new image. Empty: made of image, operation and model", options=ONCE
    )
    replace_users: bpy.props.BoolProperty(
        name="Replace Everywhere",
        description="Materials, brushes and editors use the result instead of the old image",
        options=ONCE,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """In an image editor, there must be an image."""
        space = context.space_data
        if space is not None and space.type == "IMAGE_EDITOR" and space.image is None:
            cls.poll_message_set(controller.get().texts("Open an image in this editor first"))
            return False
        return True

    def parameters(self) -> protocol.JsonObject:
        """Return the operation's parameters. Raises InputError where one is wrong."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run to the end; Blender raises RuntimeError in a script where that fails."""
        manager = context.window_manager
        manager.progress_begin(0, 100)
        try:
            for task in self._tasks(context, self.parameters()):
                self._run(task, manager)
        except errors.FoveateError as error:
            self.report({"ERROR"}, controller.get().texts.sentence(str(error)))
            return {"CANCELLED"}
        finally:
            manager.progress_end()
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the job with the panel's parameters; Esc cancels it."""
        self.adopt_panel(context.window_manager.foveate)
        if bpy.app.background:
            return self.execute(context)
        try:
            tasks = self._tasks(context, self.parameters())
            controller.get().set_default(self.operation, "last", tasks[0].parameters)
            group = uuid.uuid4().hex if len(tasks) > 1 else ""
            ask_first = True if group else None  # variations wait: the person chooses
            self._entries = [controller.get().submit(task, ask_first=ask_first, group=group) for task in tasks]
        except errors.FoveateError as error:
            self.report({"ERROR"}, controller.get().texts.sentence(str(error)))
            return {"CANCELLED"}
        manager = context.window_manager
        self._timer = manager.event_timer_add(_TICK_SECONDS, window=context.window)
        manager.progress_begin(0, 100)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Show how far it is."""
        running = [entry for entry in self._entries if entry.is_running]
        if event.type == "ESC" and event.value == "PRESS" and running:
            for entry in running:
                controller.get().cancel(entry)
            self.cancel(context)
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if running:
            say, status = controller.get().texts, running[0].flow.status
            line = f"{say(TITLES[self.operation])}: {job_status.describe(status, say)} ({say('Esc: cancel')})"
            context.workspace.status_text_set(line)
            fractions = [entry.flow.status.fraction if entry in running else 1 for entry in self._entries]
            context.window_manager.progress_update(100 * sum(fractions) / len(fractions))
            return {"PASS_THROUGH"}
        self.cancel(context)
        return self._end()

    def cancel(self, context: bpy.types.Context) -> None:
        """Clean up; also called by Blender when the window closes."""
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        if context.workspace:
            context.workspace.status_text_set(None)

    def _run(self, task: WantedJob, manager: Any) -> None:
        notes: tuple[str, ...] = ()

        def show(status: job_flow.JobProgress) -> None:
            nonlocal notes
            notes = status.notes
            manager.progress_update(100 * status.fraction)

        made = controller.get().run(task, show).made
        self._tell(notes, made)

    def _end(self) -> set[str]:
        if len(self._entries) > 1 and any(entry.waits_for_person for entry in self._entries):
            self.report({"INFO"}, controller.get().texts("The variations wait in the panel"))
            return {"FINISHED"}
        return self._end_of(self._entries[0])

    def _end_of(self, entry: job_list.JobEntry) -> set[str]:
        status = entry.flow.status
        if status.error and status.error.code is not errors.ErrorCode.CANCELLED:
            self.report({"ERROR"}, controller.get().texts.sentence(str(status.error)))
            return {"CANCELLED"}
        if status.state is job_flow.JobState.DONE:
            host = controller.get().hosts.get(entry.flow.job)  # None: it was discarded just now
            self._tell(status.notes, host.made if host else "")
        return {"FINISHED"}

    def _tell(self, notes: tuple[str, ...], made: str) -> None:
        text = controller.get().texts
        for note in notes:
            self.report({"INFO"}, text.sentence(note))
        self.report({"INFO"}, text("Made {name}", name=made) if made else text("Nothing needed to be changed"))

    def adopt_panel(self, panel: Any) -> None:
        """Take what the panel says, where nothing else was said."""
        for name in ("region", "mask", "replace_users"):
            self.adopt(name, getattr(panel, name))

    def adopt(self, name: str, value: Any) -> None:
        """Set a property that was not set."""
        if not self.properties.is_property_set(name):
            setattr(self, name, value)

    def told(self, *names: str) -> dict[str, Any]:
        """Return the properties that were set; floats without the digits that Blender adds."""
        values = {name: getattr(self, name) for name in names if self.properties.is_property_set(name)}
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}

    def _tasks(self, context: bpy.types.Context, parameters: protocol.JsonObject) -> list[WantedJob]:
        """Return the job, or, where variations are wanted, one for each seed."""
        image = self._image(context)
        chosen = choose_region.choose(context, image, self.kind(), tuple(self.rect), self.mask)
        area = context.area if context.area and context.area.type == "IMAGE_EDITOR" else None
        pointer = area.as_pointer() if area else 0
        placement = ResultPlacement(
            TITLES[self.operation], reference(image), pointer, self.replace_users, controller.get().swaps
        )
        scene = context.scene.name
        each = form.with_seeds(parameters, self.count)
        return [
            WantedJob(
                self.operation, said, reference(image), image.name, scene, chosen.select, placement,
                f"{self.result} {number}" if self.result and len(each) > 1 else self.result,
            )
            for number, said in enumerate(each, 1)
        ]  # fmt: skip

    @property
    def count(self) -> int:
        """Return how many variations are wanted."""
        return 1

    def kind(self) -> str:
        """Return the kind of region: a rectangle or a mask that was given says it, where nothing else does."""
        if self.region == "AUTO" and self.rect[2] > 0:
            return "RECTANGLE"
        return (
            "MASK" if self.region == "AUTO" and self.mask and self.properties.is_property_set("mask") else self.region
        )

    def _image(self, context: bpy.types.Context) -> bpy.types.Image:
        image = find(self.image) if self.image else getattr(context.space_data, "image", None)
        if image is None:
            raise errors.InputError(
                f"There is no image {self.image}." if self.image else "No image is chosen.",
                remedy="Open one in an image editor, or name one.",
            )
        return image
