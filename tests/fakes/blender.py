"""As much of Blender's module as parameters and operators need to be made: properties are written down."""

from __future__ import annotations

import itertools
import sys
import types
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Property:
    """A property as it was asked for."""

    kind: str
    told: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name):
        return self.told[name]

    def read(self):
        return self.told["get"](None)

    def write(self, value):
        self.told["set"](None, value)

    def identifiers(self):
        """Return what can be chosen."""
        return [name for name, _, _ in self.told["items"](None, None)]


class Properties(types.ModuleType):
    """bpy.props."""

    def __getattr__(self, name):
        return lambda **told: Property(name.removesuffix("Property"), told)


class Types(types.ModuleType):
    """bpy.types: classes to be derived from."""

    def __getattr__(self, name):
        made = type(name, (), {})
        setattr(self, name, made)
        return made


class Images(list):
    """The images of a file."""

    def new(self, name, width, height, **_):
        self.append(Image(name, (width, height)))
        return self[-1]


class Pixels:
    """Samples of an image, as floats."""

    def __init__(self, count):
        self.samples = np.zeros(count, np.float32)

    def __len__(self):
        return len(self.samples)

    def foreach_get(self, target):
        target[...] = self.samples

    def foreach_set(self, samples):
        self.samples[...] = samples


class Image(dict):
    """A float image of a file, with its own properties: as much of it as what becomes of a result depends on."""

    is_float, channels, alpha_mode = True, 4, "PREMUL"
    __hash__, __eq__ = object.__hash__, object.__eq__

    def __init__(self, name, size=(96, 80), *, source="GENERATED", kind="IMAGE", rect=(0, 0, 0, 0)):
        self.name, self.size, self.source, self.type = name, size, source, kind
        self.session_uid = next(_UIDS)
        self.library, self.use_fake_user = None, False
        self.filepath_raw = ""
        self.colorspace_settings = types.SimpleNamespace(name="Linear Rec.709")
        self.pixels = Pixels(size[0] * size[1] * self.channels)
        self.foveate = types.SimpleNamespace(rect=rect, made_as="", origin="", step=0)

    def __bool__(self):
        return True

    def update(self):
        pass

    def pack(self):
        pass

    def user_remap(self, new):
        """Let all that uses this image use another one, as Blender does it: with the fake user."""
        new.use_fake_user |= self.use_fake_user
        self.use_fake_user = False


@dataclass
class Region:
    """A part of an editor, in pixels of the screen; the main one shows an image at a zoom, from `left`, `bottom` on."""

    type: str
    x: int = 0
    y: int = 0
    width: int = 400
    height: int = 300
    extent: tuple[int, int] = (1, 1)  # of the image that it shows
    zoom: float = 1.0
    left: float = 0.0
    bottom: float = 0.0
    less: int = 1  # 0: a Blender 5.2's

    @property
    def view2d(self):
        return self

    def region_to_view(self, x, y):
        """Return a place as parts of the image; before 5.2 Blender takes the last pixel for the whole of the region."""
        across, up = (self.zoom * side for side in self.extent)
        shown, counted = (self.width / across, self.height / up), (self.width - self.less, self.height - self.less)
        return self.left + shown[0] * x / counted[0], self.bottom + shown[1] * y / counted[1]


class Area:
    """An image editor."""

    type = "IMAGE_EDITOR"

    def __init__(self, image=None, regions=()):
        space = types.SimpleNamespace(type="IMAGE_EDITOR", image=image, zoom=(1.0, 1.0), mask=None, ui_mode="VIEW")
        self.spaces, self.regions = types.SimpleNamespace(active=space), regions

    def as_pointer(self):
        return id(self)

    def tag_redraw(self):
        pass


_UIDS = itertools.count(1)


def windows_of(*areas):
    """Return a window manager with a window of these areas."""
    screen = types.SimpleNamespace(areas=areas)
    return types.SimpleNamespace(windows=[types.SimpleNamespace(screen=screen)])


def install(monkeypatch):
    """Make `import bpy` find this, for one test."""
    bpy = types.ModuleType("bpy")
    bpy.props, bpy.types, bpy.utils = Properties("bpy.props"), Types("bpy.types"), types.ModuleType("bpy.utils")
    handlers = types.SimpleNamespace(persistent=lambda act: act)
    bpy.app = types.SimpleNamespace(background=False, version=(4, 3, 2), handlers=handlers)
    bpy.utils.previews = types.ModuleType("bpy.utils.previews")
    batch = types.ModuleType("gpu_extras.batch")
    batch.batch_for_shader = None  # nothing is drawn here
    modules = {"bpy": bpy, "bpy.props": bpy.props, "bpy.types": bpy.types, "bpy.utils": bpy.utils}
    modules |= {"bpy.utils.previews": bpy.utils.previews, "gpu": types.ModuleType("gpu"), "gpu_extras.batch": batch}
    for name, module in {**modules, "gpu_extras": types.ModuleType("gpu_extras")}.items():
        monkeypatch.setitem(sys.modules, name, module)
    return bpy
