"""The parameters in the sidebar, as their schemas want it; what is seldom said to a checkpoint is folded."""

from typing import Any

import bpy

from . import controller, name_choosers
from ._shared import comparison_lists, kept_fields, kept_parameters, offered_operations, operation_form, prompt_history
from .act_operator import INTERNAL, act_operator
from .panel_base import Part, titled_row
from .parameters import property_of

_SHOWN_PROMPTS = 20  # of the history, in the menu


class PromptMenu:
    """The prompts that were used before; choosing one puts it into its field."""

    bl_label = "Used before"
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


def _prompt_menu(kind: str) -> type:
    return type(f"{kind.title()}Menu", (PromptMenu, bpy.types.Menu), {"bl_idname": f"FOVEATE_MT_{kind}", "kind": kind})


def _kind() -> Any:
    """Return the property that says which of the two histories is meant."""
    return bpy.props.EnumProperty(items=[("prompt", "Prompt", ""), ("negative_prompt", "Negative prompt", "")])


def _prompt_of(said: Any) -> str:
    """Return all of the prompt that an operator's properties name: the menu shows its beginning."""
    return next(iter(controller.get().history(said.kind)[said.number :]), "")


@act_operator(
    "use_prompt", "Use Prompt", options=INTERNAL, describe=_prompt_of, kind=_kind(), number=bpy.props.IntProperty(min=0)
)
def _use_prompt(self: Any, context: bpy.types.Context) -> bool:
    """Take this prompt again."""
    prompt, panel = _prompt_of(self), context.window_manager.foveate
    if prompt:
        setattr(panel, property_of(panel.operation, self.kind), prompt)
    return bool(prompt)


@act_operator("forget_prompts", "Forget Prompts", options=INTERNAL, kind=_kind())
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
        if not kept_parameters.offered(controller.get()):
            return False
        shown = kept_parameters.form_of(controller.get(), context.window_manager.foveate.operation)
        return shown is not None and shown.is_prompted

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the fields."""
        panel = context.window_manager.foveate
        shown = kept_parameters.form_of(controller.get(), panel.operation)
        for parameter in shown.advanced if shown else ():
            _draw(self.layout, panel, shown, parameter)


def draw_basic(layout: Any, panel: Any, shown: operation_form.Form) -> None:
    """Draw what is always shown of an operation: the model first, where it has any."""
    say = controller.get().say
    if shown.model is not None or shown.wanted:
        _draw_name(layout, property_of(shown.operation, "model"))
    for parameter in shown.basic if shown.is_prompted else shown.parameters:
        _draw(layout, panel, shown, parameter)
    if shown.has_variations:
        _split(layout).prop(panel, "variations", text=say("Variations"))


def _draw(layout: Any, panel: Any, shown: operation_form.Form, parameter: operation_form.Parameter) -> None:
    """Draw a parameter: in a way of its own, or as its property shows itself."""
    say, name = controller.get().say, property_of(shown.operation, parameter.name)
    if parameter.name in _PROMPTS:
        text, icon, menu = _PROMPTS[parameter.name]
        row = layout.row(align=True)
        row.prop(panel, name, text="", icon=icon, placeholder=say(text))
        row.menu(menu.bl_idname, text="", icon="DOWNARROW_HLT")
    elif parameter.name == "loras":
        _draw_loras(layout, panel, shown, parameter)
    elif parameter.name == "variants":
        _draw_lists(layout, panel)
    elif parameter.name == "only":
        _split(layout).prop(panel, "only", text=say("Only"), placeholder=say("All"))
    elif parameter.are_numbers:
        column = _split(layout).column(align=True)
        for part in parameter.parts if panel.operation == offered_operations.EXTEND else ():
            column.prop(panel, f"{name}_{part.name}", text=say(part.title))
    elif not parameter.names_a_choice or any(each.value for each in parameter.choices):
        _draw_value(layout, panel, shown, parameter)


def _draw_value(layout: Any, panel: Any, shown: operation_form.Form, parameter: operation_form.Parameter) -> None:
    """Draw a parameter as its property shows itself, or as a name that is chosen."""
    say, name = controller.get().say, property_of(shown.operation, parameter.name)
    is_listed = _is_listed(panel, shown, parameter)
    if _is_name(name):
        _draw_name(layout, name, is_active=not is_listed)
    elif hasattr(panel, name):
        column, is_drawn = _split(layout), parameter.name == "seed" and panel.draw_seed
        if parameter.name == "seed":
            column.prop(panel, "draw_seed", text=say("New each time"))
        row = column.row()
        row.active = not is_drawn and not is_listed
        row.prop(panel, name, text=say(parameter.title))


def _is_name(name: str) -> bool:
    field = controller.get().fields.get(name)
    return field is not None and field.kind is kept_fields.ValueKind.NAME


def _draw_name(layout: Any, name: str, *, is_active: bool = True) -> None:
    """Draw what is chosen from a list of names, with its title."""
    rt = controller.get()
    field = rt.fields[name]
    row = titled_row(layout, rt.say(field.title), field.shown)
    row.active = is_active
    name_choosers.draw(row, name, text=field.shown)


def _is_listed(panel: Any, shown: operation_form.Form, parameter: operation_form.Parameter) -> bool:
    """Tell whether several values of a parameter are compared."""
    axes = comparison_lists.AXES if shown.get("variants") else ()
    return any(axis.name == parameter.name and getattr(panel, kept_parameters.list_of(axis)).strip() for axis in axes)


def _draw_lists(layout: Any, panel: Any) -> None:
    """Draw what is compared: the lists are combined with each other. A menu adds to those of names."""
    rt, say = controller.get(), controller.get().say
    layout.label(text=say("Side by side, in all combinations:"), translate=False)
    lists = layout.column(align=True)
    for axis in comparison_lists.AXES:
        name, row = kept_parameters.list_of(axis), titled_row(lists, say(axis.title))
        row.prop(panel, name, text="", placeholder=axis.example)
        if rt.fields[name].options:
            name_choosers.draw(row, name, text="", icon="ADD")


def _draw_loras(layout: Any, panel: Any, shown: operation_form.Form, parameter: operation_form.Parameter) -> None:
    """Draw the LoRAs that are chosen, and one free row."""
    if not parameter.choices:
        return
    say = controller.get().say
    layout.label(text=say(parameter.title), translate=False)
    column = layout.column(align=True)
    for slot in kept_parameters.SLOTS:
        name = property_of(shown.operation, f"loras_{slot}")
        row = column.row(align=True)
        if not getattr(panel, name):
            name_choosers.draw(row, name, text=say("Add a LoRA"), icon="ADD")
            return
        name_choosers.draw(row, name, text=controller.get().fields[name].shown)
        weight = row.row(align=True)
        weight.scale_x = 0.6
        weight.prop(panel, f"{name}_weight", text="")


def _split(layout: Any) -> Any:
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    return column


_PROMPTS = {  # a hint, an icon, and the menu of those used before
    "prompt": ("Prompt: empty is what suits the picture", "TEXT", _prompt_menu("prompt")),
    "negative_prompt": ("What it shall not show", "CANCEL", _prompt_menu("negative_prompt")),
}
CLASSES = (*(menu for _, _, menu in _PROMPTS.values()), _use_prompt, _forget_prompts, FoveateAdvancedPanel)
