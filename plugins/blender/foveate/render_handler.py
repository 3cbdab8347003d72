"""Refocus a region of each finished render, where the scene wishes it.

A render that is shown becomes a new image beside it. One that is written to a file is refocused in that file's form,
and written beside it as NAME-foveate: of animations, each frame. In the interface Blender renders on another thread:
what is to be done is noted, and the main one does it, frame by frame.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from . import choose_region, controller
from ._shared import errors, job_list, kept_parameters, selected_region
from .buffers import find, reference
from .show_result import ResultPlacement
from .wanted_job import Place, WantedJob
from .written_file import written_file

SUFFIX = "-foveate"  # of the files beside
_LINEAR_FORMATS = {"OPEN_EXR", "OPEN_EXR_MULTILAYER", "HDR"}
_written: list[tuple[str, Path]] = []  # scene and file of the render that runs; rendering may be on another thread


@bpy.app.handlers.persistent
def on_start(_scene: Any, _depsgraph: Any = None) -> None:
    """Forget what an earlier render left behind."""
    _written.clear()


@bpy.app.handlers.persistent
def on_write(scene: bpy.types.Scene, _depsgraph: Any = None) -> None:
    """Note the file that was written."""
    if scene.foveate.refocus_renders:
        _written.append((scene.name, written_file(scene.render, scene.frame_current)))


@bpy.app.handlers.persistent
def on_complete(scene: bpy.types.Scene, _depsgraph: Any = None) -> None:
    """Refocus what the render made."""
    if not scene.foveate.refocus_renders:
        return
    name = scene.name
    if bpy.app.background:
        _process(name)
    else:
        bpy.app.timers.register(lambda: _process(name), first_interval=0)


def _process(name: str) -> None:
    scene = bpy.data.scenes.get(name)
    files = [path for written_by, path in _written if written_by == name]
    _written.clear()
    if scene is None:
        return
    if not files:
        _report(lambda: _refocus_shown(scene))
    for path in files:
        if bpy.app.background:
            _report(lambda path=path: _refocus_file(scene, path))
        else:
            controller.get().queue(lambda path=path: _report(lambda: _begin_file(name, path)))


def _begin_file(name: str, path: Path) -> list[job_list.JobEntry]:
    scene = bpy.data.scenes.get(name)
    return controller.get().begin_wanted(_file_task(scene, path), ask_first=False) if scene else []


def _report(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except errors.FoveateError as error:
        print(f"Foveate: {error}")  # noqa: T201 - a render farm's log is where this is read
        return []


def _refocus_shown(scene: bpy.types.Scene) -> None:
    image = next((image for image in bpy.data.images if image.type == "RENDER_RESULT"), None)
    if image is None:
        return
    placement = ResultPlacement("Refocus Render", reference(image), 0, False, controller.get().swaps)
    task = _task(scene, image, f"{scene.name}, frame {scene.frame_current}, Refocus", placement)
    if bpy.app.background:
        controller.get().run(task)
    else:
        controller.get().begin_wanted(task)


def _refocus_file(scene: bpy.types.Scene, path: Path) -> None:
    task = _file_task(scene, path)
    try:
        controller.get().run(task)
    finally:
        if image := find(task.image):  # the job failed, so nobody has placed its result
            bpy.data.images.remove(image)


def _file_task(scene: bpy.types.Scene, path: Path) -> WantedJob:
    """Load a frame; return the job that writes its result beside it, and unloads both."""
    if not path.is_file():
        raise errors.InputError(
            "{name} is no single image.", remedy="Render to images to have them refocused.", name=path.name
        )
    image = bpy.data.images.load(str(path))
    frame, name = reference(image), scene.name

    def place(made: bpy.types.Image) -> None:
        loaded = find(frame)
        if loaded is not None:
            made.file_format = loaded.file_format
            bpy.data.images.remove(loaded)
        settings = bpy.data.scenes[name].render.image_settings
        _save(made, path.with_name(f"{path.stem}{SUFFIX}{path.suffix}"), settings)
        bpy.data.images.remove(made)

    return _task(scene, image, f"{path.stem}, Refocus", place)


def _save(image: bpy.types.Image, path: Path, settings: Any) -> None:
    """Write an image in the form of the frames that `settings` describe."""
    if not image.is_float or image.file_format in _LINEAR_FORMATS:
        image.save(filepath=str(path))
        return
    # Samples of 16 bits come as linear floats; only saving a render encodes them again, and that as a scene says.
    scene = bpy.data.scenes.new("Foveate")
    try:
        scene.display_settings.display_device = "sRGB"
        scene.view_settings.view_transform = "Standard"
        scene.render.dither_intensity = 0
        for name in ("file_format", "color_mode", "color_depth"):
            setattr(scene.render.image_settings, name, getattr(settings, name))
        image.save_render(str(path), scene=scene)
    finally:
        bpy.data.scenes.remove(scene)


def _task(scene: bpy.types.Scene, image: bpy.types.Image, name: str, place: Place) -> WantedJob:
    rt = controller.get()
    render = scene.render
    has_border = render.use_border and not render.use_crop_to_border
    box = choose_region.border(scene) if has_border else tuple(scene.foveate.render_box)
    words, parameters = rt.words_of("refocus").title, kept_parameters.used_last(rt, "refocus")
    return WantedJob(
        "refocus", words, parameters, reference(image), image.name, scene.name, selected_region.box(box), place, name
    )


HANDLERS = (("render_init", on_start), ("render_write", on_write), ("render_complete", on_complete))
