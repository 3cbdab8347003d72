"""What is said of an autoencoder's work beforehand is what its layers then take."""

import pytest
import torch

from fakes.full_size import autoencoder
from foveate_server.engines.diffusion.vae_work import decoding_work, encoding_work, metered

SMALL = {"block_out_channels": (8, 8, 16, 16), "norm_num_groups": 4}


@pytest.fixture
def vae():
    return autoencoder(torch.device("cpu"), torch.float32, **SMALL)


def _taken(module, run, every=1):
    taken = []
    with metered(module, taken.append, every=every), torch.inference_mode():
        run()
    return taken


@pytest.mark.parametrize("count", [1, 2])
def test_decoding_takes_what_was_said(vae, count):
    latents = torch.zeros(count, 4, 6, 8)
    taken = _taken(vae.decoder, lambda: vae.decoder(latents))
    assert sum(taken) == pytest.approx(decoding_work(vae, latents, tiled=False), rel=0.01)
    half = sum(taken[: len(taken) // 2]) / sum(taken)
    assert half < 0.25, "most is done by the last layers, which see the image at its own size"


def test_encoding_takes_what_was_said(vae):
    image = torch.zeros(1, 3, 48, 64)
    taken = _taken(vae.encoder, lambda: vae.encoder(image))
    assert sum(taken) == pytest.approx(encoding_work(vae, image, tiled=False), rel=0.01)


def test_one_in_so_many_layers_tells_of_all_before_it(vae):
    latents = torch.zeros(1, 4, 4, 4)
    each, some = (_taken(vae.decoder, lambda: vae.decoder(latents), every) for every in (1, 8))
    assert len(some) == len(each) // 8
    assert sum(some) == pytest.approx(sum(each), rel=0.1)


def test_tiles_take_more(vae):
    latents = torch.zeros(1, 4, 4, 4)
    assert decoding_work(vae, latents, tiled=True) > 3 * decoding_work(vae, latents, tiled=False)
