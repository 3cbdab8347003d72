"""As much of Blender's module as parameters and operators need to be made: properties are written down."""

from __future__ import annotations

import sys
import types
from dataclasses import dataclass, field
from typing import Any


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


def install(monkeypatch):
    """Make `import bpy` find this, for one test."""
    bpy = types.ModuleType("bpy")
    bpy.props, bpy.types, bpy.utils = Properties("bpy.props"), Types("bpy.types"), types.ModuleType("bpy.utils")
    bpy.app = types.SimpleNamespace(background=False, handlers=types.SimpleNamespace(persistent=lambda act: act))
    previews = types.ModuleType("bpy.utils.previews")
    modules = {"bpy": bpy, "bpy.props": bpy.props, "bpy.types": bpy.types, "bpy.utils": bpy.utils}
    bpy.utils.previews = previews
    for name, module in {**modules, "bpy.utils.previews": previews}.items():
        monkeypatch.setitem(sys.modules, name, module)
    return bpy
