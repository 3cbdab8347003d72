"""Jobs know what parameters are for, and no operation's words."""

from dataclasses import dataclass

from fakes.models import CATALOG
from foveate_server.engines.deterministic import tints as made_up
from foveate_server.jobs.resolve_parameters import settle
from foveate_server.operations.parameters import roles
from foveate_server.operations.parameters.checkpoint_parameters import AddedLora, for_checkpoints
from foveate_server.operations.parameters.declaration import Declaration, parameter
from foveate_server.operations.registry import operations
from foveate_server.presets import load_presets
from foveate_shared.wire.protocol import DIFFUSION


@dataclass(frozen=True)
class Change:
    called: str = parameter("Called", role=roles.LABEL)
    dice: int | None = for_checkpoints("Dice", role=roles.SEED)
    extras: tuple[AddedLora, ...] = for_checkpoints("Extras", role=roles.LORAS, absent=())
    twins: tuple[int, ...] = for_checkpoints("Twins", role=roles.SIBLINGS, absent=())


@dataclass(frozen=True)
class Otherwise:
    """What our own operations know, under other names; and a word of theirs that means something else."""

    network: str | None = parameter("Network", role=roles.MODEL)
    wish: str = for_checkpoints("Wish", role=roles.PROMPT, absent="")
    look: str | None = for_checkpoints("Look", role=roles.PRESET)
    dice: int | None = for_checkpoints("Dice", role=roles.SEED)
    extras: tuple[AddedLora, ...] = for_checkpoints("Extras", role=roles.LORAS, absent=())
    changes: tuple[dict, ...] = for_checkpoints("Changes", role=roles.VARIANTS, entries=Change, absent=())
    seed: int | None = parameter("Seed", "Of grass.")


class Sow:
    name = "refocus"  # for which there are models
    title = "Sow"
    parameters = Declaration(Otherwise)


def settled(**parameters):
    return settle(Sow(), parameters, CATALOG, lambda: load_presets(None))


def test_every_role_has_its_parameter_whatever_it_is_called():
    found = settled(wish="a cat", extras=[{"name": made_up.LORA}])
    assert found.model.name == found.parameters["network"] == made_up.MODEL
    assert isinstance(found.parameters["dice"], int)
    assert "seed" not in found.parameters
    assert found.parameters["wish"] == "a cat"


def test_a_preset_speaks_by_roles():
    found = settled(wish="a hand", look="hand").parameters
    assert found["wish"].startswith("a hand, photograph of a hand")
    assert not {"look", "prompt", "negative_prompt", "strength"} & set(found)


def test_variants_are_labelled_and_told_of_each_other():
    found = settled(network=made_up.MODEL, changes=[{"dice": 1}, {"dice": 2}, {"extras": [{"name": made_up.LORA}]}])
    first, second, third = found.parameters["changes"]
    assert [first["called"], second["called"], third["called"]] == ["dice 1", "dice 2", f"{made_up.LORA} 1"]
    assert first["twins"] == second["twins"] == [1, 2]
    assert third["dice"] == found.parameters["dice"]


def test_our_schemas_tell_only_roles_that_there_are_each_once():
    for operation in operations().values():
        schema = operation.parameters.schema
        told = [each[roles.ROLE] for each in schema["properties"].values() if roles.ROLE in each]
        assert len(told) == len(set(told))
        assert set(told) <= set(roles.ALL)
    assert [name for name, each in operations().items() if each.parameters.schema.get("x-needs") == [DIFFUSION]] == [
        "fill",
        "compare",
    ]
