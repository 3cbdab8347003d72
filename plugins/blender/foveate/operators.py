"""The operations. From a script they block until the result is there; from a button they run beside your work."""

from typing import Any

import bpy

from . import checkpoint_values, controller
from ._shared import comparison_lists, protocol
from .checkpoint_text_fields import LARGEST_SEED, draw_seed, further, growth, lora_list, lora_text
from .job_operator import ONCE, JobOperator
from .job_request import served_by
from .number_lists import numbers, with_model
from .properties import SCALES, TARGETS, search_models

_WORDS = ("prompt", "negative_prompt", "preset", "scheduler", "vae")
_NUMBERS = ("strength", "seed", "num_inference_steps", "guidance_scale")


class RenderOperator(JobOperator):
    """An operation that a checkpoint can do; all that one is told is for checkpoints alone, strength apart."""

    prompt: bpy.props.StringProperty(
        name="Prompt",
        description="What the picture shall show there. Empty: what suits what is there. Weights: (words)1.2",
        options=ONCE,
    )
    negative_prompt: bpy.props.StringProperty(
        name="Negative prompt", description="What the picture shall not show.", options=ONCE
    )
    preset: bpy.props.StringProperty(
        name="Preset",
        description="A style: words around the prompt, and parameters that go with it.",
        options=ONCE,
    )
    strength: bpy.props.FloatProperty(
        name="Strength",
        description="How far the result may depart from what is there: 0 leaves every pixel as it is, 1 begins anew",
        subtype="FACTOR",
        min=0,
        max=1,
        default=1,
        options=ONCE,
    )
    variations: bpy.props.IntProperty(
        name="Variations",
        description="How many pictures are made, each with a seed of its own. They wait for you to choose.",
        min=1,
        max=checkpoint_values.form.MAX_VARIATIONS,
        default=1,
        options=ONCE,
    )
    seed: bpy.props.IntProperty(
        name="Seed", description="The same seed gives the same picture.", min=0, max=LARGEST_SEED, options=ONCE
    )
    num_inference_steps: bpy.props.IntProperty(
        name="Steps",
        description="How many steps a run at full strength takes. Without it, the checkpoint's own number.",
        min=1,
        max=150,
        default=20,
        options=ONCE,
    )
    guidance_scale: bpy.props.FloatProperty(
        name="Guidance",
        description="How closely the picture follows the prompt. Without it, the checkpoint's own value.",
        min=0,
        max=30,
        default=7,
        options=ONCE,
    )
    scheduler: bpy.props.StringProperty(
        name="Scheduler",
        description="How noise is taken away, by the name that the checkpoint's defaults list.",
        options=ONCE,
    )
    loras: bpy.props.StringProperty(
        name="LoRAs", description="Names, each with its weight, such as film-look:0.8, grain:0.5", options=ONCE
    )
    vae: bpy.props.StringProperty(
        name="VAE", description="What turns latents into pixels, in place of the checkpoint's own.", options=ONCE
    )
    further: bpy.props.StringProperty(
        name="Further Parameters",
        description="Whatever else the operation knows, as a JSON object",
        options=ONCE,
    )

    @property
    def count(self) -> int:
        """Return how many variations are wanted."""
        return self.variations

    def parameters(self) -> protocol.JsonObject:
        """Return what was said, and the model. Raises InputError where a text cannot be read."""
        told: protocol.JsonObject = {
            **self.told(*_NUMBERS),
            **{name: text for name, text in self.told(*_WORDS).items() if text},
        }
        if self.loras.strip():
            told["loras"] = lora_list(self.loras)
        return {**with_model(told, self.model), **further(self.further)}

    def adopt_panel(self, panel: Any) -> None:
        """Take what the panel says of the operation, as far as its model knows it."""
        super().adopt_panel(panel)
        self.adopt("model", getattr(panel, f"{served_by(self.operation)}_model"))
        shown = checkpoint_values.form_of(self.operation, panel)
        if shown is None or not shown.is_prompted:
            if hasattr(panel, f"{self.operation}_strength"):
                self.adopt("strength", getattr(panel, f"{self.operation}_strength"))
            return
        values = panel.checkpoint
        for name, value in shown.parameters_of(checkpoint_values.said(values, self.operation)).items():
            if name in {*_WORDS, *_NUMBERS, "start"}:
                self.adopt(name, value)
        self.adopt("loras", lora_text(checkpoint_values.loras(values)))
        self.adopt("variations", values.variations)
        if values.draw_seed:
            self.adopt("seed", draw_seed())


class RefocusOperator(RenderOperator, bpy.types.Operator):
    """Bring the selected region of the image into focus. The result is a new image."""

    bl_idname = "foveate.refocus"
    bl_label = "Refocus Region"
    bl_description = "Bring the selected region of the image into focus. The result is a new image"
    operation = "refocus"


class FacesOperator(RenderOperator, bpy.types.Operator):
    """Find the faces in the selected region and refocus each. The result is a new image."""

    bl_idname = "foveate.faces"
    bl_label = "Refocus Faces"
    bl_description = "Find the faces in the selected region and refocus each. The result is a new image"
    operation = "faces"

    only: bpy.props.StringProperty(
        name="Only", description="Numbers of faces, from left to right, such as 1, 3. Empty: all", options=ONCE
    )
    min_score: bpy.props.FloatProperty(
        name="Certainty",
        description="How certain it must be that something is a face. Lower finds more, also what is none",
        subtype="FACTOR",
        min=0.2,
        max=1,
        default=0.5,
        options=ONCE,
    )

    def parameters(self) -> protocol.JsonObject:
        """Return the faces' numbers and certainty besides."""
        parameters = {**super().parameters(), **self.told("min_score")}
        if self.only.strip():
            parameters["only"] = numbers(self.only)
        return parameters

    def adopt_panel(self, panel: Any) -> None:
        """Take the faces' numbers and certainty besides."""
        super().adopt_panel(panel)
        self.adopt("only", panel.faces_only)
        self.adopt("min_score", panel.faces_min_score)


class UpscaleOperator(RenderOperator, bpy.types.Operator):
    """Enlarge the selected region as a new image, or give it more detail in place."""

    bl_idname = "foveate.upscale"
    bl_label = "Upscale Region"
    bl_description = "Enlarge the selected region as a new image, or give it more detail in place"
    operation = "upscale"

    scale: bpy.props.EnumProperty(name="Scale", items=SCALES, default="4", options=ONCE)
    target: bpy.props.EnumProperty(name="Target", items=TARGETS, default="new", options=ONCE)

    def parameters(self) -> protocol.JsonObject:
        """Return scale and target besides."""
        return {**super().parameters(), "scale": int(self.scale), "target": self.target}

    def adopt_panel(self, panel: Any) -> None:
        """Take scale and target besides."""
        super().adopt_panel(panel)
        self.adopt("scale", panel.upscale_scale)
        self.adopt("target", panel.upscale_target)


class CheckpointOperator(RenderOperator):
    """An operation that only checkpoints can do."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """In windows, there must be a checkpoint; scripts are told by the server."""
        rt = controller.get()
        if not bpy.app.background and rt.connection.is_ready and not rt.has_checkpoint:
            cls.poll_message_set(rt.texts("Add a checkpoint first: see the extension's preferences"))
            return False
        return super().poll(context)


class FillOperator(CheckpointOperator, bpy.types.Operator):
    """Fill the selected region with new content. The result is a new image."""

    bl_idname = "foveate.fill"
    bl_label = "Fill Region"
    bl_description = "Fill the selected region with new content. The result is a new image"
    operation = "fill"

    start: bpy.props.EnumProperty(name="Start", items=checkpoint_values.STARTS, default="fill", options=ONCE)

    def parameters(self) -> protocol.JsonObject:
        """Return the start besides."""
        return {**super().parameters(), **self.told("start")}


class ExtendOperator(CheckpointOperator, bpy.types.Operator):
    """Let the image grow: what is new continues what is there. The result is a new image."""

    bl_idname = "foveate.extend"
    bl_label = "Extend Image"
    bl_description = "Let the image grow: what is new continues what is there. The result is a new image"
    operation = "extend"

    left: bpy.props.IntProperty(name="Left", subtype="PIXEL", min=0, max=16384, options=ONCE)
    right: bpy.props.IntProperty(name="Right", subtype="PIXEL", min=0, max=16384, options=ONCE)
    top: bpy.props.IntProperty(name="Top", subtype="PIXEL", min=0, max=16384, options=ONCE)
    bottom: bpy.props.IntProperty(name="Bottom", subtype="PIXEL", min=0, max=16384, options=ONCE)
    start: bpy.props.EnumProperty(name="Start", items=checkpoint_values.STARTS, default="fill", options=ONCE)

    def kind(self) -> str:
        """It works on the whole image."""
        return "ALL"

    def parameters(self) -> protocol.JsonObject:
        """Return the sides that grow besides. Raises InputError where none does."""
        extend = growth(self.left, self.right, self.top, self.bottom)
        return {**super().parameters(), **self.told("start"), "extend": extend}

    def adopt_panel(self, panel: Any) -> None:
        """Take the sides besides."""
        super().adopt_panel(panel)
        for side in ("left", "right", "top", "bottom"):
            self.adopt(side, getattr(panel.checkpoint, side))


class CompareOperator(CheckpointOperator, bpy.types.Operator):
    """The region by several checkpoints, strengths, seeds or LoRAs, side by side: a sheet that is a new image."""

    bl_idname = "foveate.compare"
    bl_label = "Compare Variants"
    bl_description = "The region by several checkpoints, strengths, seeds or LoRAs, side by side: a new image"
    operation = "compare"

    @property
    def count(self) -> int:
        """It is one job: variations are what it lists."""
        return 1

    def parameters(self) -> protocol.JsonObject:
        """Return the variants besides. Raises InputError where there are none."""
        return {**super().parameters(), "variants": checkpoint_values.compared(self)}

    def adopt_panel(self, panel: Any) -> None:
        """Take the lists besides. A sheet replaces nothing."""
        self.adopt("replace_users", False)
        super().adopt_panel(panel)
        for name in checkpoint_values.COMPARED.values():
            self.adopt(name, getattr(panel.checkpoint, name))


CLASSES = (RefocusOperator, FacesOperator, UpscaleOperator, FillOperator, ExtendOperator, CompareOperator)
for _operator in CLASSES:
    _operator.__annotations__["model"] = bpy.props.StringProperty(
        name="Model",
        description="Empty: the server chooses",
        search=search_models(served_by(_operator.operation)),
        options=ONCE,
    )
for _axis in comparison_lists.AXES:
    CompareOperator.__annotations__[checkpoint_values.COMPARED[_axis.name]] = bpy.props.StringProperty(
        name=_axis.title, description=_axis.description, options=ONCE
    )
