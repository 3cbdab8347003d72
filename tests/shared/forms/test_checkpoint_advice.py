"""The help for who has no checkpoint."""

import re

import pytest

from foveate_shared.forms import checkpoint_advice
from foveate_shared.i18n.translations import Texts, languages


def test_every_card_has_its_advice():
    assert [entry.memory for entry in checkpoint_advice.ADVICE] == [0, 4, 6, 8, 12, 16, 24]
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+", entry.source) for entry in checkpoint_advice.ADVICE)


def test_the_text_tells_all():
    text = checkpoint_advice.help_text(Texts(), "/opt/foveate")
    assert "No graphics card: Stable Diffusion 1.5 (16 or 32 bits). It works, with patience" in text
    assert "12 GB: SDXL (16 bits)." in text
    assert "/opt/foveate models add my-checkpoint.safetensors" in text


@pytest.mark.parametrize("language", languages())
def test_it_is_translated(language):
    catalogue = Texts(language).catalogue
    told = {checkpoint_advice.INTRODUCTION, *checkpoint_advice.STEPS}
    told |= {text for each in checkpoint_advice.ADVICE for text in (each.family, each.precision, each.expectation)}
    assert told - catalogue.keys() == set()
