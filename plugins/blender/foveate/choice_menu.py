"""A menu of an operator's choices, where these depend on what else the operator is told.

Blender 5.2 asks for the choices before it has told the operator anything. So the menu's context says it, too.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import bpy

_MEMBER = "foveate_told"  # of the context in which a menu is open


def draw(row: Any, operator: str, choice: str, told: dict[str, Any], *, text: str, icon: str = "NONE") -> None:
    """Draw the menu of an operator's property `choice`, for an operator that is `told` the rest."""
    row.context_string_set(_MEMBER, json.dumps(told))
    menu = row.operator_menu_enum(operator, choice, text=text, icon=icon, translate=False)
    for name, value in told.items():
        setattr(menu, name, value)


def told(said: Any, context: bpy.types.Context | None, always: str) -> Any:
    """Return what an operator was told: its own properties, else what its menu says; `always` names one never empty."""
    in_menu = "" if getattr(said, always) else getattr(context, _MEMBER, "")
    return SimpleNamespace(**json.loads(in_menu)) if in_menu else said
