"""As much of Krita's module as the plugin uses, in memory: documents of one visible image, layers, selections.

tests/hosts/test_krita.py proves that the real one behaves like this.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

SIZES = {"U8": 1, "U16": 2, "F16": 2, "F32": 4}
_numbers = itertools.count(1)


@dataclass
class Area:
    """A selection: coverage, one byte per pixel."""

    left: int
    top: int
    columns: int
    rows: int
    data: bytes = b""

    def x(self):
        return self.left

    def y(self):
        return self.top

    def width(self):
        return self.columns

    def height(self):
        return self.rows

    def pixelData(self, x, y, width, height):  # noqa: N802
        full = self.data or b"\xff" * (self.columns * self.rows)
        found = bytearray()
        for row in range(y - self.top, y - self.top + height):
            start = row * self.columns + x - self.left
            found += full[start : start + width]
        return bytes(found)


@dataclass
class Identity:
    number: int

    def toString(self):  # noqa: N802
        return f"{{{self.number}}}"


@dataclass
class Layer:
    """A paint layer, or the root."""

    title: str
    written: list[tuple[bytes, int, int, int, int]] = field(default_factory=list)
    children: list[Layer] = field(default_factory=list)
    inherits: bool = False
    takes: bool = True  # children
    number: int = field(default_factory=lambda: next(_numbers))
    kind: str = "paintlayer"
    model: str = "RGBA"
    data: bytes = b""  # of all the document
    is_gone: bool = False

    def name(self):
        return self.title

    def setName(self, title):  # noqa: N802
        self.title = title

    def type(self):
        return self.kind

    def uniqueId(self):  # noqa: N802
        return Identity(self.number)

    def setPixelData(self, data, x, y, width, height):  # noqa: N802
        self.written.append((bytes(data), x, y, width, height))

    def projectionPixelData(self, x, y, width, height):  # noqa: N802
        assert (x, y) == (0, 0)
        return self.data or bytes(width * height * 4)

    def colorModel(self):  # noqa: N802
        return self.model

    def colorDepth(self):  # noqa: N802
        return "U8"

    def colorProfile(self):  # noqa: N802
        return "sRGB-elle-V2-srgbtrc.icc"

    def setInheritAlpha(self, inherits):  # noqa: N802
        self.inherits = inherits

    def childNodes(self):  # noqa: N802
        return [child for child in self.children if not child.is_gone]

    def findChildNodes(self, name, recursive, _partial_match, kind):  # noqa: N802
        assert (name, recursive) == ("", True)
        below = [found for child in self.childNodes() for found in child.findChildNodes("", True, False, kind)]
        return [child for child in self.childNodes() if child.type() == kind] + below

    def addChildNode(self, child, _above):  # noqa: N802
        if self.takes:
            self.children.append(child)
        return self.takes

    def remove(self):
        self.written.clear()
        self.is_gone = True


@dataclass
class SelectionMask(Layer):
    """A selection of a layer's own."""

    kind: str = "selectionmask"
    chosen: Area | None = None

    def visible(self):
        return True

    def selection(self):
        return self.chosen


@dataclass(eq=False)
class Document:
    """A document whose visible pixels are `data`; layers that are added do not change them."""

    columns: int
    rows: int
    data: bytes
    model: str = "RGBA"
    depth: str = "U8"
    profile: str = "sRGB-elle-V2-srgbtrc.icc"
    chosen: Area | None = None
    root: Layer = field(default_factory=lambda: Layer("root", children=[Layer("Background")]))
    annotations: dict[str, bytes] = field(default_factory=dict)
    closed: bool = False
    busy: bool = False  # with a stroke of the person, say
    path: str = ""  # of its file
    clones: list[Document] = field(default_factory=list)
    active: Layer | None = None
    asked_for_active: int = 0  # so often Krita has handled its events meanwhile

    def __post_init__(self):
        self.first = next((child.number for child in self.root.children), 0)  # of the layer that it came with

    def nodeByUniqueID(self, identity):  # noqa: N802
        nodes = [self.root]
        for node in nodes:  # which grows
            if node.uniqueId() == identity:
                return node
            nodes.extend(node.children)
        return None

    def width(self):
        return self.columns

    def height(self):
        return self.rows

    def fileName(self):  # noqa: N802
        return self.path

    def resolution(self):
        return 300

    def colorModel(self):  # noqa: N802
        return self.model

    def colorDepth(self):  # noqa: N802
        return self.depth

    def colorProfile(self):  # noqa: N802
        return self.profile

    def selection(self):
        return self.chosen

    def setSelection(self, chosen):  # noqa: N802
        self.chosen = chosen

    def activeNode(self):  # noqa: N802
        self.asked_for_active += 1
        return self.active

    def rootNode(self):  # noqa: N802
        return self.root

    def waitForDone(self):  # noqa: N802
        pass

    refreshProjection = waitForDone  # noqa: N815

    def setModified(self, _modified):  # noqa: N802
        pass

    setFileName = setName = setModified  # noqa: N815

    def tryBarrierLock(self):  # noqa: N802
        return not self.busy

    def unlock(self):
        pass

    def close(self):
        self.closed = True

    def clone(self):
        copy = replace(self, root=Layer("root", children=list(self.root.children)), annotations={}, clones=[])
        self.clones.append(copy)
        return copy

    def pixelData(self, x, y, width, height):  # noqa: N802
        size = SIZES[self.depth] * (4 if self.model == "RGBA" else 2)
        rows = range(y, y + height)
        stride = self.columns * size
        return b"".join(self.data[row * stride + x * size : row * stride + (x + width) * size] for row in rows)

    def projection(self, x, y, width, height):
        return ("picture", x, y, width, height)

    def createNode(self, title, _kind):  # noqa: N802
        return Layer(title)

    def setAnnotation(self, name, _description, data):  # noqa: N802
        self.annotations[name] = bytes(data)


@dataclass
class View:
    shown: Document | None

    def document(self):
        return self.shown


@dataclass
class Window:
    shown: list[Document] = field(default_factory=list)
    main: object = None

    def qwindow(self):
        return self.main

    def activeView(self):  # noqa: N802
        return View(self.shown[-1] if self.shown else None)

    def addView(self, document):  # noqa: N802
        self.shown.append(document)


@dataclass
class App:
    opened: list[Document]
    window: Window = field(default_factory=Window)
    created: list[Document] = field(default_factory=list)

    def documents(self):
        return [document for document in self.opened if not document.closed]

    def activeDocument(self):  # noqa: N802
        return next(iter(self.documents()), None)

    def activeWindow(self):  # noqa: N802
        return self.window

    def windows(self):
        return [self.window]

    def createDocument(self, width, height, _name, model, depth, profile, _resolution):  # noqa: N802
        size = SIZES[depth] * (4 if model == "RGBA" else 2)
        made = Document(width, height, bytes(width * height * size), model, depth, profile)
        self.created.append(made)
        return made


@dataclass
class KritaModule:
    """What `import krita` gives."""

    app: App
    home: str = "/nowhere"  # of its resources

    def getAppDataLocation(self):  # noqa: N802
        return self.home

    @property
    def Krita(self) -> Any:  # noqa: N802
        return self

    def instance(self) -> App:
        return self.app

    def Selection(self) -> Layer:  # noqa: N802
        return Layer("selection")


def module(*documents: Document) -> KritaModule:
    """Return Krita's module with some documents open; the first one is active."""
    return KritaModule(App(list(documents)))
