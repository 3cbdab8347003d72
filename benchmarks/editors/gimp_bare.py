#!/usr/bin/env python3
"""A plug-in for GIMP that reads and writes the pixels which Foveate's would, and nothing else; copied into GIMP.

It returns seconds of time.monotonic(): when its code began to run, when all was read, when writing began and ended.
"""

import json
import sys
import time

import gi

for name, version in (("Babl", "0.1"), ("Gegl", "0.4"), ("Gimp", "3.0")):
    gi.require_version(name, version)

from gi.repository import Babl, Gegl, Gimp, GObject  # noqa: E402

NAME = "plug-in-foveate-bare"


def run(  # noqa: PLR0917 - GIMP passes them so
    procedure: Gimp.Procedure,
    mode: Gimp.RunMode,
    image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    config: Gimp.ProcedureConfig,
    data: object,
) -> Gimp.ValueArray:
    """Read the first window of what is visible and all of the selection's coverage in it, and write a layer."""
    del mode, drawables, data
    began = time.monotonic()
    x, y, width, height = (config.get_property(name) for name in ("x", "y", "width", "height"))
    visible = Gimp.Layer.new_from_visible(image, image, "bare")
    selection = image.get_selection().copy()
    format_name = Babl.get_name(visible.get_format())
    window = Gegl.Rectangle.new(x, y, width, height)
    visible.get_buffer().get(window, 1.0, format_name, Gegl.AbyssPolicy.NONE)
    selection.get_buffer().get(window, 1.0, "Y u8", Gegl.AbyssPolicy.NONE)
    read = time.monotonic()
    _, _, left, top, right, bottom = Gimp.Selection.bounds(image)
    extent = right - left, bottom - top
    pixels = b"\x80\x40\x20\xff" * (extent[0] * extent[1])
    prepared = time.monotonic()
    layer = Gimp.Layer.new(image, "bare", *extent, Gimp.ImageType.RGBA_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
    buffer = layer.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, *extent), format_name, pixels)
    buffer.flush()
    layer.update(0, 0, *extent)
    layer.set_offsets(left, top)
    image.insert_layer(layer, None, 0)
    Gimp.displays_flush()
    written = time.monotonic()
    for item in (visible, selection):
        item.delete()
    values = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
    values.remove(1)
    values.insert(1, GObject.Value(GObject.TYPE_STRING, json.dumps([began, read, prepared, written])))
    return values


class Bare(Gimp.PlugIn):
    """See GIMP's documentation of GimpPlugIn."""

    def do_query_procedures(self) -> list[str]:
        """Return the only name."""
        return [NAME]

    def do_set_i18n(self, name: str) -> bool:
        """Decline translations."""
        del name
        return False

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        """Return the procedure."""
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        procedure.set_image_types("*")
        flags = GObject.ParamFlags.READWRITE
        for argument in ("x", "y", "width", "height"):
            procedure.add_int_argument(argument, argument, argument, 0, 1 << 20, 0, flags)
        procedure.add_string_return_value("seconds", "Seconds", "JSON", "", flags)
        return procedure


Gimp.main(Bare.__gtype__, sys.argv)
