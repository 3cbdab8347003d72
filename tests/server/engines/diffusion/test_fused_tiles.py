from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from foveate_server.engines.diffusion.contract import CropPlace, Step
from foveate_server.engines.diffusion.fused_tiles import FusedTiles, TileView, default_overlap, tiled_predict
from foveate_shared.errors import CancelledJobError
from foveate_shared.geometry import Bounds, Extent

_BOUND = 2e-6  # of the largest prediction: what summing in another order may change in float32


@dataclass(frozen=True)
class Case:
    """A canvas and how it is cut, in latents."""

    canvas: Extent
    tile: Extent
    overlap: int
    multiple: int
    batch: int
    regions: tuple[Bounds, ...]

    @property
    def tiles(self) -> FusedTiles:
        return FusedTiles(
            self.canvas,
            self.tile,
            overlap=self.overlap,
            multiple=self.multiple,
            batch=self.batch,
            regions=self.regions,
        )

    @property
    def latents(self) -> Tensor:
        generator = torch.Generator().manual_seed(self.canvas.width)
        return torch.randn(2, 4, self.canvas.height, self.canvas.width, generator=generator)


sides = st.integers(1, 70)
extents = st.builds(Extent, sides, sides)
regions = st.lists(st.builds(Bounds, st.integers(-5, 70), st.integers(-5, 70), sides, sides), max_size=2).map(tuple)
cases = st.builds(Case, extents, extents, st.integers(0, 40), st.sampled_from([1, 2, 4, 8]), st.integers(1, 9), regions)


def curve(rows: Tensor, views: object) -> Tensor:
    """A prediction of which each place depends on itself alone."""
    return torch.sin(3 * rows) + rows**2


@settings(max_examples=60, deadline=None)
@given(cases)
def test_weights_sum_to_one_everywhere(case: Case) -> None:
    total = torch.zeros(case.canvas.height, case.canvas.width, dtype=torch.float64)
    tiles = case.tiles
    for view in tiles.views:
        assert case.canvas.bounds.contains(view.bounds)
        total[view.bounds.y : view.bounds.bottom, view.bounds.x : view.bounds.right] += tiles.weight(view)
    assert (total - 1).abs().max() < 1e-6


@settings(max_examples=60, deadline=None)
@given(cases)
def test_a_local_prediction_is_the_untiled_one(case: Case) -> None:
    latents = case.latents
    whole = curve(latents, ())
    assert (case.tiles.predict(latents, curve) - whole).abs().max() <= _BOUND * whole.abs().max()


@settings(max_examples=60, deadline=None)
@given(cases, st.randoms(use_true_random=False))
def test_order_and_batch_change_nothing_beyond_rounding(case: Case, random) -> None:
    """Also for predictions that depend on the whole tile: the reference asks for one view after the other, shuffled."""

    def ask(rows: Tensor, views: object) -> Tensor:
        return torch.sin(3 * rows) + rows.mean(dim=(1, 2, 3), keepdim=True)

    tiles, latents = case.tiles, case.latents
    shuffled = list(tiles.views)
    random.shuffle(shuffled)
    expected = torch.zeros_like(latents)
    for view in shuffled:
        window = (..., slice(view.bounds.y, view.bounds.bottom), slice(view.bounds.x, view.bounds.right))
        expected[window] += tiles.weight(view) * ask(latents[window], [view])
    assert (tiles.predict(latents, ask) - expected).abs().max() <= _BOUND * max(1.0, float(expected.abs().max()))


@settings(max_examples=60, deadline=None)
@given(cases)
def test_one_tile_is_the_untiled_prediction_bit_for_bit(case: Case) -> None:
    tiles = FusedTiles(case.canvas, case.canvas, overlap=case.overlap, multiple=1, batch=case.batch)
    assert tiles.views == (TileView(case.canvas.bounds),)
    assert torch.equal(tiles.predict(case.latents, curve), curve(case.latents, ()))


@settings(max_examples=60, deadline=None)
@given(cases)
def test_tiles_are_equal_and_keep_to_the_multiple_and_the_overlap(case: Case) -> None:
    assume(case.canvas.width % case.multiple == 0 and case.canvas.height % case.multiple == 0)
    bounds = {view.bounds for view in case.tiles.views}
    assert len({one.extent for one in bounds}) == 1
    for axis, length, asked in (
        ({(one.x, one.width) for one in bounds}, case.canvas.width, case.tile.width),
        ({(one.y, one.height) for one in bounds}, case.canvas.height, case.tile.height),
    ):
        ordered = sorted(axis)
        side = ordered[0][1]
        assert side % case.multiple == 0
        assert side <= max(asked, case.multiple)
        assert all(start % case.multiple == 0 for start, _ in ordered)
        assert ordered[0][0] == 0
        assert ordered[-1][0] + side == length
        least = min(case.overlap, side - case.multiple)
        assert all(before + side - after >= least for (before, _), (after, _) in pairwise(ordered))


@settings(max_examples=40, deadline=None)
@given(cases)
def test_batches_hold_what_is_allowed_and_one_region(case: Case) -> None:
    seen: list[TileView] = []

    def ask(rows: Tensor, views) -> Tensor:
        assert rows.shape[0] == 2 * len(views)
        assert rows.shape[0] <= max(2, case.batch)
        assert len({view.region for view in views}) == 1
        seen.extend(views)
        return rows

    tiles = case.tiles
    tiles.predict(case.latents, ask)
    assert sorted(seen, key=repr) == sorted(tiles.views, key=repr)


def test_weights_fall_to_nothing_where_a_tile_ends() -> None:
    """The prediction of one tile fades into the other's: no step that would show as a seam."""
    tiles = FusedTiles(Extent(240, 128), Extent(128, 128), overlap=16)
    left, right = tiles.views
    assert left.bounds.right - right.bounds.x == 16
    assert tiles.weight(left)[64, -1] < 0.03
    assert tiles.weight(right)[64, 0] < 0.03
    steps = tiles.weight(left)[64].diff().abs()
    assert steps.max() < 0.13


def test_more_strength_overlaps_further() -> None:
    assert [default_overlap(strength) for strength in (0.0, 0.25, 1.0)] == [16, 32, 80]


def test_regions_have_their_own_prediction() -> None:
    tiles = FusedTiles(Extent(96, 64), Extent(64, 64), overlap=8, regions=[Bounds(48, 0, 48, 64)])

    def ask(rows: Tensor, views) -> Tensor:
        return torch.full_like(rows, float(views[0].region))

    fused = tiles.predict(torch.zeros(1, 4, 64, 96), ask)[0, 0, 32]
    assert (fused[:43] == 0).all()
    assert torch.allclose(fused[53:], torch.ones(43))
    assert (fused[43:53].diff() > 0).all()
    assert fused.diff().max() < 0.15


def test_a_region_on_top_hides_those_below() -> None:
    tiles = FusedTiles(Extent(64, 64), Extent(64, 64), overlap=2, regions=[Bounds(0, 0, 64, 64), Bounds(0, 0, 64, 64)])
    assert [view.region for view in tiles.views] == [2]


@pytest.mark.parametrize("canvas", [Extent(0, 8), Extent(8, 0)])
def test_a_canvas_without_places_is_refused(canvas: Extent) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        FusedTiles(canvas, Extent(8, 8), overlap=2)


def test_latents_of_another_extent_are_refused() -> None:
    with pytest.raises(ValueError, match="are not the canvas"):
        FusedTiles(Extent(8, 8), Extent(8, 8), overlap=2).predict(torch.zeros(1, 4, 8, 16), curve)


# --- with a denoiser -------------------------------------------------------------------------------------------------

STEP = Step(0, 4, torch.tensor(500.0), 0.8, 0.6, "epsilon")


@dataclass
class Recorder:
    """A denoiser that predicts its conditioning's number and remembers what it was asked."""

    family: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(factor=8))
    asked: list[tuple[tuple[int, ...], list[CropPlace], Tensor | None]] = field(default_factory=list)
    cancel_after: int = 99

    def predict(self, latents, timestep, conditioning, *, guidance_scale, places, beside=None) -> Tensor:
        if len(self.asked) >= self.cancel_after:
            raise CancelledJobError("cancelled")
        self.asked.append((tuple(latents.shape), list(places), beside))
        return latents + conditioning


def test_each_row_is_told_its_place_on_the_picture() -> None:
    denoiser, tiles = Recorder(), FusedTiles(Extent(24, 16), Extent(16, 16), overlap=8)
    predict = tiled_predict(denoiser, [10.0], tiles, guidance_scale=5.0)
    latents = torch.randn(2, 4, 16, 24)
    assert torch.allclose(predict(latents, STEP), latents + 10)
    [(shape, places, beside)] = denoiser.asked
    whole = Extent(192, 128)
    left, right = CropPlace(whole, Bounds(0, 0, 128, 128)), CropPlace(whole, Bounds(64, 0, 128, 128))
    assert (shape, places, beside) == ((4, 4, 16, 16), [left, left, right, right], None)


def test_what_lies_beside_the_latents_is_cut_alike() -> None:
    denoiser, tiles = Recorder(), FusedTiles(Extent(24, 16), Extent(16, 16), overlap=8, batch=1)
    beside = torch.randn(1, 5, 16, 24)
    tiled_predict(denoiser, [0.0], tiles, guidance_scale=5.0, beside=beside)(torch.randn(1, 4, 16, 24), STEP)
    left, right = (seen for _, _, seen in denoiser.asked)
    assert torch.equal(left, beside[..., :16])
    assert torch.equal(right, beside[..., 8:])


def test_a_cancel_passes_through() -> None:
    denoiser, tiles = Recorder(cancel_after=1), FusedTiles(Extent(64, 64), Extent(16, 16), overlap=4)
    with pytest.raises(CancelledJobError):
        tiled_predict(denoiser, [0.0], tiles, guidance_scale=5.0)(torch.randn(1, 4, 64, 64), STEP)
    assert len(denoiser.asked) == 1
