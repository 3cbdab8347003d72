"""What snippets can use: pictures in, pixels out, and calls of procedures. Runs in GIMP, without numpy."""

from pathlib import Path

from gi.repository import Babl, Gegl, Gimp, Gio

PROCEDURES = "plug-in-foveate-"


def load(path):
    """Open a picture."""
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(path))
    assert image is not None, path
    return image


def latest():
    """Return the newest image; that in which the plugin keeps what it froze does not count."""
    images = [each for each in Gimp.get_images() if "foveate-snapshot" not in layers(each)]
    return max(images, key=lambda each: each.get_id())


def select(image, x, y, width, height, *, feather=0.0):
    """Select a rectangle."""
    image.select_rectangle(Gimp.ChannelOps.REPLACE, x, y, width, height)
    if feather:
        Gimp.Selection.feather(image, feather)


def precision(image, name):
    """Convert to a precision such as "float-linear"."""
    wanted = getattr(Gimp.Precision, name.upper().replace("-", "_"))
    if image.get_precision() != wanted:
        assert image.convert_precision(wanted)


def dump(drawable, path, name=None):
    """Write all pixels of a drawable, in its own format or the named one; return what describes them."""
    buffer = drawable.get_buffer()
    extent = drawable.get_width(), drawable.get_height()
    data = buffer.get(Gegl.Rectangle.new(0, 0, *extent), 1.0, name, Gegl.AbyssPolicy.NONE)
    Path(path).write_bytes(bytes(data))
    encoding = name or Babl.format_get_encoding(drawable.get_format())
    return {"path": path, "width": extent[0], "height": extent[1], "format": encoding}


def dump_visible(image, path, name=None):
    """Write what is visible."""
    layer = Gimp.Layer.new_from_visible(image, image, "visible")
    try:
        return dump(layer, path, name)
    finally:
        layer.delete()


def call(operation, image, mode="noninteractive", **values):
    """Call one of our procedures; return how it ended and what it gave."""
    procedure = Gimp.get_pdb().lookup_procedure(PROCEDURES + operation)
    assert procedure is not None, operation
    config = procedure.create_config()
    config.set_property("run-mode", getattr(Gimp.RunMode, mode.upper().replace("-", "_")))
    if image is not None:
        config.set_property("image", image)
        config.set_core_object_array("drawables", image.get_selected_drawables())
    for name, value in values.items():
        config.set_property(name.replace("_", "-"), value)
    result = procedure.run(config)
    status = result.index(0).value_nick
    if status != "success" or image is None:
        given = [result.index(at) for at in range(1, result.length())]
        return {"status": status, "error": Gimp.get_pdb().get_last_error(), "given": [str(each) for each in given]}
    layer, made, recipe, notes = (result.index(at) for at in range(1, 5))
    return {
        "status": status,
        "layer": layer and describe(layer),
        "image": made and made.get_id(),
        "recipe": recipe,
        "notes": notes,
    }


def describe(layer):
    """Return what is to be known about a layer."""
    _, x, y = layer.get_offsets()
    parasite = layer.get_parasite("foveate-recipe")
    return {
        "id": layer.get_id(),
        "name": layer.get_name(),
        "bounds": [x, y, layer.get_width(), layer.get_height()],
        "parasite": bytes(parasite.get_data()).decode() if parasite else None,
        "composite": layer.get_composite_mode().value_nick,
    }


def layers(image):
    """Return the names of the layers, top to bottom."""
    return [layer.get_name() for layer in image.get_layers()]
