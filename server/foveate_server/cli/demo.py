"""`make demo`: the whole way on a real photo, with the real server, protocol and weights. Writes pictures to look at.

Everything goes through the command line, as a person would type it. The server is the demo's own: on a free port,
with its jobs in a temporary folder; only the models' cache is shared.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import save
from foveate_shared.errors import FoveateError, ResourceError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import Channels

FOLDER = Path("demo")
START_SECONDS = 60.0
REDUCTION = 0.75  # of the default photo: its face is then 75 pixels wide, as in a group photo
BLUR = 1.4  # sigma in pixels after that: slightly out of focus
REGION = 96  # side of the region that is enlarged in place
ZOOM = 3  # of the close-up in the side-by-side picture


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return the exit status."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("photo", nargs="?", type=Path)
    options = parser.parse_args(arguments)
    try:
        _run(options.photo)
    except FoveateError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    except subprocess.CalledProcessError:  # the command has said why
        return 1
    return 0


def _run(photo: Path | None) -> None:
    FOLDER.mkdir(exist_ok=True)
    before = FOLDER / "before.png"
    original = read_picture(photo) if photo else _default_photo()
    save(_plain(original), before)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="foveate-demo-") as folder, _server(Path(folder)) as environment:
        _say("The server is ready", began)
        faces = json.loads(_foveate(environment, "detect", before, "--json"))["faces"]
        focused, enlarged = FOLDER / "after-faces.png", FOLDER / "after-upscale.png"
        region = _region(original.extent, faces)
        steps: dict[str, list[str | Path]] = {
            f"Brought {len(faces)} face{'s' * (len(faces) != 1)} into focus": ["faces", before, focused, "--force"],
            "Enlarged a region in place": ["upscale", focused, enlarged, "--in-place", "--rect", region, "--force"],
            "Replayed the recipe of the faces": ["replay", focused],
        }
        for title, command in steps.items():
            began = time.monotonic()
            _foveate(environment, *command)
            _say(title, began)
    comparison = FOLDER / "side-by-side.png"
    save(_side_by_side(read_picture(before), read_picture(enlarged), faces), comparison)
    for path in (before, focused, enlarged, comparison):
        print(path.resolve())  # noqa: T201


def _default_photo() -> Picture:
    """Return a real photo with a real face, made small and soft as it is in a group photo."""
    try:
        from scipy import ndimage
        from skimage import data, transform
    except ModuleNotFoundError as error:
        raise ResourceError(
            f"The default photo comes with scikit-image, and {error.name} is not installed.",
            remedy="Use make demo, or name a photo of your own.",
        ) from error
    photo: Any = data.astronaut()  # type: ignore[no-untyped-call]
    side = round(len(photo) * REDUCTION)
    small = transform.resize(photo, (side, side), anti_aliasing=True)  # type: ignore[no-untyped-call]
    soft = ndimage.gaussian_filter(small, (BLUR, BLUR, 0))
    return Picture(np.rint(soft * 255).astype(np.uint8), Channels.RGB)


def _plain(picture: Picture) -> Picture:
    """Return a copy that a PNG can hold."""
    if picture.samples.dtype.kind == "f":
        raise ResourceError("The demo takes 8- and 16-bit photos.", remedy="Use `foveate faces` for this one.")
    return replace(picture, metadata=None)


def _region(extent: Extent, faces: list[dict[str, Any]]) -> str:
    """Return a region beside the first face (below its box), or the middle, for --rect."""
    center = extent.bounds
    if faces:
        x, y, width, height = faces[0]["box"]
        center = Bounds(round(x), round(y + 1.5 * height), round(width), round(height))
    bounds = center.resized_within(Extent(REGION, REGION), extent)
    return f"{bounds.x},{bounds.y},{bounds.width},{bounds.height}"


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[Mapping[str, str]]:
    """Run a server of our own; give the environment in which commands find it."""
    runtime = folder / "server.json"
    environment = {
        **os.environ,
        "FOVEATE_RUNTIME_FILE": str(runtime),
        "FOVEATE_DATA_DIR": str(folder / "data"),
        "FOVEATE_LOG_DIR": str(folder / "log"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "foveate_server", "serve", "--port", "0", "--quiet"], env=environment
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not runtime.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise ResourceError("The server did not start.", remedy="The lines above say why.")
            time.sleep(0.05)
        yield environment
    finally:
        process.terminate()
        process.wait()


def _foveate(environment: Mapping[str, str], *arguments: str | Path) -> str:
    command = [sys.executable, "-m", "foveate_server", *map(str, arguments)]
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def _side_by_side(before: Picture, after: Picture, faces: list[dict[str, Any]]) -> Picture:
    """Return both pictures beside each other, and below them the first face of both, enlarged."""
    rows = [_pair(before.samples, after.samples)]
    if faces:
        x, y, width, height = faces[0]["box"]
        box = Bounds.from_edges(x - width / 3, y - height / 3, x + width * 4 / 3, y + height * 4 / 3)
        box = box.clamp(before.extent)
        part = np.s_[box.y : box.bottom, box.x : box.right]
        close = _pair(_enlarged(before.samples[part]), _enlarged(after.samples[part]))
        rows.append(close)
    width = max(row.shape[1] for row in rows)
    padded = [np.pad(row, ((0, 8), (0, width - row.shape[1]), (0, 0))) for row in rows]
    return Picture(np.concatenate(padded), before.channels, icc=before.icc)


def _pair(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    gap = np.zeros((len(left), 8, left.shape[2]), left.dtype)
    return np.concatenate([left, gap, right], axis=1)


def _enlarged(samples: NDArray[Any]) -> NDArray[Any]:
    return samples.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)


def _say(what: str, began: float) -> None:
    print(f"{what}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
