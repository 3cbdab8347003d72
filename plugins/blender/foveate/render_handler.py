"""Refocus a region of each finished render, where the scene wishes it.

A render that is shown becomes a new image beside it. One that is written to a file is refocused in that file's form,
and written beside it as NAME-foveate: of animations, each frame. In the interface Blender renders on another thread:
what is to be done is noted, and a timer does it on the main one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from . import choosing, region, runtime
from ._shared import errors
from .buffers import reference
from .jobs import Task
from .placing import Placement

SUFFIX = "-foveate"  # of the files beside
_written: list[tuple[str, str]] = []  # scene and file of the render that runs; rendering may be on another thread


@bpy.app.handlers.persistent
def on_start(_scene: Any, _depsgraph: Any = None) -> None:
    """Forget what an earlier render left behind."""
    _written.clear()


@bpy.app.handlers.persistent
def on_write(scene: bpy.types.Scene, _depsgraph: Any = None) -> None:
    """Note the file that was written."""
    if scene.foveate.refocus_renders:
        _written.append((scene.name, bpy.path.abspath(scene.render.frame_path(frame=scene.frame_current))))


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
    try:
        if files:
            for path in files:
                _refocus_file(scene, Path(path))
        else:
            _refocus_shown(scene)
    except errors.FoveateError as error:
        print(f"Foveate: {error}")  # noqa: T201 - a render farm's log is where this is read


def _refocus_shown(scene: bpy.types.Scene) -> None:
    image = next((image for image in bpy.data.images if image.type == "RENDER_RESULT"), None)
    if image is None:
        return
    task = _task(scene, image, f"{scene.name}, frame {scene.frame_current}, Refocus")
    if bpy.app.background:
        runtime.get().run(task)
    else:
        runtime.get().submit(task)


def _refocus_file(scene: bpy.types.Scene, path: Path) -> None:
    if not path.is_file():
        raise errors.InputError(f"{path.name} is no single image.", remedy="Render to images to have them refocused.")
    image = bpy.data.images.load(str(path))
    try:
        made = bpy.data.images.get(runtime.get().run(_task(scene, image, path.stem)).made)
    finally:
        bpy.data.images.remove(image)
    if made is not None:
        _save(made, scene, path.with_name(f"{path.stem}{SUFFIX}{path.suffix}"))
        bpy.data.images.remove(made)


def _save(image: bpy.types.Image, scene: bpy.types.Scene, path: Path) -> None:
    image.save(filepath=str(path))


def _task(scene: bpy.types.Scene, image: bpy.types.Image, name: str) -> Task:
    rt = runtime.get()
    render = scene.render
    has_border = render.use_border and not render.use_crop_to_border
    box = choosing.border(scene) if has_border else tuple(scene.foveate.render_box)
    parameters = {"strength": rt.default("refocus", "strength", 1.0)}
    if model := rt.default("refocus", "model", ""):
        parameters["model"] = model
    placement = Placement("Refocus Render", reference(image), 0, False, rt.swaps)
    return Task("refocus", parameters, reference(image), image.name, scene.name, region.box(box), placement, name)


HANDLERS = (("render_init", on_start), ("render_write", on_write), ("render_complete", on_complete))
