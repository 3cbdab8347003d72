"""Names that a kept parameter can have, of models and their like: what the server has now, by its titles.

They are kept by name, so that a choice outlasts a list that changes. One that is not there (any more) is shown as gone.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..forms import checkpoint_choices, comparison_lists
from ..forms.operation_form import Parameter
from ..wire.protocol import Json
from . import labels
from .controller import Controller
from .kept_parameters import SLOTS, KeptParameter, form_of

_LEFT = {"loras": "None"}  # what an empty name means, by parameter
_LEFT_OTHERWISE = "The checkpoint's own"


@dataclass(frozen=True)
class NameOption:
    """One to choose. Texts are in the person's language."""

    name: str  # as it is kept; empty: nothing is said
    title: str
    tip: str = ""


def options(kept: KeptParameter) -> tuple[NameOption, ...]:
    """Return what can be chosen for a parameter that is a name, or has some; the first says nothing."""
    controller, say = kept.controller(), kept.controller().say
    if kept.parameter.name == "model":
        able = checkpoint_choices.models_for(controller.models, kept.operation)
        return tuple(NameOption(name, title, tip) for title, name, tip in labels.model_rows(able, say))
    named = [each for each in kept.choices if each.value]
    left = next((each.title for each in kept.choices if not each.value), "")
    return (
        NameOption("", say(left or _LEFT.get(kept.parameter.name, _LEFT_OTHERWISE))),
        *(NameOption(str(each.value), each.title, each.description) for each in named),
    )


def continuations(kept: KeptParameter, axis: comparison_lists.Axis) -> tuple[NameOption, ...]:
    """Return how a list of what is compared can go on; nothing where one has to know that."""
    controller = kept.controller()
    shown = form_of(controller, kept.operation)
    found = comparison_lists.suggestions(shown, controller.models).get(axis.name, []) if shown else []
    return tuple(NameOption(text, controller.say(title)) for title, text in found)


def title_of(kept: KeptParameter, key: str) -> str:
    """Return what a field shows for the name that is kept by `key`."""
    name = _name(kept.view(key))
    return next((each.title for each in options(kept) if each.name == name), _gone(kept.controller(), name))


def problem(controller: Controller, operation: str) -> str:
    """Return why nothing can be started with what is kept, in the language: a name that nothing has, or bad lists."""
    shown = form_of(controller, operation)
    if shown is None or not controller.models:
        return ""
    if variants := shown.get("variants"):
        lists = KeptParameter(lambda: controller, shown.operation, variants).lists()
        return comparison_lists.problem(lists, variants.schema, controller.models, shown.operation, controller.say)
    for parameter in (_MODEL, *shown.parameters):
        kept = KeptParameter(lambda: controller, shown.operation, parameter)
        known = {each.name for each in options(kept)} if _is_named(parameter) else set()
        for key in _keys(parameter) if known else ():
            if (name := _name(kept.get(key))) not in known:
                title = controller.say(parameter.title)
                return controller.say("{title}: {name} is gone. Choose another one.", title=title, name=name)
    return ""


_MODEL = Parameter("model", "Model", "", "string")


def _is_named(parameter: Parameter) -> bool:
    """Tell whether its fields are chosen from a list of names; a preset's are numbered."""
    return parameter.name in {"model", "loras"} or (parameter.names_a_choice and parameter.type == "string")


def _keys(parameter: Parameter) -> tuple[str, ...]:
    return tuple(f"loras_{slot}" for slot in SLOTS) if parameter.name == "loras" else (parameter.name,)


def _name(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _gone(controller: Controller, name: str) -> str:
    """Return what stands for a name that is not listed; before a server has told any, it may well be there."""
    return controller.say("{name} (gone)", name=name) if controller.models else name
