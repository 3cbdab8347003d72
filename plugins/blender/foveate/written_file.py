"""Which file a render was just written to: of a still Blender tells nobody, and names it otherwise than a frame.

A frame of an animation, and what `blender --frame` renders, has its number in its name, a still (`write_still`) has
none, not even where the path has a place for it. A still's ending is added where there is none, or another format's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

_FRAME = 1000  # any that has as many digits as Blender gives to a number, at the least


def written_file(render: Any, frame: int) -> Path:
    """Return the file of a frame that was written with the settings `render`; a path that may be none of a movie's."""
    numbered = Path(bpy.path.abspath(render.frame_path(frame=frame)))
    if render.is_movie_format:
        return numbered
    there = [path for path in (numbered, *_names_of_still(render)) if path.is_file()]
    return max(there, key=lambda path: path.stat().st_mtime_ns, default=numbered)


def _names_of_still(render: Any) -> list[Path]:
    expanded = render.frame_path(frame=_FRAME).rpartition(str(_FRAME))[0]  # Blender 5 knows placeholders
    paths = [Path(bpy.path.abspath(base)) for base in (render.filepath, expanded)]
    ending = render.file_extension
    named = [path for path in paths if path.name]
    return [each for path in named for each in (path, Path(f"{path}{ending}"), path.with_suffix(ending))]
