"""The plugin in a real Krita: depths, profiles and selections, to the byte."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hosts.krita.program import krita

WIDTH, HEIGHT = 120, 96
DTYPES = {"U8": np.uint8, "U16": np.uint16, "F16": np.float16, "F32": np.float32}
CHANNELS = {"RGBA": 4, "GRAYA": 2}
RECTANGLE = "select(document, 24, 20, 56, 48)"
FEATHERED = "select(document, 32, 26, 48, 40, feather=6)"
AT_THE_BORDER = "select(document, 70, 56, 50, 40, feather=4)"
EVERYTHING = ""
# Pairs: every depth, every kind of selection, opaque and translucent, with some of Krita's and some foreign profiles.
CASES = [
    ("RGBA", "U8", "", RECTANGLE, False),
    ("RGBA", "U8", "", FEATHERED, True),
    ("RGBA", "U8", "", EVERYTHING, False),
    ("RGBA", "U8", "ClayRGB-elle-V2-g22.icc", AT_THE_BORDER, False),
    ("RGBA", "U16", "", FEATHERED, False),
    ("RGBA", "U16", "sRGB-elle-V2-srgbtrc.icc", AT_THE_BORDER, True),
    ("RGBA", "F16", "", RECTANGLE, True),
    ("RGBA", "F16", "Rec2020-elle-V4-g10.icc", FEATHERED, False),
    ("RGBA", "F32", "", FEATHERED, False),
    ("RGBA", "F32", "", EVERYTHING, True),
    ("GRAYA", "U8", "", AT_THE_BORDER, False),
    ("GRAYA", "U16", "", RECTANGLE, True),
    ("GRAYA", "F32", "Gray-D50-elle-V2-g10.icc", FEATHERED, False),
]
RUN = """
document = open_document(width, height, folder + "/scene.raw", model, depth, profile)
exec(prepare)
before = pixels(document, folder + "/before.raw")
chosen = document.selection()
coverage = bytes(chosen.pixelData(0, 0, width, height)) if chosen else bytes([255]) * (width * height)
Path(folder + "/coverage.raw").write_bytes(coverage)
steps = undo_steps()
job = start(operation, **values)
ended = finish(job)
after = pixels(document, folder + "/after.raw")
layer = layers(document)[-1]
Path(folder + "/layer.raw").write_bytes(bytes(layer.pixelData(0, 0, width, height)))
answer = {
    **ended,
    "steps": len(undo_steps()) - len(steps),
    "layers": [node.name() for node in layers(document)],
    "recipe": [bytes(document.annotation(name)).decode() for name in document.annotationTypes()],
}
trigger("edit_undo", document)
answer["undone"] = pixels(document) == before
trigger("edit_redo", document)
pixels(document, folder + "/redone.raw")
"""


def scene(model, depth, translucent):
    """Return a soft picture in Krita's layout: small blocks with ramps between them, (height, width, channels)."""
    random = np.random.default_rng(5)
    values = random.random((HEIGHT // 4, WIDTH // 4, CHANNELS[model])).repeat(4, axis=0).repeat(4, axis=1)
    for axis in (0, 1, 0, 1):
        values = (np.roll(values, 1, axis) + values + np.roll(values, -1, axis)) / 3
    values[..., -1] = np.linspace(0, 1, WIDTH)[None, :] if translucent else 1
    dtype = DTYPES[depth]
    top = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    return (np.rint(values * top) if top > 1 else values).astype(dtype)


@pytest.fixture(scope="module")
def folder(chroot):
    return chroot.folder("krita")


@pytest.fixture(scope="module")
def running(chroot, folder, start_server, start_screen, stack):
    runtime_file = folder / "run/server.json"
    start_server((folder / "server").outside, runtime_file.outside)
    env = {"FOVEATE_RUNTIME_FILE": runtime_file.inside}
    return stack.enter_context(krita(chroot, start_screen(), folder, env))


@pytest.fixture
def run(running, folder):
    def run_case(  # noqa: PLR0917
        model, depth, profile, prepare, translucent=False, operation="refocus", shown=None, **values
    ):
        shown = scene(model, depth, translucent) if shown is None else shown
        (folder.outside / "scene.raw").write_bytes(shown.tobytes())
        return running.run_case(
            RUN,
            width=WIDTH,
            height=HEIGHT,
            folder=folder.inside,
            model=model,
            depth=depth,
            profile=profile,
            prepare=prepare,
            operation=operation,
            values=values,
        )

    return run_case


def read(folder, name, model, depth):
    data = (folder.outside / f"{name}.raw").read_bytes()
    return np.frombuffer(data, DTYPES[depth]).reshape(HEIGHT, WIDTH, CHANNELS[model])


def levels(pixels):
    """Return samples as float64 with 1.0 as white."""
    return pixels / np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else pixels.astype(float)


@pytest.mark.parametrize(("model", "depth", "profile", "prepare", "translucent"), CASES)
def test_the_result_is_one_layer_and_the_rest_stays(  # noqa: PLR0917
    run, folder, model, depth, profile, prepare, translucent
):
    answer = run(model, depth, profile, prepare, translucent)
    assert (answer["state"], answer["error"]) == ("done", "")
    assert answer["layers"] == ["Background", "Refocus (Deterministic, 4 times)"]
    assert answer["steps"] == 1
    assert answer["undone"]
    (recipe,) = answer["recipe"]
    assert json.loads(recipe)["operation"] == "refocus"
    before, after, redone, layer = (read(folder, name, model, depth) for name in ("before", "after", "redone", "layer"))
    visible = before[..., -1] != 0  # where nothing is, Krita forgets colours as soon as there are two layers
    assert np.array_equal(redone[visible], after[visible])
    coverage = np.frombuffer((folder.outside / "coverage.raw").read_bytes(), np.uint8).reshape(HEIGHT, WIDTH)
    check_blend(before, after, layer, coverage, visible)


def check_blend(before, after, layer, coverage, visible):
    """The document's alpha stays; nothing changes outside; inside, the layer is blended in by its alpha."""
    amount = levels(layer)[..., -1]
    assert np.array_equal(after[..., -1], before[..., -1])
    outside = visible & (coverage == 0)
    assert np.array_equal(after[outside], before[outside])
    assert np.all(amount[coverage == 0] == 0)
    untouched = visible & (amount == 0)
    assert np.array_equal(after[untouched], before[untouched])
    full = visible & (amount == 1)
    assert np.array_equal(after[full], np.concatenate([layer[..., :-1], before[..., -1:]], axis=-1)[full])
    expected = levels(before) + (levels(layer) - levels(before)) * amount[..., None]
    tolerance = {"u1": 1.01 / 255, "u2": 1.01 / 65535, "f2": 2e-3, "f4": 1e-5}[before.dtype.str[1:]]
    difference = np.abs(levels(after) - expected)[..., :-1][visible]
    assert difference.max() <= tolerance
    assert np.abs(levels(after) - levels(before))[visible].max() > 0.01  # something happened


@pytest.mark.parametrize("depth", ["F32", "F16"])
def test_a_linear_image_gives_the_same_picture(run, folder, depth):
    encoded = scene("RGBA", "U8", False)
    assert run("RGBA", "U8", "", FEATHERED)["state"] == "done"
    expected = levels(read(folder, "after", "RGBA", "U8"))[..., 2::-1]  # blue comes first in whole numbers alone
    values = encoded[..., [2, 1, 0, 3]] / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    linear[..., 3] = 1
    answer = run("RGBA", depth, "sRGB-elle-V2-g10.icc", FEATHERED, shown=linear.astype(DTYPES[depth]))
    assert answer["state"] == "done"
    after = np.clip(read(folder, "after", "RGBA", depth)[..., :3].astype(float), 0, 1)
    seen = np.where(after <= 0.0031308, after * 12.92, 1.055 * after ** (1 / 2.4) - 0.055)
    # The soft edge is blended by Krita in the image's own space: there the two differ by what the space is.
    coverage = np.frombuffer((folder.outside / "coverage.raw").read_bytes(), np.uint8).reshape(HEIGHT, WIDTH)
    same = (coverage == 0) | (coverage == 255)
    assert np.abs(seen - expected)[same].max() < 2.5 / 255


def test_an_upscale_in_place_keeps_the_extent(run, folder):
    answer = run("RGBA", "U8", "", FEATHERED, operation="upscale", target="document")
    assert answer["state"] == "done"
    assert answer["steps"] == 1
    before, after, layer = (read(folder, name, "RGBA", "U8") for name in ("before", "after", "layer"))
    coverage = np.frombuffer((folder.outside / "coverage.raw").read_bytes(), np.uint8).reshape(HEIGHT, WIDTH)
    assert np.array_equal(after[coverage == 0], before[coverage == 0])
    assert layer.any()


@pytest.mark.parametrize(("model", "depth"), [("RGBA", "U8"), ("GRAYA", "U16"), ("RGBA", "F32")])
def test_an_upscale_opens_a_new_image(running, folder, model, depth):
    (folder.outside / "scene.raw").write_bytes(scene(model, depth, True).tobytes())
    answer = running.run_case(
        """
        document = open_document(width, height, folder + "/scene.raw", model, depth)
        select(document, 10, 10, 30, 20)
        before = pixels(document)
        known = app.documents()
        ended = finish(start("upscale", scale=3, target="new"))
        made = next(found for found in app.documents() if found not in known)
        answer = {**ended, "extent": [made.width(), made.height()], "same": pixels(document) == before,
            "colors": [made.colorModel(), made.colorDepth(), made.colorProfile() == document.colorProfile()],
            "filled": len(set(pixels(made))) > 8}
        """,
        width=WIDTH,
        height=HEIGHT,
        folder=folder.inside,
        model=model,
        depth=depth,
    )
    assert answer == {
        **answer,
        "state": "done",
        "extent": [90, 60],
        "same": True,
        "colors": [model, depth, True],
        "filled": True,
    }


def test_groups_hidden_layers_and_layers_above_are_seen_as_the_person_sees_them(running, folder):
    (folder.outside / "scene.raw").write_bytes(scene("RGBA", "U8", False).tobytes())
    answer = running.run_case(
        """
        document = open_document(width, height, folder + "/scene.raw")
        root, below = document.rootNode(), layers(document)[0]
        group = document.createGroupLayer("group")
        tint = document.createNode("tint", "paintlayer")
        tint.setPixelData(bytes([40, 200, 90, 255]) * (width * height), 0, 0, width, height)
        tint.setOpacity(100)
        group.addChildNode(tint, None)
        root.addChildNode(group, None)
        hidden = document.createNode("hidden", "paintlayer")
        hidden.setPixelData(bytes([0, 0, 255, 255]) * (width * height), 0, 0, width, height)
        hidden.setVisible(False)
        root.addChildNode(hidden, None)
        document.refreshProjection()
        document.waitForDone()
        document.setActiveNode(below)
        select(document, 24, 20, 56, 48)
        before = pixels(document, folder + "/before.raw")
        job = start("refocus")
        ended = finish(job)
        pixels(document, folder + "/after.raw")
        answer = {**ended, "top": names(document)[-1]}
        """,
        width=WIDTH,
        height=HEIGHT,
        folder=folder.inside,
    )
    assert (answer["state"], answer["top"]) == ("done", "Refocus")
    before, after = read(folder, "before", "RGBA", "U8"), read(folder, "after", "RGBA", "U8")
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[20:68, 24:80] = True
    assert np.array_equal(before[~inside], after[~inside])
    assert np.abs(after[inside].astype(int).mean(axis=0) - before[inside].mean(axis=0)).max() < 12


def test_other_color_models_get_a_sentence(running, folder):
    answer = running.run_case(
        """
        document = app.createDocument(40, 30, "print", "CMYKA", "U8", "", 72.0)
        app.activeWindow().addView(document)
        wait_for(lambda: app.activeDocument() == document)
        said = []
        desk().signals.refused.connect(said.append)
        form = docker().panel.task
        form.choose("refocus")
        desk().look()
        form.run_button.click()
        desk().signals.refused.disconnect(said.append)
        answer = [said, len(desk().jobs), form.run_button.isEnabled(), form.reason.text()]
        """
    )
    *nothing, shown = answer
    assert nothing == [[], 0, False]
    assert "CMYK" in shown
    assert "Convert Image Color Space" in shown


def test_a_selection_mask_of_the_active_layer_is_a_selection(running, folder):
    (folder.outside / "scene.raw").write_bytes(scene("RGBA", "U8", False).tobytes())
    running.run(
        """
        document = open_document(width, height, folder + "/scene.raw")
        mask = document.createSelectionMask("local")
        chosen = Selection()
        chosen.select(30, 20, 40, 30, 255)
        mask.setSelection(chosen)
        layers(document)[0].addChildNode(mask, None)
        document.setActiveNode(layers(document)[0])
        """,
        width=WIDTH,
        height=HEIGHT,
        folder=folder.inside,
    )
    # Krita tells which layer is active only when its events are not handled within others.
    answer = running.run_case(
        """
        desk().look()
        found = desk().context.selection
        answer = [found.x, found.y, found.width, found.height] if found else None
        """
    )
    assert answer == [30, 20, 40, 30]


def test_the_actions_are_in_the_menu_and_start_jobs(running, folder):
    (folder.outside / "scene.raw").write_bytes(scene("RGBA", "U8", False).tobytes())
    answer = running.run_case(
        """
        document = open_document(width, height, folder + "/scene.raw")
        select(document, 24, 20, 56, 48)
        app.action("foveate_refocus").trigger()
        ended = finish(desk().jobs[0])
        found = [name for name in ("refocus", "faces", "upscale", "cancel", "panel") if app.action("foveate_" + name)]
        answer = [ended["state"], names(document), found]
        """,
        width=WIDTH,
        height=HEIGHT,
        folder=folder.inside,
    )
    assert answer == ["done", ["Background", "Refocus"], ["refocus", "faces", "upscale", "cancel", "panel"]]
