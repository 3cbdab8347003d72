"""What all operations have in common, from the button or the script to the result."""

from dataclasses import replace
from typing import Any

import bpy

from . import choose_region, controller
from ._shared import (
    chosen_pictures,
    errors,
    job_flow,
    job_list,
    job_status,
    offered_operations,
    operation_form,
    protocol,
    typed_values,
)
from .buffers import find, reference
from .parameters import form_of, panel_parameters
from .picture_choosers import offered, scene_of
from .show_result import ResultPlacement
from .wanted_job import WantedJob

ONCE = {"SKIP_SAVE"}  # not remembered for the next call: the panel does that
_TICK_SECONDS = 0.1
_NONE = chosen_pictures.NONE_CHOSEN


class JobOperator:
    """What the operations have in common. `operation` is the protocol's name."""

    operation = ""
    _from_panel = False
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
    variations: bpy.props.IntProperty(
        name="Variations",
        description="How many pictures are made, each with a seed of its own. They wait for you to choose.",
        min=1,
        max=operation_form.MAX_VARIATIONS,
        default=1,
        options=ONCE,
    )

    pictures: bpy.props.StringProperty(
        name="Pictures",
        description="Images beside this one, as a JSON object: the names of images by the operation's names for them",
        options=ONCE,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """In an image editor, there must be an image; in windows, a model that can do it: scripts ask the server."""
        rt = controller.get()
        knows = not bpy.app.background and rt.connection.is_ready and rt.models
        if knows and cls.operation and offered_operations.served_by(cls.operation) not in rt.offered:
            cls.poll_message_set(rt.say("Add a checkpoint first: see the extension's preferences"))
            return False
        space = context.space_data
        if cls.operation and space is not None and space.type == "IMAGE_EDITOR" and space.image is None:
            cls.poll_message_set(controller.get().say("Open an image in this editor first"))
            return False
        return True

    def parameters(self) -> protocol.JsonObject:
        """Return the operation's parameters. Raises InputError where one is wrong."""
        raise NotImplementedError

    def check(self, told: protocol.JsonObject) -> None:
        """Raise InputError where something is missing in what was told."""

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run to the end; Blender raises RuntimeError in a script where that fails."""
        return self._run_to_end(context, {})

    def _run_to_end(self, context: bpy.types.Context, usual: protocol.JsonObject) -> set[str]:
        manager = context.window_manager
        manager.progress_begin(0, 100)
        try:
            wanted = self._wanted(context, usual)
            for number, said in enumerate(operation_form.with_seeds(wanted.parameters, wanted.count), 1):
                self._run(replace(wanted, parameters=said), number, manager)
        except errors.FoveateError as error:
            self.report({"ERROR"}, controller.get().say.sentence(str(error)))
            return {"CANCELLED"}
        finally:
            manager.progress_end()
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the job with the panel's parameters; Esc cancels it."""
        panel = context.window_manager.foveate
        shown = form_of(self.operation)
        taken = ("region", "mask", "replace_users", "variations")
        for name in taken if shown is not None and shown.is_prompted else taken[:-1]:
            if not self.properties.is_property_set(name):
                setattr(self, name, getattr(panel, name))
        try:
            self._from_panel = True
            said = panel_parameters(self.operation, panel)
            if bpy.app.background:
                return self._run_to_end(context, said)
            wanted = self._wanted(context, said)
            controller.get().keep(wanted.served_by, "last", wanted.parameters)
            self._entries = controller.get().begin(wanted)
        except errors.FoveateError as error:
            self.report({"ERROR"}, controller.get().say.sentence(str(error)))
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
            say, status = controller.get().say, running[0].flow.status
            line = f"{say(self._words)}: {job_status.describe(status, say)} ({say('Esc: cancel')})"
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

    def _run(self, wanted: WantedJob, number: int, manager: Any) -> None:
        notes: tuple[str, ...] = ()

        def show(status: job_flow.JobProgress) -> None:
            nonlocal notes
            notes = status.notes
            manager.progress_update(100 * status.fraction)

        host = controller.get().run(wanted, number, show)
        self._tell((*notes, *host.told), host.made)

    def _end(self) -> set[str]:
        if len(self._entries) > 1 and any(entry.waits_for_person for entry in self._entries):
            self.report({"INFO"}, controller.get().say("The variations wait in the panel"))
            return {"FINISHED"}
        return self._end_of(self._entries[0])

    def _end_of(self, entry: job_list.JobEntry) -> set[str]:
        status = entry.flow.status
        if status.error and status.error.code is not errors.ErrorCode.CANCELLED:
            self.report({"ERROR"}, controller.get().say.sentence(str(status.error)))
            return {"CANCELLED"}
        if status.state is job_flow.JobState.DONE:
            self._tell((*status.notes, *entry.host.told), entry.host.made)
        return {"FINISHED"}

    def _tell(self, notes: tuple[str, ...], made: str) -> None:
        text = controller.get().say
        for note in notes:
            self.report({"INFO"}, text.sentence(note))
        if made or not notes:
            self.report({"INFO"}, text("Made {name}", name=made) if made else text("Nothing needed to be changed"))

    @property
    def _words(self) -> str:
        return controller.get().words_of(self.operation).title

    def _wanted(self, context: bpy.types.Context, usual: protocol.JsonObject) -> WantedJob:
        """Return the job, with what is `usual` where nothing was said. Raises InputError where it lacks something."""
        parameters = {**usual, **self.parameters()}
        self.check(parameters)
        rt = controller.get()
        if self.pictures or not self._named_image(context):
            rt.learn(offered_operations.served_by(self.operation))
        image = self._image(context)
        region = choose_region.EVERYTHING  # of what is made, where there is no image
        if image is not None:
            region = choose_region.choose(context, image, self.kind(), tuple(self.rect), self.mask)
        area = context.area if context.area and context.area.type == "IMAGE_EDITOR" else None
        pointer, swaps = area.as_pointer() if area else 0, rt.swaps
        count = 1 if "variants" in parameters else self.variations  # a sheet shows them all
        replaces = self.replace_users and "variants" not in parameters
        known, name = (reference(image), image.name) if image else (None, "")
        return WantedJob(
            self.operation, self._words, parameters, known, name, context.scene.name, region.select,
            ResultPlacement(self._words, known or "", pointer, replaces, swaps), self.result, count,
            self._chosen(image),
        )  # fmt: skip

    def _chosen(self, image: bpy.types.Image | None) -> chosen_pictures.ChosenPictures:
        """Return the pictures beside the image: those that were named, else those of the panel."""
        rt, name = controller.get(), offered_operations.served_by(self.operation)
        if not self.properties.is_property_set("pictures"):
            return rt.beside.chosen(name, scene_of(name, image)) if self._from_panel else _NONE
        said = typed_values.named_pictures(self.pictures)
        return chosen_pictures.chosen_by_names(said, rt.slots(name), offered(image))

    def kind(self) -> str:
        """Return the kind of region: a rectangle or a mask that was given says it, where nothing else does."""
        if self.operation == offered_operations.EXTEND:
            return "ALL"
        if self.region == "AUTO" and self.rect[2] > 0:
            return "RECTANGLE"
        return (
            "MASK" if self.region == "AUTO" and self.mask and self.properties.is_property_set("mask") else self.region
        )

    def _image(self, context: bpy.types.Context) -> bpy.types.Image | None:
        """Return what is worked on; None where the operation takes no document. Raises InputError."""
        if not controller.get().takes_document(offered_operations.served_by(self.operation)):
            return None
        image = self._named_image(context)
        if image is None:
            raise errors.InputError(
                "There is no image {name}." if self.image else "No image is chosen.",
                remedy="Open one in an image editor, or name one.",
                name=self.image,
            )
        return image

    def _named_image(self, context: bpy.types.Context) -> bpy.types.Image | None:
        return find(self.image) if self.image else getattr(context.space_data, "image", None)
