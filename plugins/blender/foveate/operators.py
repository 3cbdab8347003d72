"""The three operations. From a script they block until the result is there; from a button they run beside your work."""

from typing import Any

import bpy

from . import choosing, runtime
from ._shared import errors, job_status, protocol, rerender, workbench
from .buffers import find, reference
from .jobs import TITLES, Task
from .parameters import numbers, with_model
from .placing import Placement
from .properties import SCALES, TARGETS, search_models

_ONCE = {"SKIP_SAVE"}  # not remembered for the next call
_TICK_SECONDS = 0.1


class JobOperator:
    """What the operations have in common. `operation` is the protocol's name."""

    operation = ""
    panel_names: tuple[str, ...] = ()  # parameters that the panel has as well
    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender reads it

    image: bpy.props.StringProperty(
        name="Image", description="Name of the image. Empty: the one that the editor shows", options=_ONCE
    )
    region: bpy.props.EnumProperty(name="Region", items=choosing.KINDS, options=_ONCE)
    rect: bpy.props.IntVectorProperty(
        name="Rectangle",
        description="x, y, width and height in pixels, from the top left corner. Zeros: what was dragged",
        size=4,
        min=0,
        options=_ONCE,
    )
    mask: bpy.props.StringProperty(name="Mask", description="Name of the mask that is the region", options=_ONCE)
    result: bpy.props.StringProperty(
        name="Result", description="Name of the new image. Empty: made of image, operation and model", options=_ONCE
    )
    replace_users: bpy.props.BoolProperty(
        name="Replace Everywhere",
        description="Materials, brushes and editors use the result instead of the old image",
        options=_ONCE,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """In an image editor, there must be an image."""
        space = context.space_data
        if space is not None and space.type == "IMAGE_EDITOR" and space.image is None:
            cls.poll_message_set(runtime.get().texts("Open an image in this editor first"))
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
            notes: tuple[str, ...] = ()

            def show(status: rerender.Status) -> None:
                nonlocal notes
                notes = status.notes
                manager.progress_update(100 * status.fraction)

            host = runtime.get().run(self._task(context), show)
        except errors.FoveateError as error:
            self.report({"ERROR"}, runtime.get().texts.sentence(str(error)))
            return {"CANCELLED"}
        finally:
            manager.progress_end()
        self._tell(notes, host.made)
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the job with the panel's parameters; Esc cancels it."""
        self._adopt_panel(context.window_manager.foveate)
        if bpy.app.background:
            return self.execute(context)
        try:
            self._entry = runtime.get().submit(self._task(context))
        except errors.FoveateError as error:
            self.report({"ERROR"}, runtime.get().texts.sentence(str(error)))
            return {"CANCELLED"}
        manager = context.window_manager
        self._timer = manager.event_timer_add(_TICK_SECONDS, window=context.window)
        manager.progress_begin(0, 100)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Show how far it is."""
        if event.type == "ESC" and event.value == "PRESS" and self._entry.is_running:
            runtime.get().cancel(self._entry)
            self.cancel(context)
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        status = self._entry.flow.status
        if self._entry.is_running:
            say = runtime.get().texts
            line = f"{say(TITLES[self.operation])}: {job_status.describe(status, say)} ({say('Esc: cancel')})"
            context.workspace.status_text_set(line)
            context.window_manager.progress_update(100 * status.fraction)
            return {"PASS_THROUGH"}
        self.cancel(context)
        return self._end(self._entry)

    def cancel(self, context: bpy.types.Context) -> None:
        """Clean up; also called by Blender when the window closes."""
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        if context.workspace:
            context.workspace.status_text_set(None)

    def _end(self, entry: workbench.Entry) -> set[str]:
        status = entry.flow.status
        if status.error and status.error.code is not errors.ErrorCode.CANCELLED:
            self.report({"ERROR"}, runtime.get().texts.sentence(str(status.error)))
            return {"CANCELLED"}
        if status.state is rerender.State.DONE:
            host = runtime.get().hosts.get(entry.flow.job)  # None: it was discarded just now
            self._tell(status.notes, host.made if host else "")
        return {"FINISHED"}

    def _tell(self, notes: tuple[str, ...], made: str) -> None:
        text = runtime.get().texts
        for note in notes:
            self.report({"INFO"}, text.sentence(note))
        self.report({"INFO"}, text("Made {name}", name=made) if made else text("Nothing needed to be changed"))

    def _adopt_panel(self, panel: Any) -> None:
        names = {name: f"{self.operation}_{name}" for name in self.panel_names}
        names.update(region="region", mask="mask", replace_users="replace_users")
        for name, kept in names.items():
            if not self.properties.is_property_set(name):
                setattr(self, name, getattr(panel, kept))

    def _task(self, context: bpy.types.Context) -> Task:
        image = self._image(context)
        kind = self._kind()
        chosen = choosing.choose(context, image, kind, tuple(self.rect), self.mask)
        area = context.area if context.area and context.area.type == "IMAGE_EDITOR" else None
        title = TITLES[self.operation]
        pointer = area.as_pointer() if area else 0
        placement = Placement(title, reference(image), pointer, self.replace_users, runtime.get().swaps)
        return Task(
            self.operation,
            self.parameters(),
            reference(image),
            image.name,
            context.scene.name,
            chosen.select,
            placement,
            self.result,
        )

    def _kind(self) -> str:
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


class RefocusOperator(JobOperator, bpy.types.Operator):
    """Bring the selected region of the image into focus. The result is a new image."""

    bl_idname = "foveate.refocus"
    bl_label = "Refocus Region"
    bl_description = "Bring the selected region of the image into focus. The result is a new image"
    operation = "refocus"
    panel_names = ("strength", "model")

    strength: bpy.props.FloatProperty(name="Strength", subtype="FACTOR", min=0, max=1, default=1)
    model: bpy.props.StringProperty(
        name="Model", description="Empty: the server chooses", search=search_models("refocus")
    )

    def parameters(self) -> protocol.JsonObject:
        """Return strength and model."""
        return with_model({"strength": round(self.strength, 4)}, self.model)


class FacesOperator(JobOperator, bpy.types.Operator):
    """Find the faces in the selected region and refocus each. The result is a new image."""

    bl_idname = "foveate.faces"
    bl_label = "Refocus Faces"
    bl_description = "Find the faces in the selected region and refocus each. The result is a new image"
    operation = "faces"
    panel_names = ("strength", "only", "min_score", "model")

    strength: bpy.props.FloatProperty(name="Strength", subtype="FACTOR", min=0, max=1, default=1)
    only: bpy.props.StringProperty(
        name="Only", description="Numbers of faces, from left to right, such as 1, 3. Empty: all", options=_ONCE
    )
    min_score: bpy.props.FloatProperty(
        name="Certainty",
        description="How certain it must be that something is a face. Lower finds more, also what is none",
        subtype="FACTOR",
        min=0.2,
        max=1,
        default=0.5,
    )
    model: bpy.props.StringProperty(
        name="Model", description="Empty: the server chooses", search=search_models("faces")
    )

    def parameters(self) -> protocol.JsonObject:
        """Return strength, the faces' numbers, certainty and model."""
        parameters: protocol.JsonObject = {
            "strength": round(self.strength, 4),
            "min_score": round(self.min_score, 4),
        }
        if self.only.strip():
            parameters["only"] = numbers(self.only)
        return with_model(parameters, self.model)


class UpscaleOperator(JobOperator, bpy.types.Operator):
    """Enlarge the selected region as a new image, or give it more detail in place."""

    bl_idname = "foveate.upscale"
    bl_label = "Upscale Region"
    bl_description = "Enlarge the selected region as a new image, or give it more detail in place"
    operation = "upscale"
    panel_names = ("scale", "target", "model")

    scale: bpy.props.EnumProperty(name="Scale", items=SCALES, default="4")
    target: bpy.props.EnumProperty(name="Target", items=TARGETS, default="new")
    model: bpy.props.StringProperty(
        name="Model", description="Empty: the server chooses", search=search_models("upscale")
    )

    def parameters(self) -> protocol.JsonObject:
        """Return scale, target and model."""
        return with_model({"scale": int(self.scale), "target": self.target}, self.model)


CLASSES = (RefocusOperator, FacesOperator, UpscaleOperator)
