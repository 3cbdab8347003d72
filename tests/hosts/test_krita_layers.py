"""Krita's layers as pictures beside the document, chosen in the docker; and every kind of result."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hosts.krita.program import krita
from hosts.lib.photo import SIDE, edges, film_still, photo

WIDTH, HEIGHT = 90, 60
DTYPES = {"U8": np.uint8, "U16": np.uint16, "F16": np.float16, "F32": np.float32}
CHANNELS = {"RGBA": 4, "GRAYA": 2}
# `edges` covers all, `part` is smaller and lies in a corner beyond the image's edge, `hidden` is not visible, `veil`
# is translucent, and `nested` lies in a group.
SCENE = """
document = open_document(width, height, folder + "/edges.raw", model, depth, profile)
root = document.rootNode()
made = {}
def add(name, parent, box):
    layer = document.createNode(name, "paintlayer")
    x, y, columns, rows = box
    layer.setPixelData(QByteArray(Path(folder + f"/{name}.raw").read_bytes()), x, y, columns, rows)
    parent.addChildNode(layer, None)
    made[name] = layer
    return layer
group = document.createGroupLayer("group")
root.addChildNode(group, None)
everything = (0, 0, width, height)
add("edges", root, everything)
add("part", root, (width - 20, height - 10, 40, 30))
add("hidden", root, everything).setVisible(False)
add("veil", root, everything)
add("nested", group, everything)
document.refreshProjection()
document.waitForDone()
pump(0.6)
"""
HANDS = """
def form():
    return docker().panel.task
def choose(number, title):
    box = form().pictures.boxes[number]
    index = box.findText(title)
    assert index >= 0, [box.itemText(row) for row in range(box.count())]
    box.setCurrentIndex(index)
    box.activated.emit(index)
    pump(0.05)
def show(operation):
    desk().look()
    form().choose(operation)
    pump(0.05)
def press():
    before = list(desk().jobs)
    form().run_button.click()
    started = [job for job in desk().jobs if job not in before]
    return started[0] if started else None
"""


@pytest.fixture(scope="module")
def folder(chroot):
    return chroot.folder("krita")


@pytest.fixture(scope="module")
def screen(start_screen):
    return start_screen()


@pytest.fixture(scope="module")
def running(chroot, folder, screen, start_server, stack):
    runtime_file = folder / "run/server.json"
    start_server((folder / "server").outside, runtime_file.outside, module="fakes.layer_operations")
    env = {"FOVEATE_RUNTIME_FILE": runtime_file.inside}
    made = stack.enter_context(krita(chroot, screen, folder, env))
    made.run("docker()\nwait_for(lambda: desk().connection.is_ready and desk().models)")
    return made


def samples(seed, depth, channels, size=(WIDTH, HEIGHT), alpha=1.0):
    """Return noise of a depth, as opaque as `alpha`."""
    values = np.random.default_rng(seed).random((*size[::-1], channels))
    values[..., -1] = alpha
    dtype = DTYPES[depth]
    top = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    return (np.rint(values * top) if top > 1 else values).astype(dtype)


def layers_of(model, depth):
    channels = CHANNELS[model]
    ramp = np.linspace(0.2, 1, WIDTH)[None, :]
    return {
        "edges": samples(1, depth, channels),
        "part": samples(2, depth, channels, (40, 30)),
        "hidden": samples(3, depth, channels),
        "veil": samples(4, depth, channels, alpha=ramp),
        "nested": samples(5, depth, channels),
    }


def write(folder, layers):
    for name, pixels in layers.items():
        (folder.outside / f"{name}.raw").write_bytes(pixels.tobytes())


def seen(folder, name, told, like):
    """Return what the server says it saw of a picture."""
    where = folder.outside / told
    about = json.loads((where / "about.json").read_text())[name]
    assert about["extent"] == [WIDTH, HEIGHT]
    return np.frombuffer((where / f"{name}.raw").read_bytes(), like.dtype).reshape(HEIGHT, WIDTH, -1), about


@pytest.mark.parametrize(
    ("model", "depth", "profile"),
    [
        ("RGBA", "U8", ""),
        ("RGBA", "U16", ""),
        ("RGBA", "F32", ""),
        ("RGBA", "F16", "Rec2020-elle-V4-g10.icc"),
        ("GRAYA", "U8", ""),
        ("RGBA", "U8", "ClayRGB-elle-V2-g22.icc"),
    ],
)
def test_every_layer_reaches_the_server_as_it_is(running, folder, model, depth, profile):
    layers = layers_of(model, depth)
    write(folder, layers)
    answer = running.run_case(
        SCENE
        + HANDS
        + """
show("probe")
titles = [box.accessibleName() for box in form().pictures.boxes]
before = form().run_button.isEnabled(), form().reason.text()
told = []
for names in (["part", "hidden", "veil", "nested"], ["edges"]):
    for number, name in enumerate(names):
        choose(number, name)
    job = press()
    ended = finish(job)
    told.append([ended["state"], ended["error"], job.host.told])
    for number in reversed(range(1, len(names))):
        choose(number, "None")
answer = [titles, before, told, len(form().pictures.boxes)]
""",
        width=WIDTH,
        height=HEIGHT,
        folder=folder.inside,
        model=model,
        depth=depth,
        profile=profile,
    )
    titles, before, told, left = answer
    assert titles == ["Control picture", "Reference pictures 1"]
    assert before == [False, "Choose a picture: Control picture."]
    assert [each[:2] for each in told] == [["done", ""], ["done", ""]]
    assert left == 2
    saved = [each[2][0].partition("/")[2].rpartition("/")[2].partition(":")[0] for each in told]
    part = np.zeros_like(layers["edges"])
    part[HEIGHT - 10 :, WIDTH - 20 :] = layers["part"][:10, :20]
    expected = {"control": part, "reference-1": layers["hidden"], "reference-2": layers["veil"]}
    for name, pixels in {**expected, "reference-3": layers["nested"]}.items():
        found, about = seen(folder, name, saved[0], pixels)
        assert np.array_equal(found, pixels), name
        assert about["format"][2:] == ["straight", "top_down"]
    assert np.array_equal(seen(folder, "control", saved[1], layers["edges"])[0], layers["edges"])


def test_the_result_is_made_of_the_chosen_layer(running, folder):
    layers = layers_of("RGBA", "U16")
    write(folder, layers)
    answer = running.run_case(
        SCENE
        + HANDS
        + """
show("take")
choose(0, "edges")
made["edges"].setName("outlines")
job = press()
ended = finish(job)
layer = next(node for node in document.rootNode().childNodes() if node.name().startswith("Take over"))
Path(folder + "/taken.raw").write_bytes(bytes(layer.pixelData(0, 0, width, height)))
answer = [ended["state"], ended["error"], [each.title for each in job.chosen.of("control")]]
""",
        width=WIDTH, height=HEIGHT, folder=folder.inside, model="RGBA", depth="U16", profile="",
    )  # fmt: skip
    assert answer == ["done", "", ["outlines"]], "it is the same layer, under its present name"
    assert (folder.outside / "taken.raw").read_bytes() == layers["edges"].tobytes()


def test_names_follow_and_a_layer_that_is_gone_is_said_before_anything_is_sent(running, folder, screen):
    write(folder, layers_of("RGBA", "U8"))
    answer = running.run_case(
        SCENE
        + HANDS
        + """
show("take")
choose(0, "edges")
choose(1, "veil")
made["edges"].setName("outlines")
desk().look()
renamed = form().pictures.boxes[0].currentText()
kept["picture"] = document
made["edges"].remove()
jobs = len(desk().jobs)
form().start()
answer = [renamed, form().pictures.boxes[0].currentText(), form().reason.text(), len(desk().jobs) - jobs]
""",
        width=WIDTH, height=HEIGHT, folder=folder.inside, model="RGBA", depth="U8", profile="",
    )  # fmt: skip
    assert answer == [
        "outlines",
        "outlines (gone)",
        "outlines, which was chosen as Control picture, is gone. Choose another picture.",
        0,
    ]


def test_choosers_look_right(running, folder, screen):
    for name, pixels in (("photo", photo()), ("Edges", edges()), ("Film still", film_still())):
        (folder.outside / f"{name}.raw").write_bytes(np.ascontiguousarray(pixels[..., [2, 1, 0, 3]]).tobytes())
    shown = running.run_case(
        HANDS
        + """
document = open_document(side, side, folder + "/photo.raw")
for name in ("Film still", "Edges"):
    layer = document.createNode(name, "paintlayer")
    layer.setPixelData(QByteArray(Path(folder + f"/{name}.raw").read_bytes()), 0, 0, side, side)
    document.rootNode().addChildNode(layer, None)
    layer.setVisible(False)
document.refreshProjection()
document.waitForDone()
window = app.activeWindow().qwindow()
window.setGeometry(0, 0, 1280, 860)
for found in app.dockers():
    found.setVisible(found.objectName() in ("KisLayerBox", "ToolBox", "foveate_docker"))
pump(0.5)
layers_docker = next(found for found in app.dockers() if found.objectName() == "KisLayerBox")
window.resizeDocks([docker()], [340], Qt.Orientation.Horizontal)
window.resizeDocks([layers_docker, docker()], [260, 580], Qt.Orientation.Vertical)
pump(0.5)
show("take")
choose(0, "Edges")
choose(1, "Film still")
pump(0.7)
answer = [box.x() for box in form().pictures.boxes]
""",
        side=SIDE, folder=folder.inside,
    )  # fmt: skip
    screen.screenshot("krita-pictures")
    assert len(shown) == 3
    assert len(set(shown)) == 1  # the lists begin in one line


def test_a_selection_becomes_the_images(running, folder):
    layers = layers_of("RGBA", "U8")
    write(folder, layers)
    answer = running.run_case(
        SCENE
        + HANDS
        + """
show("pick")
job = press()
ended = finish(job)
found = document.selection()
shown = bytes(document.pixelData(0, 0, width, height))
Path(folder + "/picked.raw").write_bytes(bytes(found.pixelData(0, 0, width, height)))
Path(folder + "/shown.raw").write_bytes(shown)
answer = [ended["state"], ended["error"]]
""",
        width=WIDTH, height=HEIGHT, folder=folder.inside, model="RGBA", depth="U8", profile="",
    )  # fmt: skip
    assert answer == ["done", ""]
    picked = np.frombuffer((folder.outside / "picked.raw").read_bytes(), np.uint8).reshape(HEIGHT, WIDTH)
    shown = np.frombuffer((folder.outside / "shown.raw").read_bytes(), np.uint8).reshape(HEIGHT, WIDTH, 4)
    assert np.array_equal(picked, np.where(shown[..., 0] > 127, 255, 0))


def test_a_report_is_shown_with_its_drawing(running, folder, screen):
    write(folder, layers_of("RGBA", "U8"))
    answer = running.run(
        SCENE
        + HANDS
        + """
show("weigh")
job = press()
ended = finish(job)
card = docker().panel.jobs.card(job)
pump(0.3)
picture = job.host.after
colors = [picture.pixelColor(x, 0).getRgb()[:3] for x in (0, 1)]
answer = [ended["state"], ended["error"], card._notes.text(), card._notes.isVisible(), colors]
""",
        width=WIDTH, height=HEIGHT, folder=folder.inside, model="RGBA", depth="U8", profile="",
    )  # fmt: skip
    screen.screenshot("krita-report")
    running.run("forget_all()")
    text = f"pixels: {WIDTH * HEIGHT}\nkind: photo"
    assert answer == ["done", "", text, True, [[255, 0, 0], [0, 255, 0]]]


def test_an_operation_without_a_document_opens_a_new_image(running, folder):
    write(folder, layers_of("RGBA", "U8"))
    answer = running.run_case(
        SCENE
        + HANDS
        + """
show("collage")
titles = [box.accessibleName() for box in form().pictures.boxes]
without = form().reason.text()
choose(0, "veil")
known = app.documents()
job = press()
ended = finish(job)
new = next(found for found in app.documents() if found not in known)
Path(folder + "/collage.raw").write_bytes(pixels(new))
answer = [titles, without, ended["state"], ended["error"], [new.width(), new.height()], names(new)]
""",
        width=WIDTH, height=HEIGHT, folder=folder.inside, model="RGBA", depth="U8", profile="",
    )  # fmt: skip
    assert answer == [
        ["Reference pictures 1"], "Choose a picture: Reference pictures.", "done", "", [WIDTH, HEIGHT], ["Collage"],
    ]  # fmt: skip
    made = np.frombuffer((folder.outside / "collage.raw").read_bytes(), np.uint8).reshape(HEIGHT, WIDTH, 4)
    ramp = (np.arange(WIDTH * HEIGHT * 3) % 251).reshape(HEIGHT, WIDTH, 3)
    assert np.array_equal(made[..., 2::-1], ramp)
    assert made[..., 3].min() == 255


def test_operations_of_others_have_entries_in_the_menu(running, folder):
    write(folder, layers_of("RGBA", "U8"))
    answer = running.run_case(
        SCENE
        + HANDS
        + """
def entries():
    bar = app.activeWindow().qwindow().menuBar()
    tools = next(action for action in bar.actions() if action.objectName() == "tools")
    below = [action for menu in tools.menu().actions() if menu.menu() for action in menu.menu().actions()]
    return {action.text().replace("&", ""): action for action in below if action.isVisible()}
listed = [text for text in entries() if text.startswith("Foveate")]
assert "Foveate: Weigh" in listed, [[action.text(), action.isVisible(),
    [(each.text(), each.isVisible()) for each in action.menu().actions()] if action.menu() else []]
    for menu in app.activeWindow().qwindow().menuBar().actions() if menu.objectName() == "tools"
    for action in menu.menu().actions()]
entries()["Foveate: Weigh"].trigger()
ended = finish(desk().jobs[0])
entries()["Foveate: Take over"].trigger()
pump(0.3)
answer = [listed, ended["state"], form().operation, form().reason.text(), len(desk().jobs)]
""",
        width=WIDTH, height=HEIGHT, folder=folder.inside, model="RGBA", depth="U8", profile="",
    )  # fmt: skip
    listed, *rest = answer
    others = ["Take over", "Probe", "Pick bright parts", "Weigh", "Collage", "Blank"]
    assert [text for text in listed if text.removeprefix("Foveate: ") in others] == [
        f"Foveate: {each}" for each in others
    ]
    assert rest == ["done", "take", "Choose a picture: Control picture.", 1]


def test_without_an_image_what_needs_none_can_be_run(running, folder):
    running.run("forget_all()\napp.action('file_close_all').trigger()")
    answer = running.run_case(
        HANDS
        + """
wait_for(lambda: app.activeDocument() is None)
show("take")
blocked = form().reason.text(), form().run_button.isEnabled()
show("blank")
job = press()
ended = finish(job)
new = app.documents()[-1]
shown = bytes(new.pixelData(0, 0, 6, 4))
answer = [blocked, ended["state"], ended["error"], [new.width(), new.height()], list(shown[:8])]
"""
    )
    assert answer == [["Open an image first.", False], "done", "", [6, 4], [2, 1, 0, 255, 5, 4, 3, 255]]
