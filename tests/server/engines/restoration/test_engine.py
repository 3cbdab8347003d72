from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from scipy.ndimage import gaussian_filter

from fakes import probing
from foveate_server.engines.contract import Engine
from foveate_server.engines.memory_share import sharing
from foveate_server.engines.restoration.engine import RestorationEngine, create
from foveate_server.engines.restoration.halo_tiles import HaloTiles
from foveate_server.engines.restoration.network import Fit, Network, Stage
from foveate_server.engines.restoration.srvgg import SRVGGNetCompact
from foveate_server.engines.restoration.strip_continuation import RowStreams
from foveate_server.engines.values import UNCUT, Face, Pinned, Strip
from foveate_server.models.adding.from_path import add_path
from foveate_server.models.registry import Registry
from foveate_shared.errors import CancelledJobError, ErrorCode, InputError, ResourceError
from foveate_shared.geometry import Bounds

CPU = torch.device("cpu")
FREE = Pinned()


@pytest.fixture(scope="module")
def small_registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A registry with a small random network, added as a user adds one."""
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    save_file(SRVGGNetCompact(2, 8, 2).state_dict(), folder / "Tiny x2.safetensors")
    registry = Registry(folder / "cache")
    with probing.here():
        add_path(registry, folder / "Tiny x2.safetensors")
    return registry


@pytest.fixture
def engine(small_registry: Registry) -> RestorationEngine:
    return RestorationEngine(small_registry, CPU, threads=2)


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).random((20, 30, 3), np.float32)


def test_is_an_engine(engine: RestorationEngine) -> None:
    as_engine: Engine = engine
    assert as_engine.model_scale("tiny-x2") == 2
    assert as_engine.model_scale(None) == 4


class SlowRegistry(Registry):
    """Fetches what it has at hand already, telling how far it is."""

    def path(self, name, progress=None):
        for done in (0, 40_000_000, 80_000_000):
            progress(done, 80_000_000)
        return super().path(name)


@pytest.mark.usefixtures("probed_here")
def test_fetching_a_model_takes_nothing_off_the_work_that_follows(tmp_path, image, ticker) -> None:
    save_file(SRVGGNetCompact(2, 8, 2).state_dict(), tmp_path / "Tiny x2.safetensors")
    registry = SlowRegistry(tmp_path / "cache")
    add_path(registry, tmp_path / "Tiny x2.safetensors")
    engine = RestorationEngine(registry, CPU, threads=2)
    engine.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    assert ticker.fractions[:3] == [0, 0, 0]


def test_a_rendering_tells_how_it_was_made(engine: RestorationEngine, small_registry, image, ticker) -> None:
    rendering = engine.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    assert rendering.image.shape == (40, 60, 3)
    assert rendering.image.dtype == np.float32
    assert 0 <= rendering.image.min() <= rendering.image.max() <= 1
    assert rendering.model == {"name": "tiny-x2", "sha256": small_registry.entry("tiny-x2").sha256}
    assert rendering.device.startswith("cpu: ")
    assert (rendering.pinned.dtype, rendering.pinned.threads) == ("float32", 2)
    assert rendering.pinned.tile is not None


@pytest.mark.parametrize("pinned", [Pinned("bfloat16", 16, 1), Pinned("float32", 64, 2)])
def test_a_replay_gives_the_same_bytes(small_registry, image, ticker, pinned: Pinned) -> None:
    renderings = [
        RestorationEngine(small_registry, CPU).upscale(image, "tiny-x2", exact=False, pinned=pinned, ticker=ticker)
        for _ in range(2)
    ]
    assert renderings[0].pinned == pinned
    assert renderings[0].image.tobytes() == renderings[1].image.tobytes()


def test_both_precisions_of_one_model_live_side_by_side(engine: RestorationEngine, image, ticker) -> None:
    low = engine.upscale(image, "tiny-x2", exact=False, pinned=Pinned("bfloat16"), ticker=ticker)
    full = engine.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    again = engine.upscale(image, "tiny-x2", exact=False, pinned=Pinned("bfloat16"), ticker=ticker)
    assert 0 < np.abs(low.image - full.image).max() < 0.05
    assert np.array_equal(low.image, again.image)
    engine.release()
    assert np.array_equal(engine.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker).image, full.image)


class ShortOfMemory(HaloTiles):
    """Runs out of memory above a tile's size, as a GPU does."""

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self.tried: list[int] = []

    def run(self, network, image, strip, *, device, tile, meter):
        self.tried.append(tile)
        if tile > self.largest:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return super().run(network, image, strip, device=device, tile=tile, meter=meter)


def test_out_of_memory_means_a_smaller_tile_and_a_word(small_registry, ticker) -> None:
    image = np.random.default_rng(0).random((8, 400, 3), np.float32)
    executor = ShortOfMemory(100)
    engine = RestorationEngine(small_registry, CPU, executor=executor)
    rendering = engine.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    assert executor.tried[1:] == [200, 100]
    assert rendering.pinned.tile == 100
    assert [note for note in ticker.notes if "tiles of 100 pixels" in note]
    whole = RestorationEngine(small_registry, CPU).upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    np.testing.assert_allclose(rendering.image, whole.image, atol=1e-5)


def test_out_of_memory_at_the_smallest_tile_is_a_sentence(small_registry, image, ticker) -> None:
    engine = RestorationEngine(small_registry, CPU, executor=ShortOfMemory(0))
    with pytest.raises(ResourceError, match="smallest tile") as caught:
        engine.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    assert caught.value.info.code is ErrorCode.OUT_OF_MEMORY


def test_other_errors_of_torch_are_not_taken_for_it(small_registry, image, ticker) -> None:
    class Broken(HaloTiles):
        def run(self, *args, **kwargs):
            raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        RestorationEngine(small_registry, CPU, executor=Broken()).upscale(
            image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker
        )


WANTED = Strip(Bounds(2, 10, 25, 8), 40, 3)


@pytest.mark.parametrize("executor", [None, HaloTiles()], ids=["rows", "tiles"])
def test_only_what_is_wanted_of_an_image_is_made(small_registry, image, ticker, executor) -> None:
    engine = RestorationEngine(small_registry, CPU, executor=executor)
    whole = engine.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    part = engine.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker, strip=WANTED)
    np.testing.assert_allclose(part.image, whole.image[20:36, 4:54], atol=1e-5)


def test_what_is_not_cut_is_pinned_as_such_and_replayed_so(small_registry, image, ticker, monkeypatch) -> None:
    """Also where a replay finds less memory than there was."""
    engine = RestorationEngine(small_registry, CPU)
    made = engine.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    assert made.pinned.tile == UNCUT
    monkeypatch.setattr("foveate_server.engines.device_precision.free_memory", lambda device: 0)
    monkeypatch.setattr(HaloTiles, "run", lambda *args, **kwargs: pytest.fail("it was cut"))
    again = engine.upscale(image, "tiny-x2", exact=True, pinned=made.pinned, ticker=ticker)
    assert np.array_equal(again.image, made.image)


def test_little_memory_means_columns_and_the_same_result(small_registry, ticker, monkeypatch) -> None:
    image = np.random.default_rng(0).random((40, 120, 3), np.float32)
    whole = RestorationEngine(small_registry, CPU).upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    engine = RestorationEngine(small_registry, CPU)
    network, _ = engine._network(engine._entry("tiny-x2"), exact=True, pinned=None, ticker=ticker)
    memory = 2 * (60 * network.streaming.column_bytes(4) + whole.image.nbytes)
    monkeypatch.setattr("foveate_server.engines.device_precision.free_memory", lambda device: memory)
    widths, run_column = [], RowStreams.run_column

    def counted(streams, network, image, strip, *rest):
        widths.append(strip.wanted.width)
        return run_column(streams, network, image, strip, *rest)

    monkeypatch.setattr(RowStreams, "run_column", counted)
    made = engine.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    assert len(widths) > 1
    assert sum(widths) == 120
    assert max(widths) <= 60
    assert made.pinned == whole.pinned
    np.testing.assert_allclose(made.image, whole.image, atol=1e-5)


def test_a_share_of_the_memory_means_columns(small_registry, ticker, monkeypatch) -> None:
    image = np.random.default_rng(0).random((40, 400, 3), np.float32)
    rows = RestorationEngine(small_registry, CPU)
    network, _ = rows._network(rows._entry("tiny-x2"), exact=True, pinned=None, ticker=ticker)
    memory = 4 * (220 * network.streaming.column_bytes(4) + 4 * image.nbytes)  # half of it is for half of the columns
    monkeypatch.setattr("foveate_server.engines.device_precision._system_memory", lambda _: memory)
    widest, run = [], RowStreams.run
    monkeypatch.setattr(RowStreams, "run", lambda *args, **named: widest.append(named["tile"]) or run(*args, **named))
    whole = rows.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    with sharing(0.5):
        made = rows.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    assert widest[1] < widest[0]
    assert made.pinned == whole.pinned
    np.testing.assert_allclose(made.image, whole.image, atol=1e-5)


def test_a_share_of_the_memory_means_smaller_tiles_which_a_recipe_names(small_registry, ticker, monkeypatch) -> None:
    monkeypatch.setattr("foveate_server.engines.device_precision._system_memory", lambda _: 3 * 1600 * 200_000)
    tiles = RestorationEngine(small_registry, CPU, executor=HaloTiles())
    image = np.zeros((600, 600, 3), np.float32)
    whole = tiles.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    with sharing(0.5):
        made = tiles.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    assert made.pinned.tile < whole.pinned.tile


def test_very_little_memory_means_tiles(small_registry, image, ticker, monkeypatch) -> None:
    monkeypatch.setattr("foveate_server.engines.device_precision.free_memory", lambda device: 1000)
    monkeypatch.setattr(RowStreams, "run", lambda *args, **kwargs: pytest.fail("there is no memory for that"))
    made = RestorationEngine(small_registry, CPU).upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    assert made.pinned.tile == 64


def test_what_must_be_cut_is_in_float32_unless_a_recipe_says_bfloat16(
    small_registry, image, ticker, monkeypatch
) -> None:
    """Its tiles would differ by several levels from the whole."""
    monkeypatch.setattr("foveate_server.engines.device_precision.free_memory", lambda device: 1000)
    monkeypatch.setattr("foveate_server.engines.device_precision.computes_bfloat16", lambda device: True)
    engine = RestorationEngine(small_registry, CPU)
    made = engine.upscale(image, "tiny-x2", exact=False, pinned=FREE, ticker=ticker)
    assert made.pinned.dtype == "float32"
    full = engine.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    assert np.array_equal(made.image, full.image)
    assert engine.upscale(image, "tiny-x2", exact=False, pinned=made.pinned, ticker=ticker).pinned == made.pinned
    older = Pinned("bfloat16", 64, 2)
    assert engine.upscale(image, "tiny-x2", exact=False, pinned=older, ticker=ticker).pinned == older


def test_a_flat_strip_is_cut_into_fewer_tiles_than_a_square_of_that_width(small_registry, ticker, monkeypatch) -> None:
    monkeypatch.setattr("foveate_server.engines.device_precision.free_memory", lambda device: 3 * 1600 * 100_000)
    engine = RestorationEngine(small_registry, CPU, executor=HaloTiles())
    image = np.zeros((900, 900, 3), np.float32)
    tiles = []
    for height in (60, 600):
        strip = Strip(Bounds(0, 100, 900, height))
        made = engine.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker, strip=strip)
        assert made.image.shape == (2 * height, 1800, 3)
        tiles.append(made.pinned.tile)
    assert tiles[0] > 900
    assert tiles[1] < 320


def test_rows_that_run_out_of_memory_give_way_to_tiles(small_registry, image, ticker, monkeypatch) -> None:
    def short(*args, **kwargs):
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(RowStreams, "run", short)
    made = RestorationEngine(small_registry, CPU).upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)
    assert made.image.shape == (2 * image.shape[0], 2 * image.shape[1], 3)
    assert made.pinned.tile < UNCUT
    assert ticker.notes == [f"Memory ran out; going on with tiles of {made.pinned.tile} pixels."]


def test_a_bug_in_rows_is_not_hidden(small_registry, image, ticker, monkeypatch) -> None:
    monkeypatch.setattr(RowStreams, "run", lambda *args, **kwargs: (_ for _ in ()).throw(RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        RestorationEngine(small_registry, CPU).upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker)


def test_what_waits_for_its_next_strip_goes_with_the_memory(small_registry, image, ticker) -> None:
    engine = RestorationEngine(small_registry, CPU)
    engine.upscale(image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker, strip=WANTED)
    assert engine._rows._open
    engine.release()
    assert not engine._rows._open


def test_an_overflow_is_run_again_in_float32(small_registry, image, ticker) -> None:
    class Overflowing(HaloTiles):
        def run(self, network, *args, **kwargs):
            result = super().run(network, *args, **kwargs)
            low = any(value.dtype is torch.bfloat16 for value in network.module.parameters())
            return result * np.float32(np.inf) if low else result

    engine = RestorationEngine(small_registry, CPU, executor=Overflowing())
    rendering = engine.upscale(image, "tiny-x2", exact=False, pinned=Pinned("bfloat16"), ticker=ticker)
    assert np.isfinite(rendering.image).all()
    assert rendering.pinned.dtype == "float32"
    assert "again in float32" in ticker.notes[0]


@pytest.mark.parametrize(("model", "word"), [("none-such", "no model called"), ("centerface", "does not restore")])
def test_a_model_that_cannot(engine: RestorationEngine, image, ticker, model: str, word: str) -> None:
    with pytest.raises(InputError, match=word) as caught:
        engine.upscale(image, model, exact=False, pinned=FREE, ticker=ticker)
    assert caught.value.info.code is ErrorCode.UNKNOWN_MODEL


def test_a_network_that_knows_one_size_sees_only_that(small_registry, ticker, monkeypatch) -> None:
    seen = []

    def run_face(x: torch.Tensor) -> torch.Tensor:
        seen.append(tuple(x.shape))
        return x

    module = torch.nn.Conv2d(3, 3, 1)
    face = Network(
        module, (Stage(run_face, 0, 1, 1),), lambda dtype: None, frozenset({torch.float32}), 1, Fit(square=32)
    )
    monkeypatch.setattr(
        "foveate_server.engines.restoration.engine.load", lambda path: type("Found", (), {"network": face})
    )
    image = np.full((40, 90, 3), 0.25, np.float32)
    rendering = RestorationEngine(small_registry, CPU).upscale(
        image, "tiny-x2", exact=True, pinned=Pinned(tile=8), ticker=ticker
    )
    assert seen == [(1, 3, 32, 32)]
    np.testing.assert_allclose(rendering.image, image, atol=1e-5)


def test_a_network_that_knows_faces_sees_one_where_it_expects_it(small_registry, ticker, monkeypatch) -> None:
    seen = []

    def run_face(x: torch.Tensor) -> torch.Tensor:
        seen.append(x.clone())
        return 1 - x

    module = torch.nn.Conv2d(3, 3, 1)
    network = Network(
        module, (Stage(run_face, 0, 1, 1),), lambda dtype: None, frozenset({torch.float32}), 1, Fit(square=128)
    )
    monkeypatch.setattr(
        "foveate_server.engines.restoration.engine.load", lambda path: type("Found", (), {"network": network})
    )
    image = np.zeros((200, 300, 3), np.float32)
    eyes = ((180.0, 60.0), (180.0, 92.0))  # of a face that lies on its side
    for x, y in eyes:
        image[int(y) - 4 : int(y) + 4, int(x) - 4 : int(x) + 4] = 1
    face = Face((0, 0, 1, 1), (*eyes, (160.0, 76.0), (146.0, 63.0), (146.0, 89.0)), 1.0)
    rendering = RestorationEngine(small_registry, CPU).upscale(
        image, "tiny-x2", exact=True, pinned=FREE, ticker=ticker, face=face
    )
    (square,) = seen
    bright = np.argwhere(square[0, 0].numpy() > 0.5)
    assert abs(bright[:, 0].mean() - 60) < 4  # both eyes on one line, at their height
    assert rendering.image[76, 160, 0] > 0.9  # changed where the face is
    assert np.array_equal(rendering.image[:, :60], image[:, :60])


@pytest.mark.filterwarnings("ignore:torch.meshgrid")
def test_a_users_checkpoint_of_another_architecture_runs(tmp_path: Path, make_swin, ticker) -> None:
    torch.save({"params": make_swin().state_dict()}, tmp_path / "My SwinIR.pth")
    registry = Registry(tmp_path / "cache", offline=True)
    entry = add_path(registry, tmp_path / "My SwinIR.pth")
    assert (entry.name, entry.architecture, entry.scale) == ("my-swinir", "SwinIR", 2)
    (tmp_path / "My SwinIR.pth").unlink()  # the cache has a copy
    image = np.random.default_rng(0).random((21, 40, 3), np.float32)
    engine = RestorationEngine(Registry(tmp_path / "cache", offline=True), CPU)
    rendering = engine.upscale(image, "my-swinir", exact=False, pinned=FREE, ticker=ticker)
    assert rendering.image.shape == (42, 80, 3)
    assert rendering.pinned.dtype == "float32"
    assert ticker.checks > 10


def test_without_weights_and_network_it_says_what_to_do(tmp_path: Path, image, ticker) -> None:
    engine = create({"models_dir": str(tmp_path), "offline": True, "device": "cpu", "threads": 2})
    with pytest.raises(ResourceError, match="models pull") as caught:
        engine.upscale(image, None, exact=False, pinned=FREE, ticker=ticker)
    assert caught.value.info.code is ErrorCode.OFFLINE


@pytest.mark.weights
def test_the_default_model_brings_detail_back(registry: Registry, photo, ticker) -> None:
    """A blurred photo, restored and reduced to its size, is nearer to the original than it was."""
    original = photo[90:154, 190:254]
    blurred = gaussian_filter(original, (1.5, 1.5, 0))
    rendering = RestorationEngine(registry, CPU).upscale(blurred, None, exact=False, pinned=FREE, ticker=ticker)
    restored = rendering.image.reshape(64, 4, 64, 4, 3).mean(axis=(1, 3))
    assert rendering.scale == 4
    assert np.square(restored - original).mean() < 0.8 * np.square(blurred - original).mean()


@pytest.mark.weights
def test_a_cancel_is_heard_between_layers(registry: Registry, photo, make_ticker) -> None:
    engine = RestorationEngine(registry, CPU)
    whole, cancelled = make_ticker(), make_ticker(cancel_after=5)
    engine.upscale(photo[:8, :8], None, exact=True, pinned=FREE, ticker=whole)
    assert whole.checks > 350, "one for each of the convolutions that a single band passes"
    with pytest.raises(CancelledJobError):
        engine.upscale(photo, None, exact=True, pinned=FREE, ticker=cancelled)
    assert cancelled.checks == 6
