"""What is typed for a checkpoint: LoRAs, sides that grow, further parameters."""

import pytest

from foveate_shared.errors import InputError


@pytest.fixture(scope="module")
def wishes(module):
    return module("checkpoint_text_fields")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("film-look", [{"name": "film-look"}]),
        (" film-look : 0.8 ,grain:-1", [{"name": "film-look", "weight": 0.8}, {"name": "grain", "weight": -1.0}]),
        ("a:b:0.5", [{"name": "a:b", "weight": 0.5}]),
    ],
)
def test_loras_are_named_with_their_weights(wishes, text, expected):
    assert wishes.lora_list(text) == expected


@pytest.mark.parametrize("text", ["film-look:much", "a:, b"])
def test_a_weight_that_is_none_is_said(wishes, text):
    with pytest.raises(InputError, match="is no weight of a LoRA"):
        wishes.lora_list(text)


def test_the_panels_loras_are_written_so_that_they_are_read_back(wishes):
    text = wishes.lora_text([("film-look", 0.8), ("", 1.0), ("grain", 1.0)])
    assert wishes.lora_list(text) == [{"name": "film-look", "weight": 0.8}, {"name": "grain", "weight": 1.0}]


def test_sides_that_grow_are_named_and_one_must(wishes):
    assert wishes.growth(0, 32, 8, 0) == {"right": 32, "top": 8}
    with pytest.raises(InputError, match="No side is to grow"):
        wishes.growth(0, 0, 0, 0)


def test_further_parameters_are_a_json_object(wishes):
    assert wishes.further("") == {}
    assert wishes.further('{"anchor": 0.5}') == {"anchor": 0.5}
    for text in ("anchor", "[1]", "3"):
        with pytest.raises(InputError, match="no JSON object"):
            wishes.further(text)


def test_a_drawn_seed_fits_into_blenders_numbers(wishes):
    seeds = {wishes.draw_seed() for _ in range(20)}
    assert len(seeds) > 1
    assert all(0 <= seed <= wishes.LARGEST_SEED for seed in seeds)
