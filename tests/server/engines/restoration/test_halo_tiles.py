from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_server.engines.layer_hooks import Meter
from foveate_server.engines.restoration import ncnn_weights, rrdbnet, srvgg
from foveate_server.engines.restoration.halo_tiles import HaloTiles
from foveate_server.engines.restoration.network import Fit, Network, Stage
from foveate_server.engines.values import Strip
from foveate_shared.errors import CancelledJobError
from foveate_shared.geometry import Bounds

CPU = torch.device("cpu")


def run(network: Network, image: np.ndarray, tile: int, ticker) -> np.ndarray:
    strip = Strip(Bounds(0, 0, image.shape[1], image.shape[0]))
    return HaloTiles().run(network, image, strip, device=CPU, tile=tile, meter=Meter(ticker, "Restoring"))


def random_image(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).random((height, width, 3), np.float32)


@pytest.fixture(scope="module")
def small() -> Network:
    torch.manual_seed(0)
    return srvgg.as_network(srvgg.SRVGGNetCompact(2, 8, 2).eval())


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 30), width=st.integers(1, 30), tile=st.integers(3, 40))
def test_an_exact_halo_gives_the_untiled_result(
    small: Network, make_ticker, height: int, width: int, tile: int
) -> None:
    image = random_image(height, width)
    tiled, whole = (run(small, image, side, make_ticker()) for side in (tile, 64))
    assert tiled.shape == (2 * height, 2 * width, 3)
    np.testing.assert_allclose(tiled, whole, atol=1e-5)


def test_a_halo_too_small_shows(small: Network, make_ticker) -> None:
    """The test above can fail: with a halo one pixel short, it would."""
    [stage] = small.stages
    short = Network(small.module, (Stage(stage.run, stage.halo - 1, 2, 1),), small.lower, small.dtypes, 1)
    image = random_image(20, 40)
    assert np.abs(run(short, image, 20, make_ticker()) - run(small, image, 64, make_ticker())).max() > 1e-4


def test_stages_are_tiled_each_on_its_own(make_ticker) -> None:
    torch.manual_seed(0)
    module = rrdbnet.RRDBNet(1, 8, 4).eval()  # its true radius, 17 + 2, is within the halo
    network = rrdbnet.as_network(module)
    trunk, tail = network.stages
    seen: list[tuple[int, ...]] = []

    def tail_run(x: torch.Tensor) -> torch.Tensor:
        seen.append(tuple(x.shape[2:]))
        return module.tail(x)

    stages = (trunk, Stage(tail_run, tail.halo, 4, 4, tail.share, tile=24))
    cut = Network(module, stages, network.lower, network.dtypes, 1)
    image = random_image(50, 70)
    np.testing.assert_allclose(run(cut, image, 64, make_ticker()), run(network, image, 999, make_ticker()), atol=1e-5)
    assert len(seen) == 3 * 4
    assert max(max(shape) for shape in seen) <= 24 + 2 * tail.halo


def test_tiles_begin_on_the_grid_of_the_network(make_ticker) -> None:
    """A network with windows of 4 px, here one that averages each, must see the windows of the whole image."""

    def run_windows(x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.avg_pool2d(x, 4).repeat_interleave(4, 2).repeat_interleave(4, 3)

    module = torch.nn.Identity()
    network = Network(module, (Stage(run_windows, 1, 1, 1),), lambda dtype: None, frozenset(), 1, Fit(multiple=4))
    image = random_image(24, 40)
    assert np.array_equal(run(network, image, 7, make_ticker()), run(network, image, 99, make_ticker()))


def test_progress_grows_to_the_end(small: Network, ticker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foveate_server.engines.layer_hooks.REPORT_SECONDS", 0)
    run(small, random_image(20, 40), 10, ticker)
    assert ticker.fractions == sorted(ticker.fractions)
    assert ticker.fractions[0] == 0
    assert 0.9 < ticker.fractions[-1] <= 1


def test_a_cancel_ends_within_a_tile_and_leaves_no_hooks(small: Network, make_ticker) -> None:
    with pytest.raises(CancelledJobError):
        run(small, random_image(20, 40), 64, make_ticker(cancel_after=3))
    assert not any(layer._forward_pre_hooks for layer in small.module.modules())


@pytest.fixture(scope="module")
def strip(photo) -> np.ndarray:
    """(6, 256, 3): long enough that a cut in its middle has more than a halo on either side."""
    return np.ascontiguousarray(photo[109:115, 150:406])


Levels = Callable[[np.ndarray, np.ndarray], float]


@pytest.mark.weights
@pytest.mark.parametrize("model", ["realesrgan-x4plus", "realesrgan-x4plus-anime", "realesr-animevideov3"])
def test_real_weights_tiled_differ_by_at_most_a_level(registry, strip, levels: Levels, make_ticker, model: str) -> None:
    network = ncnn_weights.load(registry.path(model))
    network.module.to(memory_format=torch.channels_last)
    tiled, whole = (run(network, strip, side, make_ticker()) for side in (128, 256))
    assert levels(tiled, whole) <= 1
    assert np.abs(tiled - whole).max() < 0.05 / 255


@pytest.mark.weights
def test_real_weights_tiled_agree_where_influence_lingers(registry, photo, levels: Levels, make_ticker) -> None:
    """Around the fine letters of a badge x4plus looks further than elsewhere: a halo of 72 was off by a level there."""
    network = ncnn_weights.load(registry.path("realesrgan-x4plus"))
    network.module.to(memory_format=torch.channels_last)
    image = np.ascontiguousarray(photo[280:488, 180:192])
    tiled, whole = (run(network, image, side, make_ticker()) for side in (104, 208))
    assert levels(tiled, whole) <= 1
    assert np.abs(tiled - whole).max() < 0.05 / 255


@pytest.mark.weights
@pytest.mark.bfloat16
def test_in_bfloat16_tiles_err_no_more_than_bfloat16_does(registry, photo, make_ticker) -> None:
    """Rounding to 8 bits of mantissa is chaotic, so two shapes differ by several levels here and there; yet neither is
    further from the truth, and no seam shows: pixels beside the cut are as good as others."""
    network = ncnn_weights.load(registry.path("realesrgan-x4plus"))
    network.module.to(memory_format=torch.channels_last)
    strip = np.ascontiguousarray(photo[100:124, 150:406])  # enough pixels for means
    truth = run(network, strip, 256, make_ticker())
    network.lower(torch.bfloat16)
    tiled, whole = (np.abs(run(network, strip, side, make_ticker()) - truth) * 255 for side in (128, 256))
    assert tiled.mean() < 1.1 * whole.mean() < 0.3
    assert tiled[:, 504:520].mean() < 1.5 * whole[:, 504:520].mean()
    cut = np.abs(np.diff(tiled, axis=1)).mean(axis=(0, 2))
    assert cut[511] < 2 * np.median(cut)
