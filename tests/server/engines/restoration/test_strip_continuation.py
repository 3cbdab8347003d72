from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_server.engines.layer_hooks import Meter
from foveate_server.engines.restoration import ncnn_weights, rrdbnet, srvgg, strip_continuation
from foveate_server.engines.restoration.halo_tiles import HaloTiles
from foveate_server.engines.restoration.network import Network
from foveate_server.engines.restoration.row_layers import Flow, Rows
from foveate_server.engines.restoration.strip_continuation import RowStreams
from foveate_server.engines.values import Strip
from foveate_shared.errors import CancelledJobError
from foveate_shared.geometry import Bounds, split

CPU = torch.device("cpu")
DTYPES = [
    pytest.param(torch.float32, id="float32"),
    pytest.param(torch.bfloat16, id="bfloat16", marks=pytest.mark.bfloat16),
]
AGAIN = 6  # rows that two strips share


@pytest.fixture(scope="module", params=["rrdbnet", "srvgg"])
def network(request: pytest.FixtureRequest) -> Network:
    torch.manual_seed(0)
    if request.param == "srvgg":
        found = srvgg.as_network(srvgg.SRVGGNetCompact(4, 16, 2).eval())
    else:
        found = rrdbnet.as_network(rrdbnet.RRDBNet(1, 16, 8).eval())
    found.module.to(memory_format=torch.channels_last)
    return found


@pytest.fixture(autouse=True)
def small_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strip_continuation, "BAND_AREA", 1024)


def random_image(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, 3), np.float32)


def untiled(network: Network, image: np.ndarray, ticker) -> np.ndarray:
    strip = Strip(Bounds(0, 0, image.shape[1], image.shape[0]))
    return HaloTiles().run(network, image, strip, device=CPU, tile=9999, meter=Meter(ticker, "Restoring"))


class Pictures:
    """Strips of an image, as an operation cuts them: each with what its result depends on, and no more."""

    def __init__(self, network: Network, image: np.ndarray, ticker) -> None:
        self.network, self.image, self.ticker = network, image, ticker
        self.streams = RowStreams()

    def strips(self, heights: list[tuple[int, int]], left: int, right: int) -> list[tuple[Bounds, Strip, np.ndarray]]:
        height, width, _ = self.image.shape
        radius = self.network.streaming.radius
        found = []
        for top, bottom in heights:
            wanted = Bounds.from_edges(left, max(0, top - AGAIN // 2), right, min(height, bottom + AGAIN // 2))
            seen = wanted.pad(radius).intersect(Bounds(0, 0, width, height))
            again = wanted.bottom - max(0, bottom - AGAIN // 2) if bottom < height else None
            pixels = self.image[seen.y : seen.bottom, seen.x : seen.right]
            found.append((wanted, Strip(wanted.relative_to(seen), seen.y, again), pixels))
        return found

    def run(self, strip: Strip, pixels: np.ndarray, tile: int = 999) -> np.ndarray:
        meter = Meter(self.ticker, "Restoring")
        return self.streams.run(self.network, pixels, strip, device=CPU, tile=tile, meter=meter)


@dataclass(frozen=True)
class CountedRows:
    """Rows of a network that note how many each band has."""

    rows: Rows
    pushed: list[int]

    def push(self, x: torch.Tensor, flow: Flow) -> torch.Tensor:
        self.pushed.append(x.shape[2])
        return self.rows.push(x, flow)


def counting(network: Network) -> tuple[Network, list[int]]:
    """Return the network, and a list that will hold the rows of every band that is pushed through it."""
    pushed: list[int] = []
    begin = network.streaming.begin
    streaming = replace(network.streaming, begin=lambda: CountedRows(begin(), pushed))
    return replace(network, streaming=streaming), pushed


def same(made: np.ndarray, whole: np.ndarray) -> None:
    """For pictures as tiny as these, sums are taken in another order; at the end real ones are compared bit for bit."""
    np.testing.assert_allclose(made, whole, atol=1e-5, rtol=0)


def of_whole(whole: np.ndarray, wanted: Bounds, scale: int) -> np.ndarray:
    part = wanted.scaled(scale)
    return whole[part.y : part.bottom, part.x : part.right]


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 70), st.integers(1, 60), st.integers(1, 40), st.integers(1, 60))
def test_strips_and_columns_are_the_whole(network: Network, make_ticker, height, width, rows, columns) -> None:  # noqa: PLR0917
    image = random_image(height, width)
    whole = untiled(network, image, make_ticker())
    pictures = Pictures(network, image, make_ticker())
    for left, right in split(width, columns):
        for wanted, strip, pixels in pictures.strips(split(height, rows), left, right):
            same(pictures.run(strip, pixels), of_whole(whole, wanted, network.scale))
    assert not pictures.streams._open


def test_a_picture_that_goes_on_pushes_every_row_once(network: Network, ticker) -> None:
    counted, pushed = counting(network)
    pictures = Pictures(counted, random_image(160, 20), ticker)
    for _, strip, pixels in pictures.strips(split(160, 40), 0, 20):
        pictures.run(strip, pixels)
    assert sum(pushed) == 160


def test_a_strip_whose_stream_is_gone_begins_anew_and_is_the_same(network: Network, ticker) -> None:
    """As after a crash of the worker, or where somebody else's jobs came in between."""
    image = random_image(160, 20)
    whole = untiled(network, image, ticker)
    pictures = Pictures(network, image, ticker)
    for wanted, strip, pixels in pictures.strips(split(160, 40), 0, 20):
        same(pictures.run(strip, pixels), of_whole(whole, wanted, network.scale))
        pictures.streams.release()


def test_a_strip_of_another_picture_does_not_go_on(network: Network, ticker) -> None:
    """The second picture differs in a single sample that the strip's result depends on."""
    image = random_image(160, 20)
    pictures = Pictures(network, image, ticker)
    strips = pictures.strips(split(160, 40), 0, 20)
    pictures.run(*strips[0][1:])
    other = image.copy()
    other[40, 10, 1] += 0.25
    pictures.image = other
    wanted, strip, pixels = pictures.strips(split(160, 40), 0, 20)[1]
    same(pictures.run(strip, pixels), of_whole(untiled(network, other, ticker), wanted, network.scale))


def test_rows_above_what_was_the_edge_are_not_overlooked(network: Network, ticker) -> None:
    """The same pixels, but now there is something above them: zeros no longer stand in for it."""
    image = random_image(120, 20)
    pictures = Pictures(network, image, ticker)
    radius = network.streaming.radius
    pictures.run(Strip(Bounds(0, 0, 20, 10), radius, AGAIN), image[radius : radius + 10 + radius])
    strip = Strip(Bounds(0, radius + 10 - AGAIN, 20, 20), 0, None)
    pixels = image[: radius + 30 - AGAIN + radius]
    expected = untiled(network, image, ticker)
    made = pictures.run(strip, pixels)
    same(made, of_whole(expected, strip.wanted, network.scale))


def test_two_pictures_take_turns(network: Network, ticker) -> None:
    counted, pushed = counting(network)
    both = [Pictures(counted, random_image(120, 20, seed), ticker) for seed in (1, 2)]
    both[1].streams = both[0].streams
    cut = [picture.strips(split(120, 40), 0, 20) for picture in both]
    for parts in zip(*cut, strict=True):
        for picture, (_, strip, pixels) in zip(both, parts, strict=True):
            picture.run(strip, pixels)
    assert sum(pushed) == 240


def test_no_more_than_two_wait(network: Network, ticker) -> None:
    pictures = Pictures(network, random_image(120, 20), ticker)
    for seed in range(4):
        pictures.image = random_image(120, 20, seed)
        pictures.run(*pictures.strips(split(120, 40), 0, 20)[0][1:])
    assert len(pictures.streams._open) == 2
    pictures.streams.release()
    assert not pictures.streams._open


def test_what_a_cancel_leaves_is_not_gone_on_with(network: Network, make_ticker) -> None:
    image = random_image(120, 20)
    whole = untiled(network, image, make_ticker())
    pictures = Pictures(network, image, make_ticker())
    strips = pictures.strips(split(120, 40), 0, 20)
    pictures.run(*strips[0][1:])
    pictures.ticker = make_ticker(cancel_after=3)
    with pytest.raises(CancelledJobError):
        pictures.run(*strips[1][1:])
    pictures.ticker = make_ticker()
    wanted, strip, pixels = strips[1]
    same(pictures.run(strip, pixels), of_whole(whole, wanted, network.scale))


def test_where_memory_is_short_columns_are_the_whole_too(network: Network, ticker) -> None:
    image = random_image(60, 90)
    whole = untiled(network, image, ticker)
    pictures = Pictures(network, image, ticker)
    for wanted, strip, pixels in pictures.strips(split(60, 30), 0, 90):
        same(pictures.run(strip, pixels, tile=25), of_whole(whole, wanted, network.scale))
        assert not pictures.streams._open, "the next strip's first column would not fit beside it"


def test_columns_are_as_wide_as_memory_allows(network: Network, ticker) -> None:
    pictures = Pictures(network, random_image(120, 400), ticker)
    first, second, *_ = pictures.strips(split(120, 40), 0, 400)
    column, radius = network.streaming.column_bytes(4), network.streaming.radius

    def widest(strip: Strip, image: np.ndarray, columns: int) -> int:
        return pictures.streams.widest(network, image, strip, 4, columns * column)

    assert widest(*first[1:], 400) == 400
    assert widest(*first[1:], 399) == 399 - 2 * radius
    assert widest(*first[1:], 4 * radius) == 2 * radius
    assert widest(*first[1:], 2 * radius + 1) == 0, "it would see all but itself"
    pictures.run(*first[1:])
    assert widest(*second[1:], 0) == 400, "what goes on holds its memory already"


def test_layers_hold_what_is_said(network: Network, ticker) -> None:
    """Counted in the tensors that a stream holds between two strips."""
    width = 50
    pictures = Pictures(network, random_image(400, width), ticker)
    _, strip, pixels = pictures.strips(split(400, 200), 0, width)[0]
    pictures.run(strip, pixels)
    held = sum(tensor.numel() * tensor.element_size() for tensor in _tensors(pictures.streams._open[0]._layers))
    said = width * network.streaming.column_bytes(4)
    assert said / 2 < held < 1.3 * said


def _tensors(value: object) -> list[torch.Tensor]:
    """Return the tensors that an object of the rows holds, but not the weights."""
    if isinstance(value, torch.nn.Module):
        return []
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (list, tuple)) or type(value).__name__ == "deque":
        return [tensor for part in value for tensor in _tensors(part)]
    return [tensor for part in vars(value).values() for tensor in _tensors(part)] if hasattr(value, "__dict__") else []


@pytest.mark.parametrize("columns", [20, 7])
def test_progress_grows_to_the_end(network: Network, ticker, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr("foveate_server.engines.layer_hooks.REPORT_SECONDS", 0)
    pictures = Pictures(network, random_image(60, 20), ticker)
    [(_, strip, pixels)] = pictures.strips([(0, 60)], 0, 20)
    pictures.run(strip, pixels, columns)
    assert ticker.fractions == sorted(ticker.fractions)
    assert ticker.fractions[0] == 0
    assert 0.9 < ticker.fractions[-1] <= 1


@pytest.mark.weights
@pytest.mark.parametrize("dtype", DTYPES)
def test_real_weights_give_the_untiled_result_in_columns_too(registry, photo, make_ticker, dtype: torch.dtype) -> None:
    """Columns that do not see all of the picture: x4plus looks 349 pixels far."""
    network = ncnn_weights.load(registry.path("realesrgan-x4plus"))
    network.lower(dtype)
    network.module.to(memory_format=torch.channels_last)
    rows = 16 if dtype is torch.bfloat16 else 2  # float32 is slow
    row = photo[340 : 340 + rows]
    image = np.ascontiguousarray(np.concatenate((row, row[:, ::-1]), axis=1)[:, :800])
    whole = untiled(network, image, make_ticker())
    [(_, strip, pixels)] = Pictures(network, image, make_ticker()).strips([(0, rows)], 0, 800)
    made = Pictures(network, image, make_ticker()).run(strip, pixels, tile=400)
    if dtype is torch.bfloat16:
        assert np.array_equal(made, whole)
    same(made, whole)


@pytest.mark.weights
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("model", ["realesrgan-x4plus", "realesrgan-x4plus-anime", "realesr-animevideov3"])
def test_real_weights_give_the_untiled_result(registry, photo, make_ticker, model: str, dtype: torch.dtype) -> None:
    """Bit for bit in bfloat16, where the least difference would grow to several levels; float32 forgives one."""
    network = ncnn_weights.load(registry.path(model))
    network.lower(dtype)
    network.module.to(memory_format=torch.channels_last)
    image = np.ascontiguousarray(photo[100:172, 198:222])
    whole = untiled(network, image, make_ticker())
    pictures = Pictures(network, image, make_ticker())
    for wanted, strip, pixels in pictures.strips(split(72, 24), 0, 24):
        made, expected = pictures.run(strip, pixels), of_whole(whole, wanted, network.scale)
        if dtype is torch.bfloat16:
            assert np.array_equal(made, expected)
        same(made, expected)


@pytest.mark.parametrize("heights", [[(0, 90)], [(0, 30), (30, 60), (60, 90)]], ids=["whole", "strips"])
@pytest.mark.parametrize("architecture", ["rrdbnet", "deep"])
def test_the_work_that_is_told_is_the_work_that_was_announced(architecture: str, heights) -> None:
    """In the last band too, which grows from block to block and is cut again: nothing is told twice."""
    torch.manual_seed(0)
    blocks, width = {"rrdbnet": (1, 20), "deep": (6, 400)}[
        architecture
    ]  # deep: more at the end than blocks see at once
    network = rrdbnet.as_network(rrdbnet.RRDBNet(blocks, 4, 2).eval())
    begun, told = [], []

    class Counting(Meter):
        def begin(self, start: float, share: float, work: float, step: int = 0, steps: int = 0) -> None:
            begun.append(work)
            told.append(0.0)

        def tick(self, work: float = 1.0) -> None:
            told[-1] += work

        def give_way(self) -> bool:
            return False

    pictures = Pictures(network, random_image(90, width), None)
    for _, strip, pixels in pictures.strips(heights, 0, width):
        meter = Counting(None, "Restoring")
        pictures.streams.run(network, pixels, strip, device=CPU, tile=9999, meter=meter)
    assert len(begun) == len(heights)
    assert told == pytest.approx(begun, rel=0.02)
