from __future__ import annotations

import numpy as np
import pytest
import torch

from foveate_server.engines.diffusion.adapters import ADAPTERS
from foveate_server.engines.diffusion.preview import Previews, latents_to_rgb


@pytest.mark.parametrize("name", ADAPTERS)
def test_each_channel_has_a_colour(name):
    family = ADAPTERS[name].family
    assert len(family.latent_colors) == family.latent_channels
    shown = latents_to_rgb(torch.zeros(family.latent_channels, 3, 5), family)
    assert shown.shape == (3, 5, 3)
    assert (np.abs(shown.astype(int) - 127) < 40).all()


def test_what_is_no_number_is_shown_all_the_same():
    family = ADAPTERS["sd1"].family
    shown = latents_to_rgb(torch.full((4, 2, 2), float("nan")), family)
    assert shown.dtype == np.uint8


def test_previews_keep_their_distance():
    shown, clock = [], iter([0.0, 0.0, 0.1, 0.2, 0.35, 0.35, 0.5, 0.9, 0.9])
    previews = Previews(shown.append, ADAPTERS["sd1"].family, lambda: next(clock))
    for _ in range(6):
        previews.offer(torch.zeros(1, 4, 2, 2))
    assert len(shown) == 3
    Previews(None, ADAPTERS["sd1"].family).offer(torch.zeros(1, 4, 2, 2))
