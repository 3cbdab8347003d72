"""What all operations have in common, from the button or the script to the result."""

from dataclasses import replace

import bpy

from . import choose_region, controller, known_image, offered_images, parameters, picture_choosers, properties
from ._shared import (
    chosen_pictures,
    comparison_lists,
    errors,
    kept_parameters,
    offered_operations,
    operation_form,
    protocol,
    selected_region,
    typed_values,
)
from .act_operator import is_possible, reporting
from .buffers import find, reference
from .properties import ONCE
from .show_result import ResultPlacement
from .wanted_job import WantedJob, require_free
from .watch_jobs import JobWatcher


class JobOperator(JobWatcher):
    """What the operations have in common, with a property for each of their parameters."""

    operation = ""  # the protocol's name
    names: tuple[str, ...] = ()  # of the parameters
    _from_panel = False
    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender reads it

    image: bpy.props.StringProperty(
        name="Image", description="Name of the image. Empty: the one that the editor shows", options=ONCE
    )
    region: bpy.props.EnumProperty(name="Region", items=choose_region.KINDS, options=ONCE)
    rect: bpy.props.IntVectorProperty(
        name="Rectangle",
        description="x, y, width and height in pixels, from the top left corner. Not given: what was dragged",
        size=4,
        options=ONCE,
    )
    mask: bpy.props.StringProperty(name="Mask", description="Name of the mask that is the region", options=ONCE)
    result: bpy.props.StringProperty(
        name="Result", description="Name of the new image. Empty: made of image, operation and model", options=ONCE
    )
    replace_users: properties.replace_users(options=ONCE)
    variations: properties.variations(default=1, options=ONCE)
    pictures: bpy.props.StringProperty(
        name="Pictures",
        description="Images beside this one, as a JSON object: the names of images by the operation's names for them",
        options=ONCE,
    )
    further: bpy.props.StringProperty(
        name="Further Parameters",
        description="Whatever else the operation knows, as a JSON object",
        options=ONCE,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """In an image editor, there must be an image; in windows, a model that can do it: scripts ask the server."""
        rt, space, reason = controller.get(), context.space_data, ""
        knows = not bpy.app.background and rt.connection.is_ready and rt.models
        if cls.operation and space is not None and space.type == "IMAGE_EDITOR" and space.image is None:
            reason = rt.say("Open an image in this editor first")
        if knows and cls.operation and offered_operations.served_by(cls.operation) not in rt.offered:
            reason = rt.say("Add a checkpoint first: see the extension's preferences")
        return is_possible(cls, reason)

    def parameters(self) -> protocol.JsonObject:
        """Return what was said. Raises InputError where a text cannot be read."""
        told = {name: getattr(self, name) for name in self.names if self.properties.is_property_set(name)}
        lists = {axis.name: told.pop(kept_parameters.list_of(axis), "") for axis in comparison_lists.AXES}
        schema = kept_parameters.schema_of(controller.get(), self.operation, "variants")
        return {**typed_values.parameters_of(told, lists, schema), **typed_values.further(self.further)}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run to the end; Blender raises RuntimeError in a script where that fails."""
        return reporting(self, lambda: self._run_to_end(context, {}))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the job with the panel's parameters; Esc cancels it."""
        panel = context.window_manager.foveate
        shown = kept_parameters.form_of(controller.get(), self.operation)
        has_variations = shown is not None and shown.is_prompted
        for name in ("replace_users", "variations") if has_variations else ("replace_users",):
            if not self.properties.is_property_set(name):
                setattr(self, name, getattr(panel, name))
        if not self._grows and not self._regions_given():
            self.region, self.mask = panel.region, panel.mask if panel.region == "MASK" else ""
        self._from_panel = True

        def act() -> set[str]:
            said = parameters.panel_parameters(self.operation, panel)
            return self._run_to_end(context, said) if bpy.app.background else self._begin(context, said)

        return reporting(self, act)

    def _run_to_end(self, context: bpy.types.Context, usual: protocol.JsonObject) -> set[str]:
        manager = context.window_manager
        manager.progress_begin(0, 100)
        try:
            wanted = self._wanted(context, usual)
            for number, said in enumerate(operation_form.with_seeds(wanted.parameters, wanted.count), 1):
                self.tell(*controller.get().run(replace(wanted, parameters=said), number, manager.progress_update))
        finally:
            manager.progress_end()
        return {"FINISHED"}

    def _begin(self, context: bpy.types.Context, usual: protocol.JsonObject) -> set[str]:
        rt, wanted = controller.get(), self._wanted(context, usual)
        rt.keep(wanted.served_by, "last", wanted.parameters)
        return self.watch(context, rt.begin_wanted(wanted))

    @property
    def _words(self) -> str:
        return controller.get().words_of(self.operation).title

    def _wanted(self, context: bpy.types.Context, usual: protocol.JsonObject) -> WantedJob:
        """Return the job, with what is `usual` where nothing was said. Raises InputError where it lacks something."""
        said = {**usual, **self.parameters()}
        offered_operations.require_wish(self.operation, said)
        rt, served_by = controller.get(), offered_operations.served_by(self.operation)
        image = find(self.image) if self.image else getattr(context.space_data, "image", None)
        if self.pictures or image is None:
            rt.learn(served_by)
        if not rt.takes_document(served_by):
            image = None
        elif image is None:
            raise errors.InputError(
                "There is no image {name}." if self.image else "No image is chosen.",
                remedy="Open one in an image editor, or name one.",
                name=self.image,
            )
        region = choose_region.EVERYTHING  # of what is made, where there is no image
        if image is not None:
            region = self._region_of(context, image)
        area = context.area if context.area and context.area.type == "IMAGE_EDITOR" else None
        makes_sheet = "variants" in said  # it shows all variations, and nothing instead of the image
        count = 1 if makes_sheet else self._count()
        chosen = self._chosen(served_by, image)
        require_free(self.result, count)
        known, name = (reference(image), image.name) if image else (None, "")
        place = ResultPlacement(
            self._words, known or "", area.as_pointer() if area else 0, self.replace_users and not makes_sheet, rt.swaps
        )
        origin, step = _origin_of(image)
        return WantedJob(
            self.operation, self._words, said, known, name, context.scene.name, region.select, place, self.result,
            count, chosen, origin, step,
            known_image.known_as(image) if image else known_image.UNKNOWN, region.is_unselected,
        )  # fmt: skip

    def _chosen(self, served_by: str, image: bpy.types.Image | None) -> chosen_pictures.ChosenPictures:
        """Return the pictures beside the image: those that were named, else those of the panel."""
        rt = controller.get()
        if self.properties.is_property_set("pictures"):
            said = typed_values.named_pictures(self.pictures)
            return chosen_pictures.chosen_by_names(said, rt.slots(served_by), offered_images.offered())
        if self._from_panel:
            return rt.beside.chosen(served_by, picture_choosers.scene_of(served_by, image))
        return chosen_pictures.NONE_CHOSEN

    def _count(self) -> int:
        """Return how many variations are wanted. Raises InputError where so many cannot be."""
        if not 1 <= self.variations <= operation_form.MAX_VARIATIONS:
            raise errors.InputError(
                "{count} variations cannot be made.",
                remedy="Ask for 1 to {most}.",
                count=self.variations,
                most=operation_form.MAX_VARIATIONS,
            )
        return self.variations

    @property
    def _grows(self) -> bool:
        """Tell whether the image grows: then it is all of it that is worked on."""
        return self.operation == offered_operations.EXTEND

    def _regions_given(self) -> list[str]:
        """Return the properties that name a region and were set."""
        return [name for name in ("region", "rect", "mask") if self.properties.is_property_set(name)]

    def _region_of(self, context: bpy.types.Context, image: bpy.types.Image) -> choose_region.Chosen:
        """Return the region that was asked for. Raises InputError where there is none such, or more than one."""
        given = self._regions_given()
        if not self._grows:
            rect = tuple(self.rect) if "rect" in given else None
            return choose_region.choose(context, image, self.region, rect, self.mask)
        if given:
            raise selected_region.no_region("An image grows as a whole.", "Leave out {names}.", names=", ".join(given))
        return choose_region.choose(context, image, "ALL")


def _origin_of(image: bpy.types.Image | None) -> tuple[str, int]:
    """Return the name of the image that came before all results, and the step that the next one is.

    A result that somebody has renamed is an image of its own.
    """
    if image is None or not image.foveate.made_as or image.foveate.made_as != image.name:
        return "", 1
    return image.foveate.origin, image.foveate.step + 1
