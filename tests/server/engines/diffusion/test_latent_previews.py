from __future__ import annotations

import numpy as np
import pytest
import torch

from fakes.previews import random_vae
from foveate_server.engines.diffusion import tiny_vae
from foveate_server.engines.diffusion.latent_previews import LatentPreviews, latents_to_rgb
from foveate_server.families.registry import families


@pytest.mark.parametrize("name", families())
def test_each_channel_has_a_colour(name):
    family = families()[name]
    assert len(family.latent_colors) == family.latent_channels
    shown = latents_to_rgb(torch.zeros(family.latent_channels, 3, 5), family)
    assert shown.shape == (3, 5, 3)
    assert (np.abs(shown.astype(int) - 127) < 40).all()


def test_what_is_no_number_is_shown_all_the_same():
    family = families()["sd1"]
    shown = latents_to_rgb(torch.full((4, 2, 2), float("nan")), family)
    assert shown.dtype == np.uint8


def test_previews_keep_their_distance():
    shown, clock = [], iter([0.0, 0.1, 0.2, 0.35, 0.5, 0.9])
    previews = LatentPreviews(shown.append, families()["sd1"], lambda: next(clock))
    for _ in range(6):
        previews.offer(torch.zeros(1, 4, 2, 2))
    assert len(shown) == 3
    LatentPreviews(None, families()["sd1"]).offer(torch.zeros(1, 4, 2, 2))


def test_a_small_decoder_costs_a_tenth_of_the_time_at_most(tmp_path):
    random_vae().save_pretrained(tmp_path)
    tiny = tiny_vae.load(tmp_path / "diffusion_pytorch_model.safetensors", torch.device("cpu"))
    clock = iter([0.0, 0.1, 0.6, 1.0, 5.0, 5.2, 5.2, 5.2, 5.5, 5.5, 5.5])  # half a second is taken, then none
    shown = []
    previews = LatentPreviews(shown.append, families()["sd1"], lambda: next(clock), tiny=tiny, room=1 << 30)
    with torch.inference_mode():
        for _ in range(5):  # at 0.0, 1.0, 5.0, 5.2 and 5.5 seconds
            previews.offer(torch.zeros(1, 4, 2, 2))
    assert [picture.shape for picture in shown] == [(16, 16, 3)] * 3
