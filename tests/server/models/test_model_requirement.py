import pytest

from foveate_server.models.model_requirement import DETECTORS, ENLARGERS, RESTORERS, checkpoints


@pytest.mark.parametrize(
    ("requirement", "kind", "scale", "can", "taken"),
    [
        (RESTORERS, "restore", 1, (), True),
        (RESTORERS, "detect", 1, (), False),
        (ENLARGERS, "restore", 1, (), False),
        (ENLARGERS, "restore", 2, (), True),
        (DETECTORS, "detect", 1, (), True),
        (checkpoints(), "diffusion", 1, (), True),
        (checkpoints("edits"), "diffusion", 1, ("fills",), False),
        (checkpoints("edits"), "diffusion", 1, ("fills", "edits"), True),
        (checkpoints("fills", "edits"), "diffusion", 1, ("edits",), False),
        (checkpoints("edits"), "lora", 1, ("edits",), False),
    ],
)
def test_what_is_taken(requirement, kind, scale, can, taken):
    assert requirement.is_met(kind, scale, frozenset(can)) is taken
