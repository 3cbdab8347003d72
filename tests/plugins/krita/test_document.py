"""KritaHost: frozen once, read in windows, applied as one layer, and never to another document."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from foveate_krita.active_document import KritaEditor
from foveate_krita.document import KritaHost
from foveate_krita.face_survey import FaceSurvey
from foveate_krita.pixel_layouts import named_space, pixel_format

from fakes.krita import App, Area, Document, KritaModule, SelectionMask, Window, module
from fakes.scripted_client import real_welcome
from foveate_shared.connection import settings
from foveate_shared.editor import known_server
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.host import Image, Result, ResultPatch
from foveate_shared.pixels import COVERAGE_U8, Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import ModelInfo, Outcome

WIDTH, HEIGHT = 8, 6
LAYOUT = PixelFormat(SampleType.U8, Channels.BGRA)
REGION = Bounds(2, 1, 4, 3)


def document(**changes):
    data = b"".join(bytes((x, y, x ^ y, 255)) for y in range(HEIGHT) for x in range(WIDTH))
    return Document(WIDTH, HEIGHT, data, **changes)


def patch(bounds, *, alpha=255, coverage=None):
    pixels = Image(bounds.extent, bytes((9, 8, 7, alpha)) * bounds.area, LAYOUT)
    covered = None if coverage is None else Image(bounds.extent, bytes([coverage]) * bounds.area, COVERAGE_U8)
    return ResultPatch(bounds, pixels, covered)


def result(*patches, frame="document"):
    return Result(
        frame,
        Extent(WIDTH, HEIGHT),
        patches,
        (Outcome("refocus", "done"),),
        {"operation": "refocus", "model": {"name": "sharp"}},
    )


@pytest.fixture
def scene():
    return document(chosen=Area(2, 1, 4, 3))


@pytest.fixture
def host(scene):
    made = KritaHost(module(scene), scene, "Refocus")
    made.freeze()
    return made


def test_what_is_frozen_is_described(scene):
    snapshot = KritaHost(module(scene), scene, "").freeze()
    assert (snapshot.extent, snapshot.format, snapshot.space) == (Extent(WIDTH, HEIGHT), LAYOUT, "srgb")
    assert snapshot.selection.bounds == REGION
    assert not snapshot.selection.has_coverage  # all of it is fully selected


def test_a_selection_beyond_the_border_is_cut_there():
    scene = document(chosen=Area(5, 4, 10, 10, bytes(range(100))))
    snapshot = KritaHost(module(scene), scene, "").freeze()
    assert snapshot.selection.bounds == Bounds(5, 4, 3, 2)
    assert snapshot.selection.has_coverage


def test_nothing_selected_means_all_and_a_selection_outside_is_refused():
    for chosen in (None, Area(0, 0, 0, 0)):
        scene = document(chosen=chosen)
        assert KritaHost(module(scene), scene, "").freeze().selection is None
    scene = document(chosen=Area(100, 100, 5, 5))
    with pytest.raises(InputError, match="outside") as caught:
        KritaHost(module(scene), scene, "").freeze()
    assert caught.value.info.code is ErrorCode.INVALID_REGION


def test_the_selection_mask_of_the_active_layer_counts_where_nothing_else_is_selected():
    scene = document()
    layer = scene.root.children[0]
    layer.children.append(SelectionMask("mine", chosen=Area(2, 1, 4, 3)))
    editor = KritaEditor(module(scene))
    assert editor.context(pictures=False).selection is None  # another layer is the active one
    scene.active = layer
    assert editor.context(pictures=False).selection == REGION
    assert KritaHost(module(scene), scene, "").freeze().selection.bounds == REGION


def test_the_active_layer_is_asked_for_only_where_there_is_a_selection_mask():
    scene = document()  # Krita handles its events before it tells: see find_selection
    KritaEditor(module(scene)).context(pictures=False)
    KritaHost(module(scene), scene, "").freeze()
    assert scene.asked_for_active == 0


def test_windows_are_read_out_of_the_frozen_state(host, scene):
    scene.data = bytes(len(scene.data))
    window = host.read_pixels(Bounds(3, 2, 2, 1), Extent(1, 1))
    assert window.extent == Extent(2, 1)
    assert bytes(window.data) == bytes((3, 2, 1, 255, 4, 2, 6, 255))
    assert host.read_coverage(Bounds(1, 1, 2, 1), Extent(2, 1)).data == b"\x00\xff"


def test_changes_are_seen_under_the_selection_alone(host, scene):
    assert host.is_unchanged()
    scene.chosen = None
    scene.data = b"\x01" * 4 + scene.data[4:]  # the corner is not selected
    assert host.is_unchanged()
    inside = (2 * WIDTH + 3) * 4
    scene.data = scene.data[:inside] + b"\x99" + scene.data[inside + 1 :]
    assert not host.is_unchanged()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"columns": 9}, "The image is 9 × 6 px by now; the result was made for 8 × 6 px. Undo that"),
        ({"depth": "U16"}, "color space"),
        ({"profile": "other"}, "color space"),
        ({"model": "GRAYA"}, "color space"),
    ],
)
def test_another_form_is_said_with_what_applying_all_the_same_does(host, scene, change, said):
    ((name, value),) = change.items()
    setattr(scene, name, value)
    with pytest.raises(InputError, match=said) as caught:
        host.is_unchanged()
    assert caught.value.info.code is ErrorCode.CONFLICT
    assert "a copy of the image as it was opens" in caught.value.info.remedy
    host.apply(result(patch(REGION)))
    assert [len(shown.root.children) for shown in host._krita.app.window.shown] == [2]
    assert len(scene.root.children) == 1


def test_a_closed_document_is_named_as_such_and_its_result_opens_alone(host, scene):
    scene.close()
    with pytest.raises(InputError, match="closed"):
        host.is_unchanged()
    host.apply(result(patch(REGION)))
    (shown,) = host._krita.app.window.shown
    assert shown is not scene
    assert [layer.title for layer in shown.root.children] == ["Background", "Refocus (sharp)"]
    assert len(scene.root.children) == 1


def test_the_image_takes_it_itself_where_it_is_open_again():
    scene = document(path="/home/me/scene.kra", chosen=Area(2, 1, 4, 3))
    krita = module(scene)
    host = KritaHost(krita, scene, "Refocus")
    host.freeze()
    scene.close()
    with pytest.raises(InputError, match="Open it again"):
        host.is_unchanged()
    krita.app.opened += [document(path="/home/me/other.kra"), again := document(path="/home/me/scene.kra")]
    assert host.is_unchanged()
    host.apply(result(patch(REGION)))
    assert [layer.title for layer in again.root.children] == ["Background", "Refocus (sharp)"]
    assert krita.app.window.shown == []
    again.data = bytes(len(again.data))
    assert not host.is_unchanged()


@pytest.mark.parametrize(("alpha", "told"), [(0, 1), (1, 0), (255, 0)])
def test_a_layer_that_shows_nothing_is_told_of(host, alpha, told):
    host.apply(result(patch(REGION, alpha=alpha, coverage=255)))
    assert len(host.told) == told
    assert all("transparent" in sentence for sentence in host.told)


def test_the_layer_is_named_after_the_models_title(tmp_path):
    scene, place = document(), tmp_path / settings.PLUGIN_FILES["krita"]
    place.parent.mkdir()
    models = (ModelInfo("sharp", "Sharp x4 (photos)", ("refocus",), 4, True),)
    known_server.save(place.with_name(known_server.FILE_NAME), real_welcome().operations, models)
    host = KritaHost(KritaModule(App([scene]), str(tmp_path)), scene, "Refocus")
    host.freeze()
    host.apply(result(patch(REGION)))
    assert scene.root.children[-1].title == "Refocus (Sharp x4)"


def test_the_result_is_one_layer_with_its_recipe(host, scene):
    host.apply(result(patch(REGION, coverage=128)))
    layer = scene.root.children[-1]
    assert (layer.title, layer.inherits) == ("Refocus (sharp)", False)
    ((data, *place),) = layer.written
    assert place == [2, 1, 4, 3]
    assert data == bytes((9, 8, 7, 128)) * 12
    ((name, recipe),) = scene.annotations.items()
    assert name.endswith(str(layer.number))
    assert json.loads(recipe)["operation"] == "refocus"
    assert not host.take_picture()
    assert host.after is not None


def test_a_translucent_result_inherits_the_documents_alpha(host, scene):
    host.apply(result(patch(Bounds(0, 0, 2, 2), alpha=77, coverage=200), patch(Bounds(4, 4, 2, 2), alpha=77)))
    layer = scene.root.children[-1]
    assert layer.inherits
    assert [data[3] for data, *_ in layer.written] == [200, 255]


def test_overlapping_patches_are_laid_over_each_other_by_krita(host, scene):
    host.apply(result(patch(Bounds(0, 0, 4, 4), coverage=128), patch(Bounds(2, 2, 4, 4), coverage=128)))
    (scratch,) = host._krita.app.created
    assert (scratch.columns, scratch.rows) == (6, 6)
    assert [layer.written[0][1:] for layer in scratch.root.children[1:]] == [(0, 0, 4, 4), (2, 2, 4, 4)]
    assert scratch.closed
    assert [place for _, *place in scene.root.children[-1].written] == [[0, 0, 6, 6]]


def test_a_new_frame_is_a_new_document(host, scene):
    host.apply(result(patch(Bounds(0, 0, 8, 6)), frame="new"))
    (shown,) = host._krita.app.window.shown
    assert (shown.columns, shown.rows, shown.profile) == (8, 6, scene.profile)
    assert len(scene.root.children) == 1


def test_nothing_to_apply_leaves_the_document_alone(host, scene):
    host.apply(result())
    assert len(scene.root.children) == 1


def test_a_layer_that_krita_refuses_is_a_sentence(host, scene):
    scene.root.takes = False
    with pytest.raises(InputError, match="did not take"):
        host.apply(result(patch(REGION)))


def test_a_preview_touches_a_copy_alone(host, scene):
    assert host.preview(result(patch(REGION))) is not None
    assert len(scene.root.children) == 1
    (frozen,) = scene.clones
    (scratch,) = host._krita.app.created
    assert scratch.closed
    assert not frozen.closed


def test_nothing_is_done_while_krita_is_busy_and_no_stroke_is_ended(host, scene):
    scene.busy = True
    steps = host.steps(result(patch(REGION)), check=True)
    for _ in range(5):
        next(steps)
    assert len(scene.root.children) == 1
    scene.busy = False
    assert list(steps)  # there were steps left, and they are done now
    assert len(scene.root.children) == 2
    scene.busy = True
    assert host.take_picture()
    assert host.after is None
    scene.busy = False
    assert not host.take_picture()
    assert host.after is not None


def test_a_document_that_is_closed_between_two_steps_is_not_touched(host, scene):
    steps = host.steps(result(patch(REGION)), check=True)
    next(steps)
    scene.close()
    with pytest.raises(InputError, match="closed"):
        list(steps)
    assert len(scene.root.children) == 1


def test_what_is_given_up_between_two_steps_leaves_nothing(host, scene):
    steps = host.steps(result(patch(Bounds(0, 0, 8, 6)), frame="new"), check=False)
    for _ in range(2):
        next(steps)
    steps.close()
    assert all(made.closed for made in host._krita.app.created)
    assert host._krita.app.window.shown == []


def test_release_closes_the_snapshot_and_may_come_twice(host, scene):
    host.release()
    host.release()
    assert scene.clones[0].closed


def test_a_survey_cuts_faces_out_of_the_snapshot(scene):
    survey = FaceSurvey(module(scene), scene, "")
    survey.freeze()
    face = {"box": [1.2, 1.0, 2.5, 2.0], "landmarks": [], "score": 0.9}
    found = replace(result(), outcomes=(Outcome("detect", "done", "", {"faces": [face]}),))
    survey.apply(found)
    (only,) = survey.faces
    assert (only.number, only.bounds, only.score) == (1, Bounds(1, 1, 3, 2), 0.9)
    assert survey.is_unchanged()
    assert len(scene.root.children) == 1


@pytest.mark.parametrize("model", ["CMYKA", "LABA", "XYZA", "YCbCrA", "A"])
def test_other_color_models_are_refused_with_a_remedy(model):
    with pytest.raises(InputError, match="RGB") as caught:
        pixel_format(model, "U8")
    assert "Convert Image Color Space" in caught.value.info.remedy


def test_blue_comes_first_in_whole_numbers_alone():
    assert pixel_format("RGBA", "U16").channels is Channels.BGRA
    assert pixel_format("RGBA", "F16").channels is Channels.RGBA
    assert pixel_format("GRAYA", "F32") == PixelFormat(SampleType.F32, Channels.YA)


def test_profiles_are_named_by_their_model():
    assert named_space("RGBA", "sRGB-elle-V2-g10.icc") == "srgb-linear"
    assert named_space("GRAYA", "Gray-D50-elle-V2-srgbtrc.icc") == "gray-srgb"
    assert named_space("RGBA", "Gray-D50-elle-V2-srgbtrc.icc") is None
    assert named_space("RGBA", "somebody's") is None


@pytest.mark.parametrize(
    ("changes", "selection", "is_outside", "unusable"),
    [
        ({"chosen": Area(2, 1, 4, 3)}, REGION, False, ""),
        ({}, None, False, ""),
        ({"chosen": Area(20, 1, 4, 3)}, None, True, ""),
        ({"model": "CMYKA"}, None, False, "This image is in CMYK; only RGB and grey images can be worked on."),
    ],
)
def test_the_panel_is_told_what_a_job_would_work_on(changes, selection, is_outside, unusable):
    now = KritaEditor(module(document(**changes))).context(pictures=False)
    assert (now.extent, now.selection, now.is_outside) == (Extent(WIDTH, HEIGHT), selection, is_outside)
    assert now.unusable.startswith(unusable)
    assert bool(now.unusable) == bool(unusable)


def test_a_window_in_which_somebody_acts_is_taken_for_the_active_one():
    active, other = document(chosen=Area(2, 1, 4, 3)), document()
    krita = module(active)
    krita.app.window = Window([other], "another window")
    editor = KritaEditor(krita)
    with editor.acting_in("another window"):
        assert editor.context(pictures=False).document is other
        assert editor.open_host("Refocus")._document is other
    assert editor.context(pictures=False).document is active
    krita.app.window.shown.clear()
    with editor.acting_in("another window"):
        assert editor.context(pictures=False) is None


def test_a_result_that_was_undone_can_be_had_again(host, scene):
    assert not host.is_undone
    host.apply(result(patch(REGION)))
    host.release()
    assert not host.is_undone
    scene.root.children.pop()  # as undo does
    assert host.is_undone
    host.apply(result(patch(REGION)))
    assert [layer.title for layer in scene.root.children] == ["Background", "Refocus (sharp)"]
    assert not host.is_undone
    host.release()
    scene.root.children.pop()
    scene.columns += 1
    with pytest.raises(InputError, match="another size") as caught:
        host.apply(result(patch(REGION)))
    assert "Undo or redo" in caught.value.info.remedy
    assert host._krita.app.window.shown == []
    scene.close()
    assert not host.is_undone
