"""The parameters in the sidebar, as their schemas want it; what is seldom said to a checkpoint is folded."""

from typing import Any

import bpy

from . import controller
from ._shared import comparison_lists, offered_operations, operation_form, prompt_history
from .act_operator import act_operator
from .panel_base import Part
from .parameters import SLOTS, form_of, list_of, property_of

_SHOWN_PROMPTS = 20  # of the history, in the menu


class PromptMenu:
    """The prompts that were used before; choosing one puts it into its field."""

    kind = ""  # a parameter

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw them, the newest first."""
        say = controller.get().say
        history = controller.get().history(self.kind)
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


def _kind() -> Any:
    """Return the property that says which of the two histories is meant."""
    return bpy.props.EnumProperty(items=[("prompt", "Prompt", ""), ("negative_prompt", "Negative prompt", "")])


class UsePromptOperator(bpy.types.Operator):
    """Take this prompt again."""

    bl_idname = "foveate.use_prompt"
    bl_label = "Use Prompt"
    bl_description = "Take this prompt again"
    bl_options = {"INTERNAL"}  # noqa: RUF012 - Blender reads it

    kind: _kind()
    number: bpy.props.IntProperty(min=0)

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """Return all of the prompt: the menu shows its beginning."""
        history = controller.get().history(properties.kind)
        return history[properties.number] if properties.number < len(history) else cls.bl_description

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Put it into its field."""
        history = controller.get().history(self.kind)
        if self.number >= len(history):
            return {"CANCELLED"}
        panel = context.window_manager.foveate
        setattr(panel, property_of(panel.operation, self.kind), history[self.number])
        return {"FINISHED"}


@act_operator("forget_prompts", "Forget Prompts", lambda: "", "INTERNAL", kind=_kind())
def _forget_prompts(self: Any, _context: bpy.types.Context) -> None:
    """Forget the prompts that were used before."""
    controller.get().forget_prompts(self.kind)


class FoveateAdvancedPanel(Part, bpy.types.Panel):
    """How a checkpoint samples, and what is added to it."""

    bl_idname = "FOVEATE_PT_advanced"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender reads it
    bl_order = 0
    title = "Advanced"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The model must be a checkpoint."""
        shown = form_of(context.window_manager.foveate.operation)
        return shown is not None and shown.is_prompted

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the fields."""
        panel = context.window_manager.foveate
        shown = form_of(panel.operation)
        for parameter in shown.advanced if shown else ():
            _draw(self.layout, panel, shown, parameter)


def draw_basic(layout: Any, panel: Any, shown: operation_form.Form) -> None:
    """Draw what is always shown of an operation: the model first, where it has any."""
    say, fields = controller.get().say, _split(layout)
    if shown.model is not None or shown.wanted:
        fields.prop(panel, property_of(shown.operation, "model"), text=say("Model"), **hint(say("The server's choice")))
    for parameter in shown.basic if shown.is_prompted else shown.parameters:
        _draw(layout, panel, shown, parameter)
    if shown.has_variations:
        _split(layout).prop(panel, "variations", text=say("Variations"))


def _draw(layout: Any, panel: Any, shown: operation_form.Form, parameter: operation_form.Parameter) -> None:
    """Draw a parameter: in a way of its own, or as its property shows itself."""
    say, name = controller.get().say, property_of(shown.operation, parameter.name)
    if parameter.name in _PROMPTS:
        text, menu = _PROMPTS[parameter.name]
        row = layout.row(align=True)
        icon = "TEXT" if parameter.name == "prompt" else "CANCEL"
        row.prop(panel, name, text="", icon=icon, **hint(say(text)))
        row.menu(menu.bl_idname, text="", icon="DOWNARROW_HLT")
    elif parameter.name == "loras":
        _draw_loras(layout, panel, shown, parameter)
    elif parameter.name == "variants":
        _draw_lists(layout, panel)
    elif parameter.name == "only":
        _split(layout).prop(panel, "only", text=say("Only"), **hint(say("All")))
    elif parameter.are_numbers:
        column = _split(layout).column(align=True)
        for part in parameter.parts if panel.operation == offered_operations.EXTEND else ():
            column.prop(panel, f"{name}_{part.name}", text=say(part.title))
    elif parameter.name == "seed":
        column = _split(layout)
        column.prop(panel, "draw_seed", text=say("New each time"))
        row = column.row()
        row.active = not panel.draw_seed
        row.prop(panel, name, text=say(parameter.title))
    elif hasattr(panel, name) and (not parameter.names_a_choice or any(each.value for each in parameter.choices)):
        row = _split(layout).row()
        row.active = parameter.name not in _listed(panel, shown)
        is_text = parameter.names_a_choice and parameter.name != "preset"
        usual = hint(say("The checkpoint's own")) if is_text else {}
        row.prop(panel, name, text=say(parameter.title), **usual)


def _listed(panel: Any, shown: operation_form.Form) -> set[str]:
    """Return the parameters of which several values are compared."""
    axes = comparison_lists.AXES if shown.get("variants") else ()
    return {axis.name for axis in axes if getattr(panel, list_of(axis)).strip()}


def _draw_lists(layout: Any, panel: Any) -> None:
    """Draw what is compared: the lists are combined with each other."""
    say, fields = controller.get().say, _split(layout)
    fields.label(text=say("Side by side, in all combinations:"), translate=False)
    lists = fields.column(align=True)
    for axis in comparison_lists.AXES:
        lists.prop(panel, list_of(axis), text=say(axis.title), **hint(axis.example))


def hint(text: str) -> dict[str, str]:
    """Return what shows a text in an empty field."""
    return {"placeholder": text}


def _draw_loras(layout: Any, panel: Any, shown: operation_form.Form, parameter: operation_form.Parameter) -> None:
    """Draw the LoRAs that are chosen, and one free row."""
    if not parameter.choices:
        return
    say = controller.get().say
    layout.label(text=say(parameter.title), translate=False)
    column = layout.column(align=True)
    for slot in SLOTS:
        name = property_of(shown.operation, f"loras_{slot}")
        row = column.row(align=True)
        row.prop(panel, name, text="", icon="ADD", **hint(say("Add a LoRA")))
        if not getattr(panel, name):
            return
        weight = row.row(align=True)
        weight.scale_x = 0.6
        weight.prop(panel, f"{name}_weight", text="")


def _split(layout: Any) -> Any:
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    return column


_PROMPTS = {  # a hint, and the menu of those used before
    "prompt": ("Prompt: empty is what suits the picture", FoveatePromptMenu),
    "negative_prompt": ("What it shall not show", FoveateNegativePromptMenu),
}
CLASSES = (
    FoveatePromptMenu,
    FoveateNegativePromptMenu,
    UsePromptOperator,
    _forget_prompts,
    FoveateAdvancedPanel,
)
