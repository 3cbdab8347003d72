"""Real architectures with random weights, added as a person adds a checkpoint, and run by the engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from foveate_server.engines.restoration import load_network
from foveate_server.engines.restoration.engine import RestorationEngine
from foveate_server.engines.restoration.spandrel_adapter import _gfpgan, import_spandrel
from foveate_server.engines.values import Pinned
from foveate_server.models.adding.from_path import add_path
from foveate_server.models.registry import Registry
from foveate_shared.errors import ErrorCode, InputError

pytestmark = pytest.mark.filterwarnings("ignore:torch.meshgrid")
CPU = torch.device("cpu")


@pytest.fixture
def spandrel():
    return import_spandrel("a test")


@pytest.fixture
def dat(spandrel) -> nn.Module:
    """DAT-light, narrower: its windows are 8 x 32, every other block shifts them by half."""
    from spandrel.architectures.DAT import DAT

    torch.manual_seed(0)
    return DAT(
        img_size=64, embed_dim=32, split_size=[8, 32], depth=[3], num_heads=[2], expansion_factor=2, upscale=2,
        resi_connection="3conv", upsampler="pixelshuffledirect",
    ).eval()  # fmt: skip


@pytest.fixture
def hat(spandrel) -> nn.Module:
    from spandrel.architectures.HAT import HAT

    torch.manual_seed(0)
    return HAT(
        img_size=32, window_size=16, embed_dim=16, depths=[1], num_heads=[2], upscale=2, compress_ratio=3,
        squeeze_factor=4, upsampler="pixelshuffle",
    ).eval()  # fmt: skip


@pytest.fixture
def real_plksr(spandrel) -> nn.Module:
    from spandrel.architectures.PLKSR import RealPLKSR

    torch.manual_seed(0)
    return RealPLKSR(dim=16, n_blocks=2, upscaling_factor=2).eval()


@pytest.fixture
def grey(spandrel) -> nn.Module:
    from spandrel.architectures.DnCNN import DnCNN

    torch.manual_seed(0)
    return DnCNN(in_nc=1, out_nc=1, nc=16, nb=5).eval()


def render(registry: Registry, name: str, image: np.ndarray, ticker, tile: int | None = None) -> np.ndarray:
    engine = RestorationEngine(registry, CPU, threads=2)
    rendering = engine.upscale(image, name, exact=False, pinned=Pinned(tile=tile), ticker=ticker)
    assert rendering.pinned.dtype == "float32", "in bfloat16 its last layers would band"
    return rendering.image


def weights_of(shape: torch.Size) -> torch.Tensor:
    """Return random weights that keep the variance of what a layer sees, the same for all of its outputs."""
    inputs = shape[1:].numel() if len(shape) < 5 else shape[2:].numel()
    return (torch.randn((1, *shape[1:])) / inputs**0.5).expand(shape) if len(shape) > 1 else torch.zeros(shape)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).random((height, width, 3), np.float32)


@pytest.mark.usefixtures("probed_here")
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_dat_runs_from_either_kind_of_file_on_any_size(tmp_path: Path, dat, suffix: str, ticker) -> None:
    path = tmp_path / f"4x Some DAT{suffix}"
    state = dat.state_dict()
    torch.save({"params_ema": state}, path) if suffix == ".pth" else save_file(state, path)
    registry = Registry(tmp_path / "cache", offline=True)
    entry = add_path(registry, path)
    assert (entry.name, entry.architecture, entry.scale) == ("4x-some-dat", "DAT", 2)
    image = noise(37, 51)  # no multiple of any window
    with torch.inference_mode():
        whole = np.pad(image, ((0, 32 - 37 % 32), (0, 64 - 51), (0, 0)), mode="reflect")
        expected = dat(torch.from_numpy(whole).permute(2, 0, 1)[None])[0, :, :74, :102].permute(1, 2, 0).numpy()
    found = render(registry, entry.name, image, ticker)
    assert found.shape == (74, 102, 3)
    inner = (slice(0, 40), slice(0, 40))  # beyond, paddings at the border differ
    np.testing.assert_allclose(found[inner], expected[inner].clip(0, 1), atol=0.02)


@pytest.mark.parametrize(("make", "multiple"), [("dat", 32), ("hat", 16), ("real_plksr", 16), ("grey", 16)])
def test_tiles_begin_where_the_windows_of_the_whole_do(tmp_path: Path, request, make: str, multiple: int) -> None:
    torch.save(request.getfixturevalue(make).state_dict(), tmp_path / "net.pth")
    assert load_network.load(tmp_path / "net.pth").network.fit.multiple == multiple


def test_what_sees_several_pixels_as_one_sees_as_many_more_around(tmp_path: Path, spandrel) -> None:
    """As Real-ESRGAN x2 does."""
    from spandrel.architectures.ESRGAN import ESRGAN

    halos = []
    for factor in (1, 2):
        model = ESRGAN(in_nc=3 * factor**2, num_filters=8, num_blocks=1, scale=2 * factor, shuffle_factor=factor)
        torch.save(model.state_dict(), tmp_path / "net.pth")
        found = load_network.load(tmp_path / "net.pth")
        assert (found.architecture, found.network.scale) == ("ESRGAN", 2)
        halos.append(found.network.halo)
    assert halos[1] == 2 * halos[0]


@pytest.mark.usefixtures("probed_here")
def test_tiles_agree_with_the_whole(tmp_path: Path, hat, ticker, levels) -> None:
    torch.save(hat.state_dict(), tmp_path / "hat.pth")
    registry = Registry(tmp_path / "cache", offline=True)
    add_path(registry, tmp_path / "hat.pth")
    image = noise(20, 200)
    assert levels(render(registry, "hat", image, ticker, 64), render(registry, "hat", image, ticker)) <= 1


def test_a_network_for_greyscale_sees_three_images(tmp_path: Path, grey) -> None:
    torch.save(grey.state_dict(), tmp_path / "grey.pth")
    [stage] = load_network.load(tmp_path / "grey.pth").network.stages
    image = torch.rand(1, 3, 24, 40)
    with torch.inference_mode():
        channels = torch.cat([grey(image[:, [i]]) for i in range(3)], 1)
        torch.testing.assert_close(stage.run(image), channels.clamp(0, 1))


def test_gfpgan_has_a_range_of_its_own_and_the_same_noise_each_time(spandrel) -> None:
    from spandrel.architectures.GFPGAN import GFPGAN

    torch.manual_seed(0)
    model = GFPGAN(out_size=32, num_style_feat=16, narrow=0.125).eval()
    for name, value in model.named_parameters():
        if name.endswith("weight") and value.numel() == 1:
            value.data.fill_(1.0)  # of the noise: 0 before training
    image = torch.rand(1, 3, 32, 32)
    run = _gfpgan(model)
    with torch.inference_mode():
        inner = model(image * 2 - 1, randomize_noise=False)[0]
        torch.testing.assert_close(run(image), (inner / 2 + 0.5).clamp(0, 1))
        assert torch.equal(run(image), run(image))


@pytest.mark.usefixtures("probed_here")
def test_gfpgan_itself_is_taken_and_tried(tmp_path: Path, spandrel) -> None:
    """All of its 86 million weights; few of them differ, so the file is small. Adding runs it once, on a full face."""
    from spandrel.architectures.GFPGAN import GFPGAN

    with torch.device("meta"):
        shapes = {key: value.shape for key, value in GFPGAN().state_dict().items()}
    state = {key: weights_of(shape) for key, shape in shapes.items()}
    torch.save({"params_ema": state}, tmp_path / "GFPGANv1.4.pth")
    entry = add_path(Registry(tmp_path / "cache", offline=True), tmp_path / "GFPGANv1.4.pth")
    assert (entry.architecture, entry.scale) == ("GFPGAN", 1)


@pytest.mark.usefixtures("probed_here")
def test_weights_that_load_and_do_not_run_are_found_out_when_added(tmp_path: Path, spandrel) -> None:
    from spandrel.architectures.SCUNet import SCUNet

    torch.save(SCUNet(config=[1] * 7, dim=16).state_dict(), tmp_path / "odd.pth")  # its heads are 32 wide
    with pytest.raises(InputError, match="fails on a first image") as caught:
        add_path(Registry(tmp_path / "cache", offline=True), tmp_path / "odd.pth")
    assert caught.value.info.code is ErrorCode.INVALID_FILE
