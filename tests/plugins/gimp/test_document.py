"""What an image must be, so that something can be made of it."""

from types import SimpleNamespace

import pytest
from foveate_gimp import document

INDEXED = document.Gimp.ImageBaseType.INDEXED


def channel(name, *, is_visible):
    return SimpleNamespace(get_name=lambda: name, get_visible=lambda: is_visible)


def image(*channels, base=0, floating=None, layers=("Background",)):
    return SimpleNamespace(
        is_valid=lambda: True,
        get_base_type=lambda: base,
        get_floating_sel=lambda: floating,
        get_layers=lambda: list(layers),
        get_channels=lambda: list(channels),
    )


PROBLEMS = {
    "nothing": (image(channel("kept selection", is_visible=False)), ""),
    "a palette": (image(base=INDEXED), "indexed palette"),
    "a floating selection": (image(floating="it"), "Anchor it"),
    "no layer": (image(layers=()), "The image has no layer. Add one."),
    "Quick Mask": (image(channel("Qmask", is_visible=True)), "Turn it off first (Shift+Q)"),
    "Quick Mask with its eye closed": (image(channel("Qmask", is_visible=False)), "Quick Mask is on"),
    "a channel in the picture": (image(channel("sky", is_visible=True)), "The channel “sky” is shown over the picture"),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_what_nothing_can_be_made_of_is_said(case):
    made, sentence = PROBLEMS[case]
    told = document.problem(made)
    assert sentence in told
    assert bool(told) == bool(sentence)
