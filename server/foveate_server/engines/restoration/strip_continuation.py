"""Runs networks in bands of rows: exact, and in memory that grows with the width of a picture alone.

See :mod:`row_layers` for how. Here: a picture that comes in strips, one call each, goes on where the strip above ended.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from foveate_server.engines.layer_hooks import Meter
from foveate_server.engines.restoration.network import Network, Streaming
from foveate_server.engines.restoration.row_layers import Flow, Rows, work_of
from foveate_server.engines.values import Image, Strip
from foveate_shared.geometry import Bounds, split

# Input pixels of a band: enough for all cores, and little memory. Far more than the 300 or so below which libraries
# compute a convolution in another order of sums, and results would differ in their last bit.
BAND_AREA = 1 << 15
_BAND_LEAST = 8  # rows: fewer cost more for what each layer holds than for what is new
_LEAST_SHARE = 0.25  # of what a column sees, that it must be itself
_MOST_OPEN = 2  # pictures that wait for their next strips: jobs of two owners take turns


class RowStreams:
    """Implements halo_tiles.TileExecutor; the result is the untiled one, whatever the tile."""

    def __init__(self) -> None:
        self._open: list[_RowStream] = []  # the one that was used last comes last

    def widest(self, network: Network, image: Image, strip: Strip, itemsize: int, memory: int) -> int:
        """Return the width of the widest column of the strip, input px, whose state fits into `memory` bytes.

        0 where tiles would cost less than what columns as narrow as that must see; `itemsize`, in bytes, is that of the
        inner layers.
        """
        streaming = _streaming(network)
        if any(stream.can_go_on(network, image, strip) for stream in self._open):
            return strip.wanted.width
        seen = memory // streaming.column_bytes(itemsize)
        if seen >= _Columns.seen_by(strip, image, streaming.radius).width:
            return strip.wanted.width
        column = seen - 2 * streaming.radius
        return column if column >= seen * _LEAST_SHARE else 0

    def run(
        self, network: Network, image: Image, strip: Strip, *, device: torch.device, tile: int, meter: Meter
    ) -> Image:
        """See :class:`halo_tiles.TileExecutor`. What is wider than `tile` is made in columns, each begun anew."""
        wanted, scale = strip.wanted, network.scale
        columns = split(wanted.width, tile)
        if len(columns) == 1:
            return self.run_column(network, image, strip, device, _Share(meter))
        result = np.empty((wanted.height * scale, wanted.width * scale, 3), np.float32)
        for index, (left, right) in enumerate(columns):
            column = Strip(Bounds(wanted.x + left, wanted.y, right - left, wanted.height), strip.top)
            share = _Share(meter, index, len(columns))
            result[:, left * scale : right * scale] = self.run_column(network, image, column, device, share)
        return result

    def run_column(self, network: Network, image: Image, strip: Strip, device: torch.device, share: _Share) -> Image:
        """Return one column of a strip: see :meth:`run`, which cuts it into columns."""
        found = [stream for stream in self._open if stream.can_go_on(network, image, strip)]
        stream = found[0] if found else _RowStream(network, image, strip)
        # Taken out while it runs: what an error or a cancel leaves of it is of no use.
        self._open = [other for other in self._open if other is not stream][-_MOST_OPEN + 1 :]
        result = stream.advance(image, strip, device, share)
        if strip.again is not None:
            self._open = [*self._open, stream][-_MOST_OPEN:]  # others may have come while it gave way
        return result

    def release(self) -> None:
        """Give up what waits for its next strip."""
        self._open.clear()


@dataclass(frozen=True)
class _Share:
    """Which part of a run's progress is a column's."""

    meter: Meter
    column: int = 0
    columns: int = 1

    def begin(self, work: float) -> None:
        """Start the column, which takes so many multiply-adds."""
        self.meter.begin(self.column / self.columns, 1 / self.columns, work)


@dataclass(frozen=True)
class _Known:
    """What a stream was made of, as far as what comes depends on it."""

    top: int  # the picture's row that is the first of these
    rows: Image  # of the stream's columns


class _RowStream:
    """One picture, or a column of it, under way. Rows are the picture's, columns the image's."""

    def __init__(self, network: Network, image: Image, strip: Strip) -> None:
        self._network = network
        self._radius = _streaming(network).radius
        self._wanted = (strip.wanted.x, strip.wanted.width)
        self._columns = _Columns.seen_by(strip, image, self._radius)
        self._layers: Rows | None = _streaming(network).begin()  # None from the picture's end on
        self._start = self._fed = strip.top + max(0, strip.wanted.y - self._radius)
        self._known = _Known(self._start, self._columns.of(image, 0, 0))
        self._begins_at_edge = self._start == strip.top
        # In rows of the picture's result: `_come` is the next one; those from `_done` to there may be wanted again.
        self._come = self._done = self._start * network.scale
        self._result = np.empty((0, strip.wanted.width * network.scale, 3), np.float32)

    def can_go_on(self, network: Network, image: Image, strip: Strip) -> bool:
        """Tell whether `strip` is the next of this picture: the image must show what the stream was made of."""
        rows = self._known.rows
        first, last = self._known.top - strip.top, self._fed - strip.top
        height = image.shape[0]
        return (
            network is self._network
            and self._wanted == (strip.wanted.x, strip.wanted.width)
            and self._columns == _Columns.seen_by(strip, image, self._radius)
            and self._done <= (strip.top + strip.wanted.y) * network.scale
            and 0 <= first <= last <= height
            and (first == 0 or not self._shows_edge)
            and (self._layers is not None or last == height)
            and np.array_equal(self._columns.of(image, first, last), rows)
        )

    @property
    def _shows_edge(self) -> bool:
        """Tell whether what comes depends on there being nothing above the picture."""
        return self._begins_at_edge and self._known.top == self._start

    def advance(self, image: Image, strip: Strip, device: torch.device, share: _Share) -> Image:
        """Return what is wanted, (height * scale, width * scale, 3)."""
        scale, wanted = self._network.scale, strip.wanted
        top = (strip.top + wanted.y) * scale
        result = np.empty((wanted.height * scale, wanted.width * scale, 3), np.float32)
        below = [self._place(self._result, self._done, result, top)]
        until = min(image.shape[0], wanted.bottom + self._radius)
        bands = self._bands(self._fed - strip.top, until, is_end=wanted.bottom + self._radius > image.shape[0])
        share.begin(self._columns.width * self._work(bands, strip.top))
        for first, last, is_last in bands:
            # Layers share nothing but what is pushed: others' work may run between any two.
            flow = Flow(is_last, share.meter.begin_layer)
            made = self._push(self._columns.of(image, first, last), flow, device)
            rest = self._place(made, self._come, result, top)
            if rest.size:  # an empty one would keep all of the band in memory
                below.append(rest)
            self._come += made.shape[0]
        self._remember(image, strip, result, below, until)
        return result

    def _bands(self, first: int, until: int, *, is_end: bool) -> list[tuple[int, int, bool]]:
        """Return what is still to be pushed: the image's rows from, up to, and whether they are the picture's last."""
        if self._layers is None:
            return []
        bands = split(until - first, self._band) or [(0, 0)]
        return [(first + start, first + stop, is_end and first + stop == until) for start, stop in bands]

    def _work(self, bands: list[tuple[int, int, bool]], top: int) -> float:
        """Return the multiply-adds per column that bands take; `top` is the picture's row that is the image's first."""
        layers, start = _streaming(self._network).layers, self._start - top
        return sum(work_of(layers, first - start, last - first, last=is_last) for first, last, is_last in bands)

    @staticmethod
    def _place(made: Image, row: int, result: Image, top: int) -> Image:
        """Copy rows that begin at `row` into the result, which begins at `top`; return those that lie below it."""
        bottom = top + result.shape[0]
        first, last = max(row, top), min(row + made.shape[0], bottom)
        if first < last:
            result[first - top : last - top] = made[first - row : last - row]
        return made[max(0, bottom - row) :]

    @property
    def _band(self) -> int:
        """Return the rows of a band."""
        return max(_BAND_LEAST, BAND_AREA // self._columns.width)

    def _push(self, band: Image, flow: Flow, device: torch.device) -> Image:
        """Return the rows of the result that a band brings, of the columns that are wanted."""
        assert self._layers is not None  # noqa: S101 - see can_go_on: after the end no rows are left to push
        x = torch.from_numpy(np.ascontiguousarray(band)).to(device).permute(2, 0, 1)[None]
        with torch.inference_mode():
            done = self._layers.push(x, flow)
        if flow.last:
            self._layers = None
        first, width = self._wanted
        left = (first - self._columns.left) * self._network.scale
        columns = slice(left, left + width * self._network.scale)
        result: Image = done[0, :, :, columns].permute(1, 2, 0).cpu().numpy()
        return result

    def _remember(self, image: Image, strip: Strip, result: Image, below: list[Image], until: int) -> None:
        """Keep what the next strip needs: rows that it wants too, and those that show that it is the next one."""
        scale = self._network.scale
        keep = max(strip.wanted.y, strip.wanted.bottom - (strip.again or 0))
        self._done = (strip.top + keep) * scale
        self._result = np.concatenate([result[(keep - strip.wanted.y) * scale :], *below])
        self._fed = strip.top + until
        first = max(0, self._start - strip.top, keep - self._radius)
        self._known = _Known(strip.top + first, self._columns.of(image, first, until).copy())


@dataclass(frozen=True)
class _Columns:
    """Some columns of an image."""

    left: int
    right: int

    @classmethod
    def seen_by(cls, strip: Strip, image: Image, radius: int) -> _Columns:
        """Return those that what is wanted depends on."""
        return cls(max(0, strip.wanted.x - radius), min(image.shape[1], strip.wanted.right + radius))

    @property
    def width(self) -> int:
        """Return their number."""
        return self.right - self.left

    def of(self, image: Image, first: int, last: int) -> Image:
        """Return these columns of the rows from `first` up to `last`, without a copy."""
        return image[first:last, self.left : self.right]


def _streaming(network: Network) -> Streaming:
    assert network.streaming is not None  # noqa: S101 - the engine asks for it only where there is one
    return network.streaming
