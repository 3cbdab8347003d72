"""A contact sheet: pictures of one extent side by side, each with a label below. Geometry and drawing, no models."""

from __future__ import annotations

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
        text = _shortened(label, font, self.slot.width - 2 * _PADDING)
        ImageDraw.Draw(area).text((self.slot.width / 2, height / 2), text, fill=255, font=font, anchor="mm")
        return np.asarray(area, np.float32) / np.float32(255)


def lay_out(picture: Extent, count: int) -> Sheet:
    """Return the sheet for `count` pictures: near to a screen's shape, in reading order."""
    cell = picture.scaled(min(1.0, _LARGEST_CELL / max(picture.width, picture.height)))
    font_size = min(36, max(14, cell.width // 18))
    slot = Extent(max(_LEAST_WIDTH, cell.width + 2 * _PADDING), cell.height + 2 * _PADDING + ceil(font_size * 1.5))
    widest = max(1, int(_LARGEST_SHEET_ASPECT * (count * slot.area) ** 0.5 / slot.width))
    columns = min(count, widest)
    rows = -(-count // columns)
    return Sheet(cell, slot, -(-count // rows), rows, font_size)


def _shortened(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}...") > width:
        text = text[:-1]
    return f"{text}..."


def _checkers(extent: Extent) -> FloatArray:
    rows, columns = np.indices((extent.height, extent.width)) // _CHECKER
    return np.where((rows + columns) % 2, _CHECKERS[1], _CHECKERS[0]).astype(np.float32)[..., np.newaxis]
