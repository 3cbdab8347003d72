"""Names to choose, of models and their like: a menu for each, else a search, where they are many.

No property searches by itself: over one that does, Blender 4.3 crashes where E is pressed.
"""

from __future__ import annotations

from typing import Any

import bpy

from . import choice_menu, controller
from .act_operator import INTERNAL, act_operator

_NONE = "NONE"  # identifies an empty name: Blender wants one for it
_MOST = 20  # in a menu; of more, one is searched for


def draw(row: Any, field_name: str, *, text: str, icon: str = "NONE") -> None:
    """Draw the chooser of a field of controller.fields, with a `text` on it."""
    before = row.operator_context
    if len(_options(field_name)) > _MOST:
        row.operator_context = "INVOKE_DEFAULT"
        row.operator("foveate.choose_name", text=text, icon="VIEWZOOM", translate=False).field = field_name
    else:
        row.operator_context = "EXEC_DEFAULT"
        choice_menu.draw(row, "foveate.choose_name", "choice", {"field": field_name}, text=text, icon=icon)
    row.operator_context = before


def _listed(said: Any, context: bpy.types.Context | None) -> controller.Choices:
    field_name = choice_menu.told(said, context, "field").field
    listed = tuple((option.name or _NONE, option.title, option.tip) for option in _options(field_name))
    return controller.get().kept(listed)


def _options(field_name: str) -> Any:
    """Return what can be chosen in a field; nothing where the form has none of that name."""
    fields = controller.get().fields
    return fields[field_name].options if field_name in fields else ()


@act_operator(
    "choose_name",
    "Choose",
    options=INTERNAL,
    search="choice",
    field=bpy.props.StringProperty(options={"SKIP_SAVE"}),
    choice=bpy.props.EnumProperty(name="Choice", items=_listed, options={"SKIP_SAVE"}),
)
def _choose_name(self: Any, _context: bpy.types.Context) -> None:
    """Choose one of those that the server has."""
    rt = controller.get()
    rt.fields[self.field].choose("" if self.choice == _NONE else self.choice)
    rt.announce()


CLASSES = (_choose_name,)
