from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from fakes.previews import faithful_vae, random_vae
from fakes.tickers import RecordingTicker
from foveate_server.engines.diffusion.latent_previews import LatentPreviews, decoded_to_rgb
from foveate_server.engines.diffusion.library import Addition
from foveate_server.engines.diffusion.preview_decoders import Previewers
from foveate_server.engines.diffusion_request import DiffusionRequest, Prompt, Sampling
from foveate_server.families.registry import families

CPU = torch.device("cpu")
WEIGHTS = "diffusion_pytorch_model.safetensors"


def put(library, folder, vae, *fits, name="small"):
    vae.save_pretrained(folder)
    library.additions[name] = Addition(name, f"hash of {folder}", fits, folder / WEIGHTS)


def spoil(folder):
    state = load_file(folder / WEIGHTS)
    save_file({key: value * float("nan") for key, value in state.items()}, folder / WEIGHTS)


def test_the_first_that_suits_is_taken_and_loaded_once(library, tmp_path):
    four = ("sd1", "sd2", "sdxl")
    put(library, tmp_path / "xl", faithful_vae(families()["sdxl"].latent_colors), *four, name="xl")
    put(library, tmp_path / "sd", faithful_vae(families()["sd1"].latent_colors), *four, name="sd")
    put(library, tmp_path / "flux", random_vae(16), "flux1", name="flux")
    previewers = Previewers(library, CPU)
    found = {name: previewers.for_family(family, RecordingTicker()) for name, family in families().items()}
    assert found["sd1"] is found["sd2"] is not found["sdxl"]
    assert found["sdxl"] is previewers.for_family(families()["sdxl"], RecordingTicker())
    assert found["flux1"] is not None
    assert found["sd3"] is None


def test_a_broken_one_is_told_once_and_the_next_one_taken(library, tmp_path, caplog):
    put(library, tmp_path / "broken", random_vae(), "sd1", "sd2", name="broken")
    spoil(tmp_path / "broken")
    put(library, tmp_path / "sound", random_vae(), "sd1", "sd2", name="sound")
    previewers = Previewers(library, CPU)
    with caplog.at_level(logging.WARNING):
        first, second = (previewers.for_family(families()["sd1"], RecordingTicker()) for _ in range(2))
    assert first is second is not None
    assert [record.getMessage() for record in caplog.records] == [
        "the small VAE broken does not work, previews are rougher: what it makes is no picture"
    ]


def diffused(engine, picture, preview):
    request = DiffusionRequest(picture, None, "sd1", Prompt("a face"), 0.6, (5,), sampling=Sampling(5))
    return engine.diffuse(request, ticker=RecordingTicker(), preview=preview).images[0]


@pytest.fixture
def small(library, tmp_path):
    vae = random_vae()
    put(library, tmp_path, vae, "sd1", "sd2")
    return vae


@pytest.fixture
def thought(monkeypatch):
    """What the network had in mind at each step: latents (c, h, w)."""
    seen, offer = [], LatentPreviews.offer

    def noticing(self, clean):
        seen.append(clean[0].clone())
        offer(self, clean)

    monkeypatch.setattr(LatentPreviews, "offer", noticing)
    return seen


def test_it_shows_what_the_network_has_in_mind(engine, library, small, picture, thought):
    shown = []
    made = diffused(engine, picture, shown.append)
    with torch.inference_mode():
        decoded = small.decode(thought[0][None]).sample[0].permute(1, 2, 0)
    expected = (decoded.clamp(-1, 1).numpy() + 1) * 127.5
    assert shown[0].shape == picture.shape
    assert np.abs(shown[0] - expected).max() <= 0.5 + 1e-3
    library.additions.clear()
    rough = []
    assert diffused(engine, picture, rough.append).tobytes() == made.tobytes()
    assert rough[0].shape == (picture.shape[0] // 8, picture.shape[1] // 8, 3)


def test_one_that_fails_on_the_way_leaves_the_colours(engine, small, picture, monkeypatch, caplog):

    def fail(*_):
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr("foveate_server.engines.diffusion.latent_previews.decoded_to_rgb", fail)
    shown = []
    assert np.isfinite(diffused(engine, picture, shown.append)).all()
    assert shown[0].shape == (picture.shape[0] // 8, picture.shape[1] // 8, 3)
    assert "no room" in caplog.text


@torch.inference_mode()
def test_large_pictures_are_seen_reduced_and_little_memory_is_kept_to(library, tmp_path):
    colors = families()["sd1"].latent_colors
    put(library, tmp_path, faithful_vae(colors), "sd1", "sd2")
    tiny = Previewers(library, CPU).for_family(families()["sd1"], RecordingTicker())
    latents = torch.zeros(4, 160, 200)
    latents[0, :, :100] = 1.0
    plenty = 1 << 40
    wide = decoded_to_rgb(latents, tiny, plenty)
    tight = decoded_to_rgb(latents, tiny, tiny.need(160 * 200 * 64 // 16))
    assert wide.shape == (320, 400, 3)  # 1280 x 1600 pixels of latents twice reduced, and brought below 768
    assert tight.shape == (320, 400, 3)
    for shown in (wide, tight):
        lit, dark = shown[100, 50].astype(int), shown[100, 350].astype(int)
        assert np.abs(lit - dark - np.array(colors[0]) * 127.5).max() <= 1
    with pytest.raises(ValueError, match="no memory"):
        decoded_to_rgb(latents, tiny, tiny.need(160 * 200 - 1))
