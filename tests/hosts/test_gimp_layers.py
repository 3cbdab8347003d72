"""GIMP's layers as arguments of a procedure, and every kind of result: without a dialog, in a GIMP without windows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fakes.layer_operations import operations
from hosts.gimp.program import SAMPLES, gimp, install

WIDTH, HEIGHT = 60, 40
# `edges` covers all, `part` is smaller and reaches beyond the edge, `hidden` is not visible, `veil` is translucent,
# `opaque` has no alpha, and `nested` lies in a group.
SCENE = """
def new_image(precision, width=WIDTH, height=HEIGHT, base=Gimp.ImageBaseType.RGB):
    return Gimp.Image.new_with_precision(width, height, base, getattr(Gimp.Precision, precision))
def add(image, name, box, kind, parent=None):
    x, y, width, height = box
    layer = Gimp.Layer.new(image, name, width, height, kind, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, parent, 0)
    layer.set_offsets(x, y)
    buffer = layer.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, width, height), Babl.get_name(layer.get_format()),
        Path(folder + f"/{name}.raw").read_bytes())
    buffer.flush()
    layer.update(0, 0, width, height)
    return layer
def scene(precision, with_alpha=Gimp.ImageType.RGBA_IMAGE, without=Gimp.ImageType.RGB_IMAGE,
          base=Gimp.ImageBaseType.RGB):
    image = new_image(precision, base=base)
    everything = (0, 0, WIDTH, HEIGHT)
    made = {"opaque": add(image, "opaque", everything, without)}
    for name, box in (("edges", everything), ("part", (WIDTH - 20, HEIGHT - 10, 40, 30)), ("hidden", everything),
                      ("veil", everything)):
        made[name] = add(image, name, box, with_alpha)
    made["hidden"].set_visible(False)
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    made["nested"] = add(image, "nested", everything, with_alpha, group)
    return image, made
"""


@pytest.fixture(scope="module")
def folder(chroot):
    made = chroot.folder("gimp")
    install(made, known=operations)
    return made


@pytest.fixture(scope="module")
def running(chroot, folder, start_server, stack):
    runtime_file = folder / "run/server.json"
    start_server((folder / "server").outside, runtime_file.outside, module="fakes.layer_operations")
    env = {"FOVEATE_RUNTIME_FILE": runtime_file.inside}
    return stack.enter_context(gimp(chroot, folder, env))


@pytest.fixture
def run(running, folder):
    return lambda code, **values: running.run(SCENE + code, folder=folder.inside, WIDTH=WIDTH, HEIGHT=HEIGHT, **values)


def samples(seed, kind, channels, size=(WIDTH, HEIGHT), alpha=None):
    random = np.random.default_rng(seed)
    dtype = SAMPLES[kind]
    top = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    values = random.random((*size[::-1], channels))
    if alpha is not None:
        values[..., -1] = alpha
    return (np.rint(values * top) if top > 1 else values).astype(dtype)


def write(folder, kind, channels):
    ramp = np.linspace(0.2, 1, WIDTH)[None, :]
    layers = {
        "opaque": samples(1, kind, channels - 1),
        "edges": samples(2, kind, channels, alpha=1),
        "part": samples(3, kind, channels, (40, 30)),
        "hidden": samples(4, kind, channels),
        "veil": samples(5, kind, channels, alpha=ramp),
        "nested": samples(6, kind, channels),
    }
    for name, pixels in layers.items():
        (folder.outside / f"{name}.raw").write_bytes(pixels.tobytes())
    return layers


def seen(folder, notes, name, like):
    """Return what the server says it saw of a picture."""
    where = folder.outside / notes.partition(" in ")[2].partition(":")[0].rpartition("/")[2]
    about = json.loads((where / "about.json").read_text())[name]
    assert about["extent"] == [WIDTH, HEIGHT]
    return np.frombuffer((where / f"{name}.raw").read_bytes(), like.dtype).reshape(HEIGHT, WIDTH, -1), about


@pytest.mark.parametrize(
    ("precision", "kind", "space"),
    [
        ("U8_NON_LINEAR", "u8", "srgb"),
        ("U16_NON_LINEAR", "u16", "srgb"),
        ("FLOAT_LINEAR", "float", None),
        ("HALF_NON_LINEAR", "half", "srgb"),
        ("U8_LINEAR", "u8", None),
    ],
)
def test_layers_reach_the_server_as_they_are(run, folder, precision, kind, space):
    layers = write(folder, kind, 4)
    notes = run(
        """
image, made = scene(precision)
answer = [
    call("probe", image, control=made["part"], reference_1=made["hidden"], reference_2=made["veil"],
        reference_3=made["nested"]),
    call("probe", image, control=made["opaque"]),
    call("probe", image, control=made["edges"]),
]
assert all(each["status"] == "success" for each in answer), answer
answer = [each["notes"] for each in answer]
""",
        precision=precision,
    )
    part = np.zeros_like(layers["edges"])
    part[HEIGHT - 10 :, WIDTH - 20 :] = layers["part"][:10, :20]
    opaque = np.concatenate([layers["opaque"], np.full_like(layers["opaque"][..., :1], 1)], axis=-1)
    opaque[..., 3] = np.iinfo(opaque.dtype).max if opaque.dtype.kind == "u" else 1
    expected = [("control", part), ("reference-1", layers["hidden"]), ("reference-2", layers["veil"])]
    for name, pixels in (*expected, ("reference-3", layers["nested"])):
        found, about = seen(folder, notes[0], name, pixels)
        visible = pixels[..., 3] != 0
        assert np.array_equal(found[..., 3], pixels[..., 3]), name
        assert np.array_equal(found[visible], pixels[visible]), name
        assert (about["format"][1:], about["space"]) == (["RGBA", "straight", "top_down"], space)
    assert np.array_equal(seen(folder, notes[1], "control", opaque)[0], opaque)
    assert np.array_equal(seen(folder, notes[2], "control", layers["edges"])[0], layers["edges"])


def test_grey_layers_too(run, folder):
    layers = write(folder, "u16", 2)
    answer = run(
        """
image, made = scene("U16_NON_LINEAR", Gimp.ImageType.GRAYA_IMAGE, Gimp.ImageType.GRAY_IMAGE, Gimp.ImageBaseType.GRAY)
answer = call("probe", image, control=made["veil"])
"""
    )
    assert answer["status"] == "success"
    found, about = seen(folder, answer["notes"], "control", layers["veil"])
    assert np.array_equal(found, layers["veil"])
    assert about["format"][1] == "YA"


def test_a_result_is_made_of_the_layer_and_of_one_of_another_image(run, running, folder):
    layers = write(folder, "u8", 4)
    answer = run(
        """
image, made = scene("U8_NON_LINEAR")
other, others = scene("U8_NON_LINEAR")
first = call("take", image, control=made["edges"])
second = call("take", image, control=others["edges"])
dumped = [dump(Gimp.Item.get_by_id(each["layer"]["id"]), f"{folder}/taken{at}.raw")
    for at, each in enumerate((first, second))]
answer = [first["status"], second["status"], dumped]
"""
    )
    assert answer[:2] == ["success", "success"]
    for dumped in answer[2]:
        assert np.array_equal(running.pixels(dumped), layers["edges"])


def test_what_is_missing_or_does_not_fit_is_said_and_nothing_is_changed(run, folder):
    write(folder, "u8", 4)
    answer = run(
        """
image, made = scene("U8_NON_LINEAR")
small = new_image("U8_NON_LINEAR", 7, 5)
layer = Gimp.Layer.new(small, "small", 7, 5, Gimp.ImageType.RGBA_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
small.insert_layer(layer, None, 0)
before = layers(image)
group = Gimp.GroupLayer.new(small, "grp")
small.insert_layer(group, None, 0)
answer = [
    call("take", image)["error"],
    call("take", image, control=layer)["error"],
    layers(image) == before,
    call("take", image, control=group)["error"],
    call("take", image, control=made["edges"], reference_2=made["veil"])["error"],
]
"""
    )
    assert answer[0] == "Choose a picture: Control picture."
    assert answer[1].startswith(
        "small ([Untitled]) has 7 × 5 pixels. Control picture must have those of the image: 60 × 40."
    )
    assert answer[2]
    assert answer[3].startswith("grp is a layer group, and a group cannot be taken as a picture.")
    assert answer[4].startswith("Name 'reference-1', too: pictures are counted without a gap.")


def test_a_selection_becomes_the_images(run, folder):
    layers = write(folder, "u8", 4)
    answer = run(
        """
image, made = scene("U8_NON_LINEAR")
for name in ("opaque", "part", "veil", "nested"):
    made[name].set_visible(False)
ended = call("pick", image)
buffer = image.get_selection().get_buffer()
data = buffer.get(Gegl.Rectangle.new(0, 0, WIDTH, HEIGHT), 1.0, "Y u8", Gegl.AbyssPolicy.NONE)
Path(folder + "/picked.raw").write_bytes(bytes(data))
answer = [ended["status"], len(image.get_channels()), layers(image)]
"""
    )
    assert answer == ["success", 0, ["group", "veil", "hidden", "part", "edges", "opaque"]]
    picked = np.frombuffer((folder.outside / "picked.raw").read_bytes(), np.uint8).reshape(HEIGHT, WIDTH)
    assert np.array_equal(picked, np.where(layers["edges"][..., 0] > 127, 255, 0))


def test_a_report_is_returned_and_its_drawing_is_an_image(run, folder):
    write(folder, "u8", 4)
    answer = run(
        """
image, made = scene("U8_NON_LINEAR")
procedure = Gimp.get_pdb().lookup_procedure(PROCEDURES + "weigh")
config = procedure.create_config()
config.set_property("image", image)
config.set_core_object_array("drawables", [])
config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
result = procedure.run(config)
drawing = result.index(2)
answer = [result.index(0).value_nick, result.index(4), result.index(5), [drawing.get_width(), drawing.get_height()]]
"""
    )
    status, notes, report, size = answer
    assert (status, notes, size) == ("success", f"pixels: {WIDTH * HEIGHT}\nkind: photo", [2, 1])
    assert json.loads(report) == [{"pixels": WIDTH * HEIGHT, "kind": "photo"}]


def test_files_that_cannot_be_written_are_said_and_stay_at_the_server(run, folder):
    write(folder, "u8", 4)
    (folder.outside / "gone").touch()
    answer = run(
        """
image, made = scene("U8_NON_LINEAR")
image.set_file(Gio.File.new_for_path(folder + "/gone/scene.xcf"))
before = len(Gimp.get_images())
ended = call("probe", image, control=made["edges"])
answer = [ended["status"], ended["error"], call("waiting", None)["given"][0], len(Gimp.get_images()) - before]
"""
    )
    status, error, waiting, images = answer
    assert (status, images) == ("execution-error", 0)
    assert error.startswith(f"The files cannot be written to {folder.inside}/gone")
    assert [job["operation"] for job in json.loads(waiting)] == ["probe"]


def test_an_operation_without_a_document_makes_a_new_image(run, running, folder):
    write(folder, "u16", 4)
    answer = run(
        """
def made_by(name, **values):
    procedure = Gimp.get_pdb().lookup_procedure(PROCEDURES + name)
    config = procedure.create_config()
    for key, value in values.items():
        config.set_property(key.replace("_", "-"), value)
    result = procedure.run(config)
    if result.index(0).value_nick != "success":
        return [result.index(0).value_nick, Gimp.get_pdb().get_last_error()]
    (layer,) = result.index(2).get_layers()
    return [layer.get_name(), dump(layer, f"{folder}/{name}.raw")]
image, made = scene("U16_NON_LINEAR")
answer = [made_by("blank"), made_by("collage", reference_1=made["veil"])]
answer += [made_by("collage", reference_2=made["veil"]), made_by("collage")]
"""
    )
    blank, collage, gap, refused = answer
    assert blank[0] == "Blank"
    pixels = running.pixels(blank[1])
    assert np.array_equal(pixels[..., :3].ravel(), np.arange(72))
    assert pixels[..., 3].min() == 255
    ramp = (np.arange(WIDTH * HEIGHT * 3) % 251).reshape(HEIGHT, WIDTH, 3)
    assert np.array_equal(running.pixels(collage[1])[..., :3], ramp)
    assert gap == ["execution-error", "Name 'reference-1', too: pictures are counted without a gap."]
    assert refused == ["execution-error", "Choose a picture: Reference pictures."]
