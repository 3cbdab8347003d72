"""What all panels of the sidebar have in common, and texts in it."""

from __future__ import annotations

import textwrap
from typing import Any

import bpy

from . import controller
from ._shared import errors

_LETTER = 7.5  # pixels that a letter takes, about, in a text that is broken into lines
_NARROW_LETTER = 6.2  # in one that Blender cuts where it is too long
_EDGES = 60  # pixels beside a text, for icons and margins
_LEFT = 0.4  # of a row, which a title takes


class Sidebar:
    """A panel of the image editor's sidebar."""

    bl_space_type = "IMAGE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Foveate"


class Part(Sidebar):
    """A part of the panel. Its title is drawn, for `bl_label` follows Blender's language and not ours."""

    bl_label = ""
    bl_parent_id = "FOVEATE_PT_main"
    title = ""

    def draw_header(self, _context: bpy.types.Context) -> None:
        """Draw the title."""
        self.layout.label(text=controller.get().say(self.title), translate=False)


def draw_error(layout: Any, context: bpy.types.Context, error: errors.ErrorInfo) -> None:
    """Draw what happened and what to do."""
    say = controller.get().say.sentence
    column = layout.column(align=True)
    column.alert = True
    draw_lines(column, context, say(error.message), "ERROR")
    if error.remedy:
        draw_lines(layout, context, say(error.remedy), "LIGHT")


def draw_lines(layout: Any, context: bpy.types.Context, text: str, icon: str) -> None:
    """Draw a text, broken to the width of the region."""
    width = max(20, letters_in(context, _LETTER))
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(text, width)):
        column.label(text=line, icon="BLANK1" if number and icon != "NONE" else icon, translate=False)


def letters_in(context: bpy.types.Context, letter: float = _NARROW_LETTER) -> int:
    """Return how many letters fit beside each other in the region."""
    return int((context.region.width - _EDGES) / (letter * context.preferences.system.ui_scale))


def titled_row(layout: Any, title: str, text: str = "") -> Any:
    """Return a row with a title on its left, as wide as those that Blender gives to properties.

    The title is above it where `text`, which is to stand in the row, would be cut.
    """
    if len(text) > letters_in(bpy.context) * (1 - _LEFT):
        layout.label(text=title, translate=False)
        return layout.row(align=True)
    split = layout.split(factor=_LEFT)
    left = split.row()
    left.alignment = "RIGHT"
    left.label(text=title, translate=False)
    return split.row(align=True)
