"""Operators that do one thing at once, made of functions; what goes wrong is reported."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any

import bpy

from . import controller
from ._shared import errors

INTERNAL = {"INTERNAL"}  # among options: not to be found by a search
UNDOABLE = {"REGISTER", "UNDO"}
Act = Callable[[Any, bpy.types.Context], object]  # False: there was nothing to do


def reporting(operator: Any, act: Callable[[], set[str]]) -> set[str]:
    """Return how an operator's act ends; what goes wrong is reported."""
    try:
        return act()
    except errors.FoveateError as error:
        operator.report({"ERROR"}, controller.get().say.sentence(str(error)))
        return {"CANCELLED"}


def is_possible(operator: Any, reason: str) -> bool:
    """Return what an operator's class tells Blender that asks it; `reason`: why it is greyed, empty where it is not."""
    if reason:
        operator.poll_message_set(reason)
    return not reason


def act_operator(
    name: str,
    label: str,
    *,
    reason: Callable[[], str] = lambda: "",
    options: Set[str] = frozenset(),
    describe: Callable[[Any], str] = lambda _: "",
    search: str = "",
    **properties: Any,
) -> Callable[[Act], Any]:
    """Return what makes an operator, `foveate.NAME`, of a function that gets it and the context.

    The function's docstring is the operator's description; it may raise FoveateError. `reason` tells why the operator
    is greyed, in the person's language; empty where it is not. `options` are Blender's, and `properties` its own.
    `describe` gives a description that depends on those; empty: the usual one. Where `search` names an enum property, a
    person who invokes the operator searches its values first.
    """

    def make(act: Act) -> Any:
        def execute(self: Any, context: bpy.types.Context) -> set[str]:
            return reporting(self, lambda: {"CANCELLED"} if act(self, context) is False else {"FINISHED"})

        def poll(cls: Any, _context: bpy.types.Context) -> bool:
            return is_possible(cls, reason())

        text = (act.__doc__ or label).removesuffix(".")
        told = {"bl_idname": f"foveate.{name}", "bl_label": label, "bl_description": text, "bl_options": set(options)}
        told["description"] = classmethod(lambda cls, _context, properties: describe(properties) or cls.bl_description)
        if search:
            told |= {"bl_property": search, "invoke": _search}
        own = {"__doc__": text, "__annotations__": properties, "execute": execute, "poll": classmethod(poll)}
        return type(f"{name.title().replace('_', '')}Operator", (bpy.types.Operator,), {**told, **own})

    return make


def _search(self: Any, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
    context.window_manager.invoke_search_popup(self)
    return {"RUNNING_MODAL"}
