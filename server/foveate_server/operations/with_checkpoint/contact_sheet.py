"""A contact sheet: pictures of one extent side by side, each with a label below. Geometry and drawing, no models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from foveate_server.imaging.resize import Filter, resize
from foveate_server.imaging.samples import FloatArray
from foveate_shared.geometry import Bounds, Extent

_LARGEST_CELL = 1024  # pixels, longest side of a picture on the sheet: larger ones are reduced
_LEAST_WIDTH = 192  # pixels of a slot: labels must be legible
_PADDING = 8  # pixels around each picture
_LARGEST_SHEET_ASPECT = 2.4  # width over height that a sheet should not exceed
_MOST_LINES = 3  # of a label
_LINE = 1.2  # the height of a further one, in sizes of the font
_PAPER, _INK = np.float32(0.11), np.float32(0.92)  # sRGB-encoded grey
_CHECKERS = (np.float32(0.35), np.float32(0.45))  # behind transparent pictures
_CHECKER = 8  # pixels


@dataclass(frozen=True)
class Sheet:
    """Where `count` pictures lie."""

    cell: Extent  # pixels, of a picture on the sheet
    slot: Extent  # pixels, of a picture with padding and label
    columns: int
    rows: int
    font_size: int  # pixels

    @property
    def extent(self) -> Extent:
        """Return the sheet's own."""
        return Extent(self.slot.width * self.columns, self.slot.height * self.rows)

    def slot_of(self, index: int) -> Bounds:
        """Return where the picture `index` (from 0) lies, padding and label included, in pixels of the sheet."""
        row, column = divmod(index, self.columns)
        return Bounds(column * self.slot.width, row * self.slot.height, self.slot.width, self.slot.height)

    def picture_of(self, index: int) -> Bounds:
        """Return where the picture itself lies."""
        slot = self.slot_of(index)
        left = (self.slot.width - self.cell.width) // 2
        return Bounds(slot.x + left, slot.y + _PADDING, self.cell.width, self.cell.height)

    def empty_slots(self, count: int) -> list[Bounds]:
        """Return the slots that `count` pictures leave."""
        return [self.slot_of(index) for index in range(count, self.columns * self.rows)]

    def drawn(self, picture: FloatArray, alpha: FloatArray | None, label: str) -> FloatArray:
        """Return a slot, (height, width, 3) sRGB-encoded, with `picture`, (height, width, 3), and its label."""
        slot = self.blank()
        inside = self.picture_of(0)
        shown = resize(picture, self.cell, Filter.LANCZOS)
        if alpha is not None:
            cover = np.clip(resize(alpha, self.cell, Filter.BILINEAR), 0, 1)[..., np.newaxis]
            shown = shown * cover + _checkers(self.cell) * (1 - cover)
        slot[inside.y : inside.bottom, inside.x : inside.right] = shown
        ink = self._written(label)[..., np.newaxis]
        below = slot[inside.bottom :]
        below += ink * (_INK - below)
        return slot

    def blank(self) -> FloatArray:
        """Return an empty slot."""
        return np.full((self.slot.height, self.slot.width, 3), _PAPER, np.float32)

    def _written(self, label: str) -> FloatArray:
        """Return how much ink lies where below the picture, (height, width) in 0..1."""
        height = self.slot.height - _PADDING - self.cell.height
        area = Image.new("L", (self.slot.width, height))
        font = ImageFont.load_default(self.font_size)
        lines = _wrapped(label, font, self.slot.width - 2 * _PADDING)
        top = height / 2 - (len(lines) - 1) * _LINE * self.font_size / 2
        for number, line in enumerate(lines):
            place = (self.slot.width / 2, top + number * _LINE * self.font_size)
            ImageDraw.Draw(area).text(place, line, fill=255, font=font, anchor="mm")
        return np.asarray(area, np.float32) / np.float32(255)


def lay_out(picture: Extent, count: int, labels: Iterable[str] = ()) -> Sheet:
    """Return the sheet for `count` pictures: near to a screen's shape, in reading order.

    Below each there is room for the longest of the `labels`.
    """
    cell = picture.scaled(min(1.0, _LARGEST_CELL / max(picture.width, picture.height)))
    font_size = min(36, max(14, cell.width // 18))
    width, font = max(_LEAST_WIDTH, cell.width + 2 * _PADDING), ImageFont.load_default(font_size)
    lines = max((len(_wrapped(label, font, width - 2 * _PADDING)) for label in labels), default=1)
    slot = Extent(width, cell.height + 2 * _PADDING + ceil(font_size * 1.5) + ceil((lines - 1) * _LINE * font_size))
    widest = max(1, int(_LARGEST_SHEET_ASPECT * (count * slot.area) ** 0.5 / slot.width))
    columns = min(count, widest)
    rows = -(-count // columns)
    return Sheet(cell, slot, -(-count // rows), rows, font_size)


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> list[str]:
    """Return a label's lines; what does not fit into the last one is left out."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or len(lines) == _MOST_LINES or font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return [_shortened(line, font, width) for line in lines]


def _shortened(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}...") > width:
        text = text[:-1]
    return f"{text}..."


def _checkers(extent: Extent) -> FloatArray:
    rows, columns = np.indices((extent.height, extent.width)) // _CHECKER
    return np.where((rows + columns) % 2, _CHECKERS[1], _CHECKERS[0]).astype(np.float32)[..., np.newaxis]
