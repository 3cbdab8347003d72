"""What the sidebar shows where the model is a checkpoint: prompts, style, strength, variations, and the rest folded."""

from typing import Any

import bpy

from . import controller
from ._shared import comparison_lists, form, prompt_history
from .checkpoint_text_fields import SIDES, SLOTS
from .checkpoint_values import COMPARED, form_of
from .panel_base import Part

_SHOWN_PROMPTS = 20  # of the history, in the menu
_SAMPLING = (("num_inference_steps", "Steps"), ("guidance_scale", "Guidance"))


class PromptMenu:
    """The prompts that were used before; choosing one puts it into its field."""

    kind = ""  # a property of FoveateCheckpoint

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw them, the newest first."""
        say = controller.get().texts
        history = history_of(self.kind)
        for number, prompt in enumerate(history[:_SHOWN_PROMPTS]):
            entry = self.layout.operator("foveate.use_prompt", text=prompt_history.in_one_line(prompt), translate=False)
            entry.kind, entry.number = self.kind, number
        if not history:
            self.layout.label(text=say("Nothing was used yet"))
            return
        self.layout.separator()
        self.layout.operator("foveate.forget_prompts", text=say("Forget these"), icon="TRASH").kind = self.kind


class FoveatePromptMenu(PromptMenu, bpy.types.Menu):
    """Of the prompt."""

    bl_idname = "FOVEATE_MT_prompt"
    bl_label = "Used before"
    kind = "prompt"


class FoveateNegativePromptMenu(PromptMenu, bpy.types.Menu):
    """Of the negative prompt."""

    bl_idname = "FOVEATE_MT_negative_prompt"
    bl_label = "Used before"
    kind = "negative_prompt"


class OfPrompts:
    """An operator on one of the two histories."""

    bl_options = {"INTERNAL"}  # noqa: RUF012 - Blender reads it

    kind: bpy.props.EnumProperty(items=[("prompt", "Prompt", ""), ("negative_prompt", "Negative prompt", "")])


class UsePromptOperator(OfPrompts, bpy.types.Operator):
    """Take this prompt again."""

    bl_idname = "foveate.use_prompt"
    bl_label = "Use Prompt"
    bl_description = "Take this prompt again"

    number: bpy.props.IntProperty(min=0)

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """Return all of the prompt: the menu shows its beginning."""
        history = history_of(properties.kind)
        return history[properties.number] if properties.number < len(history) else cls.bl_description

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Put it into its field."""
        history = history_of(self.kind)
        if self.number >= len(history):
            return {"CANCELLED"}
        setattr(context.window_manager.foveate.checkpoint, self.kind, history[self.number])
        return {"FINISHED"}


class ForgetPromptsOperator(OfPrompts, bpy.types.Operator):
    """Forget the prompts that were used before."""

    bl_idname = "foveate.forget_prompts"
    bl_label = "Forget Prompts"
    bl_description = "Forget the prompts that were used before"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Forget them, on the disk too."""
        controller.get().change(**{f"{self.kind}s": ()})
        return {"FINISHED"}


class FoveateAdvancedPanel(Part, bpy.types.Panel):
    """How a checkpoint samples, and what is added to it."""

    bl_idname = "FOVEATE_PT_advanced"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender reads it
    bl_order = 0
    title = "Advanced"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The model must be a checkpoint."""
        panel = context.window_manager.foveate
        shown = form_of(panel.operation, panel)
        return shown is not None and shown.is_prompted

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the fields."""
        panel, say = context.window_manager.foveate, controller.get().texts
        values, shown = panel.checkpoint, form_of(panel.operation, panel)
        column = _split(self.layout)
        column.prop(values, "draw_seed", text=say("New each time"))
        seed = column.row()
        seed.active = not values.draw_seed
        seed.prop(values, "seed", text=say("Seed"))
        for name, title in _SAMPLING:
            column.prop(values, name, text=say(title))
        if shown is None:
            return
        own = say("The checkpoint's own")
        column.prop(values, "scheduler", text=say("Scheduler"), **hint(own))
        if _has_choices(shown, "vae"):
            column.prop(values, "vae", text="VAE", **hint(own))
        if shown.get("start"):
            column.prop(values, "start", text=say("Start"))
        if _has_choices(shown, "loras"):
            _draw_loras(self.layout, values)


def draw_words(layout: Any, panel: Any, shown: form.Form) -> None:
    """Draw what is always shown of a checkpoint."""
    say, values = controller.get().texts, panel.checkpoint
    column = layout.column(align=True)
    for kind, text, menu in (
        ("prompt", "Prompt: empty is what suits the picture", FoveatePromptMenu),
        ("negative_prompt", "What it shall not show", FoveateNegativePromptMenu),
    ):
        row = column.row(align=True)
        row.prop(values, kind, text="", icon="TEXT" if kind == "prompt" else "CANCEL", **hint(say(text)))
        row.menu(menu.bl_idname, text="", icon="DOWNARROW_HLT")
    fields = _split(layout)
    fields.prop(values, "preset", text=say("Preset"))
    if shown.get("strength"):
        row = fields.row()
        row.active = panel.operation != "compare" or not values.compare_strengths
        row.prop(values, "strength", text=say("Strength"))
    if panel.operation == "compare":
        _draw_lists(fields, values)
    else:
        fields.prop(values, "variations", text=say("Variations"))
    if panel.operation == "extend":
        sides = fields.column(align=True)
        for side in SIDES:
            sides.prop(values, side, text=say(side.capitalize()))


def _draw_lists(fields: Any, values: Any) -> None:
    """Draw what is compared: the lists are combined with each other."""
    say = controller.get().texts
    fields.label(text=say("Side by side, in all combinations:"), translate=False)
    lists = fields.column(align=True)
    for axis in comparison_lists.AXES:
        lists.prop(values, COMPARED[axis.name], text=say(axis.title), **hint(axis.example))


def history_of(kind: str) -> tuple[str, ...]:
    """Return the prompts that were used, the newest first."""
    kept = controller.get().settings
    return kept.prompts if kind == "prompt" else kept.negative_prompts


def hint(text: str) -> dict[str, str]:
    """Return what shows a text in an empty field."""
    return {"placeholder": text}


def _draw_loras(layout: Any, values: Any) -> None:
    """Draw the LoRAs that are chosen, and one free row."""
    say = controller.get().texts
    layout.label(text=say("LoRAs"), translate=False)
    column = layout.column(align=True)
    for slot in SLOTS:
        row = column.row(align=True)
        row.prop(values, f"lora_{slot}", text="", icon="ADD", **hint(say("Add a LoRA")))
        if not getattr(values, f"lora_{slot}"):
            return
        weight = row.row(align=True)
        weight.scale_x = 0.6
        weight.prop(values, f"lora_{slot}_weight", text="")


def _has_choices(shown: form.Form, name: str) -> bool:
    parameter = shown.get(name)
    return parameter is not None and any(choice.value for choice in parameter.choices)


def _split(layout: Any) -> Any:
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    return column


CLASSES = (
    FoveatePromptMenu,
    FoveateNegativePromptMenu,
    UsePromptOperator,
    ForgetPromptsOperator,
    FoveateAdvancedPanel,
)
