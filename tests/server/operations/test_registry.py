"""The operations in their stated order, and what a package declares wrongly."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from foveate_server.models.model_requirement import DETECTORS, RESTORERS, ModelRequirement, checkpoints
from foveate_server.operations.parameters.declaration import Declaration, NoParameters, parameter
from foveate_server.operations.parameters.roles import MODEL
from foveate_server.operations.registry import check, operations, registered
from foveate_shared.wire.schema_words import NEEDS, PICTURES


@dataclass(frozen=True)
class Untitled:
    radius: int = parameter(default=3)


@dataclass(frozen=True)
class Contradicting:
    radius: int = parameter("Radius", default=3, minimum=4)


@dataclass(frozen=True)
class NoSchema:
    radius: int = parameter("Radius", minimum="three")


@dataclass(frozen=True)
class Rendered:
    brush: str | None = parameter("Brush", role=MODEL)


@dataclass(frozen=True)
class Unspeakable:
    when: complex = field(default=1j)


def an_operation(**other):
    told = {"name": "outline", "title": "Outline", "parameters": Declaration(NoParameters), "plan": print, "run": print}
    return SimpleNamespace(**(told | other))


def test_ours_come_in_their_stated_order():
    assert list(operations())[:6] == ["refocus", "faces", "detect", "upscale", "fill", "compare"]
    assert registered().left_out == ()


def test_what_is_complete_is_taken():
    assert check(an_operation()).name == "outline"
    assert check(an_operation(parameters=Declaration(NoParameters, models=(DETECTORS,))))
    assert check(an_operation(parameters=Declaration(Rendered, models=(RESTORERS, checkpoints("edits")))))


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"run": None}, "methods plan and run"),
        ({"name": "Out line"}, "'Out line' is no name"),
        ({"title": " "}, "it has no title"),
        ({"parameters": {"type": "object"}}, "no Declaration"),
        ({"parameters": Declaration(Untitled)}, "the parameter radius has no title"),
        ({"parameters": Declaration(Contradicting)}, "the default of radius does not fit"),
        ({"parameters": Declaration(NoSchema)}, "properties.radius.minimum is no JSON Schema"),
        ({"parameters": Declaration(Unspeakable)}, "cannot be the type of a parameter"),
        ({"parameters": Declaration(Rendered, models=("restore",))}, "its models are no ModelRequirement"),
        ({"parameters": Declaration(Rendered, models=(ModelRequirement("brush"),))}, "models of an unknown kind"),
        ({"parameters": Declaration(Rendered, {NEEDS: ["diffusion"]}, (RESTORERS,))}, "does not take: diffusion"),
        ({"parameters": Declaration(NoParameters, models=(RESTORERS,))}, "none of its parameters has the role model"),
    ],
)
def test_what_is_declared_wrongly_is_told(other, reason):
    with pytest.raises((TypeError, ValueError), match=reason):
        check(an_operation(**other))


@pytest.mark.parametrize(
    ("slots", "reason"),
    [
        ({"Depth map": {}}, "'Depth map' is no name of a picture"),
        ({"2nd": {}}, "'2nd' is no name of a picture"),
        ({"document": {}}, "no picture can be called 'document'"),
        ({"depth_map": {}, "depth-map": {}}, "two of its pictures have the same name"),
        ({"reference": {"max": 3}, "reference-2": {}}, "two of its pictures have the same name"),
        ({"reference": {"max": 257}}, "more than 256 pictures"),
    ],
)
def test_pictures_that_cannot_be_told_apart_are_refused(slots, reason):
    with pytest.raises(ValueError, match=reason):
        check(an_operation(parameters=Declaration(NoParameters, {PICTURES: slots})))


def test_pictures_with_names_of_their_own_are_taken():
    slots = {"depth_map": {}, "reference": {"max": 256 - 1}}
    assert check(an_operation(parameters=Declaration(NoParameters, {PICTURES: slots})))
