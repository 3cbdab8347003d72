"""The numbers of one editor, and its section of results/editors.md."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from statistics import median

from benchmarks.editors.editor import EDITORS, Own
from benchmarks.report import RESULTS, header, table

_PATH = RESULTS / "editors.md"
_NAMES = {"gimp": "GIMP", "krita": "Krita", "blender": "Blender"}
_PACKAGES = ("torch", "numpy", "websockets", "uvicorn")
_INTRODUCTION = """# What the plugins cost in real editors

Written by `python -m benchmarks.editors`, one section per editor. A real editor on an Xvfb screen, the real server
outside of it with the deterministic engine, an RGB picture of 8 bits, of which all but a margin of 64 pixels is
selected; `refocus` at full strength. Times are medians, in milliseconds, of jobs in an editor that runs, each on a
picture that was opened anew. A relay on the loopback interface between plugin and server notes when pixels pass; the
screen's memory is looked at every 2 ms.

- *to first byte*: from the call of the procedure (what the button does) to the first byte of pixels at the server.
- *server, wire*: from there to the last byte of the result: all windows, the engine and the patches.
- *to visible*: from the last byte until the screen shows all of the result. *To done*: until the call ends, which may
  be later: the editor draws first, then answers the plugin, which tidies up.
- *own*: the same pixels with the editor's own means alone: *start* of an empty plug-in (where plug-ins are programs of
  their own), *read* of what is visible and of the first window, *write* of the whole result until the screen shows it.
- *plugin's overhead*: to first byte and to visible, without the editor's own.
- *memory*: resident MB. The plug-in's are the peaks of its processes together, where it has processes of its own.
"""


@dataclass(frozen=True)
class Job:
    """One job's moments, in seconds of time.monotonic()."""

    called: float
    first_up: float  # the first byte of pixels at the server
    last_up: float
    first_down: float  # the first byte of the result at the plugin
    last_down: float
    returned: float
    visible: float


@dataclass(frozen=True)
class Memory:
    """Megabytes that are resident."""

    before: int  # the editor, with the picture open
    editor: int  # at most
    plugin: int  # at most; 0 where the plugin has no process of its own


@dataclass(frozen=True)
class Row:
    """One size of selection."""

    side: int  # pixels
    job: Job  # medians, from the call on
    own: Own
    memory: Memory

    @property
    def to_first_byte(self) -> float:
        """Return seconds from the button to the server."""
        return self.job.first_up

    @property
    def to_done(self) -> float:
        """Return seconds from the last byte to the end of the call."""
        return self.job.returned - self.job.last_down

    @property
    def to_visible(self) -> float:
        """Return seconds from the last byte until the screen shows all of it."""
        return self.job.visible - self.job.last_down

    @property
    def overhead(self) -> float:
        """Return the seconds to the first byte and to visible that are not the editor's own."""
        own = self.own
        return self.to_first_byte - own.start - own.read + self.to_visible - own.write


def middle(jobs: Sequence[Job]) -> Job:
    """Return the medians of each part of the jobs, put together to one that is called at 0."""
    steps = [[later - earlier for earlier, later in zip(astuple(job), astuple(job)[1:], strict=False)] for job in jobs]
    first_up, uploading, computing, downloading, applying, showing = (median(step) for step in zip(*steps, strict=True))
    moments = [0.0]
    for step in (first_up, uploading, computing, downloading, applying, showing):
        moments.append(moments[-1] + step)
    return Job(*moments)


def about(editor: str, sides: Sequence[int], repeat: int) -> str:
    """Return when, where and how; call it before measuring."""
    sys.argv = [sys.argv[0], editor, "--sides", *map(str, sides), "--repeat", str(repeat)]
    return header("editors", _PACKAGES)


def section(editor: str, title: str, about: str, rows: Sequence[Row], remarks: Sequence[str] = ()) -> str:
    """Return an editor's section."""
    times = ["to first byte", "server, wire", "to visible", "to done"]
    own = ["own: start", "read", "write"]
    memory = ["memory: editor before", "at most", "plug-in at most"]
    lines = [_cells(row) for row in rows]
    numbers = table(["selection", *times, *own, "**plugin's overhead**", *memory], lines)
    said = "".join(f"- {remark}\n" for remark in remarks)
    return f"## {_NAMES[editor]}\n\n{title}. {about}\n{numbers}" + (f"\n{said}" if said else "")


def write(editor: str, section: str) -> None:
    """Put a section into the committed file, in the place of the old one; the others stay."""
    text = _PATH.read_text(encoding="utf-8") if _PATH.exists() else ""
    found = {name: part for name in EDITORS if (part := _found(text, name))}
    found[editor] = section
    parts = [_INTRODUCTION, *(found[name].strip() + "\n" for name in EDITORS if name in found)]
    _PATH.write_text("\n".join(parts), encoding="utf-8")


def _found(text: str, editor: str) -> str:
    match = re.search(rf"^## {_NAMES[editor]}\n.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return match[0] if match else ""


def _cells(row: Row) -> list[str]:
    job, own, memory = row.job, row.own, row.memory
    times = (row.to_first_byte, job.last_down - job.first_up, row.to_visible, row.to_done)
    cells = [_ms(seconds) for seconds in (*times, own.start, own.read, own.write)]
    sizes = [str(memory.before), str(memory.editor), str(memory.plugin) if memory.plugin else "in the editor"]
    return [f"{row.side} px", *cells, f"**{_ms(row.overhead)}**", *sizes]


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f}"
