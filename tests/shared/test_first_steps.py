"""The help for who has no checkpoint."""

import re

import pytest

from foveate_shared import first_steps
from foveate_shared.texts import Texts, languages


def test_every_card_has_its_advice():
    assert [entry.memory for entry in first_steps.ADVICE] == [0, 4, 6, 8, 12, 16, 24]
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+", entry.source) for entry in first_steps.ADVICE)


def test_the_text_tells_all():
    text = first_steps.help_text(Texts(), "/opt/foveate")
    assert "No graphics card: Stable Diffusion 1.5 (bfloat16 or float32). It works, with patience" in text
    assert "12 GB: SDXL (float16)." in text
    assert "/opt/foveate models add my-checkpoint.safetensors" in text


@pytest.mark.parametrize("language", languages())
def test_it_is_translated(language):
    catalogue = Texts(language).catalogue
    told = {first_steps.INTRODUCTION, *first_steps.STEPS}
    told |= {text for each in first_steps.ADVICE for text in (each.family, each.precision, each.expectation)}
    assert told - catalogue.keys() == set()
