from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import leaky_relu

from foveate_server.engines.restoration import rrdbnet, srvgg
from foveate_server.engines.restoration.row_layers import Convolution, Delay, Flow, Rows, enlarged, work_of
from foveate_shared.errors import CancelledJobError

BANDS = st.lists(st.integers(0, 9), min_size=1, max_size=8).filter(any)


def push_all(rows: Rows, image: torch.Tensor, bands: list[int]) -> torch.Tensor:
    """Return what `rows` makes of an image that comes in bands of these heights."""
    parts = torch.split(image, bands, 2)
    ticks: list[float] = []
    with torch.inference_mode():
        made = [rows.push(part, Flow(index == len(parts) - 1, ticks.append)) for index, part in enumerate(parts)]
    assert ticks
    return torch.cat(made, 2)


def same(made: torch.Tensor, whole: torch.Tensor) -> None:
    """For pictures as tiny as these, sums are taken in another order; test_streaming.py has real ones, bit for bit."""
    torch.testing.assert_close(made, whole, atol=1e-5, rtol=0)


def image_of(bands: list[int], width: int, channels: int = 3) -> torch.Tensor:
    return torch.rand((1, channels, sum(bands), width), generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def deep() -> rrdbnet.RRDBNet:
    torch.manual_seed(0)
    module = rrdbnet.RRDBNet(2, 16, 8).eval()
    return module.to(memory_format=torch.channels_last)


@pytest.fixture(scope="module")
def compact() -> srvgg.SRVGGNetCompact:
    torch.manual_seed(0)
    module = srvgg.SRVGGNetCompact(4, 16, 2).eval()
    return module.to(memory_format=torch.channels_last)


@settings(max_examples=25, deadline=None)
@given(bands=BANDS, width=st.integers(1, 20))
def test_rrdbnet_in_rows_is_the_whole(deep: rrdbnet.RRDBNet, bands: list[int], width: int) -> None:
    image = image_of(bands, width)
    with torch.inference_mode():
        whole = deep(image)
    same(push_all(rrdbnet.RRDBNetRows(deep), image, bands), whole)


@settings(max_examples=25, deadline=None)
@given(bands=BANDS, width=st.integers(1, 20))
def test_srvgg_in_rows_is_the_whole(compact: srvgg.SRVGGNetCompact, bands: list[int], width: int) -> None:
    image = image_of(bands, width)
    with torch.inference_mode():
        whole = compact(image)
    same(push_all(srvgg.SRVGGRows(compact), image, bands), whole)


def test_a_tail_that_sees_few_rows_at_a_time_gives_the_same(
    deep: rrdbnet.RRDBNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = image_of([30], 12)
    with torch.inference_mode():
        whole = deep(image)
    monkeypatch.setattr(rrdbnet, "TAIL_AREA", 50)
    same(push_all(rrdbnet.RRDBNetRows(deep), image, [13, 17]), whole)


def test_a_convolution_is_one_row_behind_and_shows_what_it_saw() -> None:
    layer = torch.nn.Conv2d(5, 2, 3, 1, 1)
    image = image_of([8], 6, 5)
    convolution = Convolution(layer)
    beside = []
    with torch.inference_mode():
        for start, stop, last in ((0, 4, False), (4, 4, False), (4, 8, True)):
            part = image[:, :, start:stop]
            beside.append(convolution.push_beside((part[:, :3], part[:, 3:]), Flow(last, lambda work: None)))
        whole = layer(image)
    assert [result.shape[2] for _, result in beside] == [3, 0, 5]
    assert torch.equal(torch.cat([seen for seen, _ in beside], 2), image)
    torch.testing.assert_close(torch.cat([result for _, result in beside], 2), whole)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_a_delay_gives_rows_back_in_their_order(steps: list[tuple[int, int]]) -> None:
    delay, pushed, taken = Delay(), 0, 0
    for height, wanted in steps:
        rows = torch.arange(pushed, pushed + height, dtype=torch.float32).reshape(1, 1, height, 1)
        pushed += height
        count = min(wanted, pushed - taken)
        assert delay.push(rows, count).flatten().tolist() == list(range(taken, taken + count))
        taken += count


@settings(max_examples=25, deadline=None)
@given(bands=BANDS, width=st.integers(1, 20))
def test_each_push_takes_the_work_that_was_foretold(deep, compact, bands: list[int], width: int) -> None:
    for network in (rrdbnet.as_network(deep), srvgg.as_network(compact)):
        assert network.streaming is not None
        rows, pushed = network.streaming.begin(), 0
        for index, part in enumerate(torch.split(image_of(bands, width), bands, 2)):
            last, done = index == len(bands) - 1, []
            with torch.inference_mode():
                rows.push(part, Flow(last, done.append))
            foretold = width * work_of(network.streaming.layers, pushed, part.shape[2], last=last)
            pushed += part.shape[2]
            assert sum(done) == pytest.approx(foretold)


def test_no_rows_are_enlarged_to_none() -> None:
    assert enlarged(torch.empty(1, 2, 0, 3), 2).shape == (1, 2, 0, 6)
    assert leaky_relu(torch.empty(1, 2, 0, 3), 0.2, inplace=True).shape == (1, 2, 0, 3)


def test_what_the_tick_raises_ends_a_push(deep: rrdbnet.RRDBNet) -> None:
    def cancel(_: float) -> None:
        raise CancelledJobError("cancelled")

    with pytest.raises(CancelledJobError):
        rrdbnet.RRDBNetRows(deep).push(image_of([4], 4), Flow(last=False, tick=cancel))
