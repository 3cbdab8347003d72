"""Runs in Blender (or beside bpy): carries out the tests' snippets, one file each, and writes their answers.

In the background nothing else happens in between; with windows a timer looks for snippets, so that Blender lives on.
"""

import importlib
import json
import os
import time
import traceback
from pathlib import Path

import bpy
import numpy as np

FOLDER = Path(os.environ["FOVEATE_REMOTE"])
PAUSE = 0.02  # seconds between two looks


def grab(image, name):
    """Write an image's samples, as floats, to NAME.npy, bottom row first."""
    width, height = image.size
    samples = np.empty((height, width, image.channels), np.float32)
    image.pixels.foreach_get(samples.ravel())
    np.save(FOLDER / f"{name}.npy", samples)
    return {
        "name": image.name,
        "is_float": image.is_float,
        "colorspace": image.colorspace_settings.name,
        "alpha_mode": image.alpha_mode,
        "size": list(image.size),
        "recipe": json.loads(image.get("foveate_recipe", "null")),
    }


def put(name, samples, colorspace="", alpha_mode=""):
    """Make an image of NAME.npy: a float one where the array is not of bytes."""
    array = np.load(FOLDER / f"{samples}.npy")
    is_float = array.dtype == np.float32
    image = bpy.data.images.new(name, array.shape[1], array.shape[0], alpha=True, float_buffer=is_float)
    if colorspace:
        image.colorspace_settings.name = colorspace
    image.alpha_mode = alpha_mode or ("PREMUL" if is_float else "STRAIGHT")
    image.pixels.foreach_set((array if is_float else array.astype(np.float32) / np.float32(255)).ravel())
    image.update()
    image.pack()
    return image


def compositor(scene):
    """Return an empty tree of a scene's compositor, and the node that it ends in: Blender 5 has renamed both."""
    if bpy.app.version < (5, 0):
        scene.use_nodes = True
        scene.node_tree.nodes.clear()
        return scene.node_tree, scene.node_tree.nodes.new("CompositorNodeComposite")
    tree = scene.compositing_node_group = bpy.data.node_groups.new(scene.name, "CompositorNodeTree")
    tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    return tree, tree.nodes.new("NodeGroupOutput")


def leave_compositor(scene):
    """Take a scene's compositor away."""
    if bpy.app.version < (5, 0):
        scene.use_nodes = False
    else:
        scene.compositing_node_group = None


def editor():
    """Return window, area and region of the image editor, for a context override."""
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type == "IMAGE_EDITOR")
    return {"window": window, "area": area, "region": next(r for r in area.regions if r.type == "WINDOW")}


def runtime():
    """Return what the extension's parts share."""
    return importlib.import_module("bl_ext.user_default.foveate.controller").get()


HANDS = {
    "runtime": runtime,
    "bpy": bpy,
    "np": np,
    "json": json,
    "time": time,
    "grab": grab,
    "put": put,
    "compositor": compositor,
    "leave_compositor": leave_compositor,
    "editor": editor,
    "FOLDER": FOLDER,
}


def carry_out(path):
    """Run a snippet; its `answer` goes into a file."""
    names = dict(HANDS)
    try:
        exec(compile(path.read_text(), path.name, "exec"), names)  # noqa: S102 - the tests' own
        outcome = json.dumps({"answer": names.get("answer")})
    except BaseException:
        outcome = json.dumps({"error": traceback.format_exc()})
    path.unlink()
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(outcome)
    unfinished.rename(path.with_suffix(".json"))


def look():
    """Carry out what is there."""
    for path in sorted(FOLDER.glob("[0-9]*.py")):
        carry_out(path)
    return PAUSE


(FOLDER / "ready").touch()
if bpy.app.background:
    while not (FOLDER / "quit").exists():
        look()
        time.sleep(PAUSE)
else:
    bpy.app.timers.register(look, persistent=True)
