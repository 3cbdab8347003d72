from __future__ import annotations

import pytest

from foveate_server.models.training_size import trained_side


@pytest.mark.parametrize(
    ("facts", "side"),
    [
        ({"sample_size": 64}, 512),  # SDXL Turbo
        ({"sample_size": 128}, 1024),
        ({}, 1024),
        ({"sample_size": None}, 1024),
        ({"sample_size": [64, 64]}, 1024),
        ({"sample_size": 1}, 1024),
        ({"sample_size": 100_000}, 1024),
        ({"sample_size": True}, 1024),
    ],
)
def test_a_configuration_says_it_where_it_is_plausible(facts: dict[str, object], side: int) -> None:
    assert trained_side(facts, 1024) == side
