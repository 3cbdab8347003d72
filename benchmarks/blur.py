"""How well `imaging.blur` reads blur: synthetic Gaussian blur of real photos, with noise and JPEG on top.

    python -m benchmarks.blur [--photos FOLDER] [--output FILE]

The photos of scikit-image are always used; a folder of JPEG portraits adds more. Every photo is reduced to half
(large ones to a quarter as well), so that it is as sharp as its sampling before it is blurred; the blur to be read is
the applied one together with that of the sharp crops (0.55 pixels).
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage import data

from foveate_server.imaging.blur_estimate import estimate_blur
from foveate_server.imaging.samples import FloatArray

_BUILT_IN = ("astronaut", "chelsea", "coffee", "rocket")
_SIGMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0)
_SIDES = (24, 48, 96, 192)
_INTRINSIC = 0.55  # pixels: blur of a crop after area reduction
_LARGE = 800  # pixels: photos of at least this side are also reduced to a quarter


@dataclass(frozen=True)
class Damage:
    """What happens to a crop after the blur."""

    noise: float  # standard deviation, of full scale
    quality: int | None  # of JPEG

    def __str__(self) -> str:
        if self.quality:
            return f"JPEG {self.quality}"
        return f"noise {self.noise:g}" if self.noise else "clean"


_DAMAGES = (Damage(0, None), Damage(0.01, None), Damage(0.03, None), Damage(0, 90), Damage(0, 60))


@dataclass(frozen=True)
class Reading:
    """One crop and what was read from it."""

    side: int
    damage: Damage
    sigma: float  # applied
    read: float

    @property
    def truth(self) -> float:
        """Return the blur that the crop has."""
        return float(np.hypot(self.sigma, _INTRINSIC))

    @property
    def octaves(self) -> float:
        """Return by how many doublings the reading is off."""
        return abs(float(np.log2(self.read / self.truth)))


def photos(folder: Path | None) -> dict[str, NDArray[np.uint8]]:
    found = {name: getattr(data, name)() for name in _BUILT_IN}
    for path in sorted(folder.glob("*.jpg")) if folder else ():
        with Image.open(path) as image:
            found[path.stem] = np.asarray(image.convert("RGB"))
    return found


def sharp_crops(pictures: dict[str, NDArray[np.uint8]], side: int) -> Iterator[FloatArray]:
    """Yield two busy crops per photo and reduction; calm ones (sky) have no blur to be read."""
    random = np.random.default_rng(1)
    for picture in pictures.values():
        for reduction in (2, 4) if min(picture.shape[:2]) >= _LARGE else (2,):
            small = np.asarray(Image.fromarray(picture).reduce(reduction)).astype(np.float32) / np.float32(255)
            if min(small.shape[:2]) < side:
                continue
            for _ in range(2):
                yield max((random_crop(small, side, random) for _ in range(4)), key=busyness)


def random_crop(picture: FloatArray, side: int, random: np.random.Generator) -> FloatArray:
    top, left = (int(random.integers(0, length - side + 1)) for length in picture.shape[:2])
    return picture[top : top + side, left : left + side]


def busyness(crop: FloatArray) -> float:
    return float(np.abs(np.diff(crop, axis=0)).mean())


def damaged(crop: FloatArray, sigma: float, damage: Damage, random: np.random.Generator) -> FloatArray:
    soft = ndimage.gaussian_filter(crop, (sigma, sigma, 0), mode="reflect") if sigma else crop
    noise = random.normal(0, damage.noise, soft.shape).astype(np.float32) if damage.noise else np.float32(0)
    noisy = soft + noise
    pixels = np.rint(np.clip(noisy, 0, 1) * 255).astype(np.uint8)
    if damage.quality:
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "JPEG", quality=damage.quality)
        pixels = np.asarray(Image.open(stream))
    result: FloatArray = pixels.astype(np.float32) / np.float32(255)
    return result


def measure(pictures: dict[str, NDArray[np.uint8]]) -> list[Reading]:
    random = np.random.default_rng(0)
    return [
        Reading(side, damage, sigma, estimate_blur(damaged(crop, sigma, damage, random)))
        for side in _SIDES
        for crop in sharp_crops(pictures, side)
        for damage in _DAMAGES
        for sigma in _SIGMAS
    ]


def report(readings: list[Reading], names: list[str]) -> str:
    lines = [
        "# Reading blur from pixels alone",
        "",
        f"{len(readings)} crops of {len(names)} photos ({', '.join(names)}). Cells: median reading (10th to 90th",
        "percentile) in pixels; the blur to be read is the column's. Made by `python -m benchmarks.blur`.",
        "",
        "| crop, damage | " + " | ".join(f"{np.hypot(sigma, _INTRINSIC):.2f}" for sigma in _SIGMAS) + " |",
        "|---" * (len(_SIGMAS) + 1) + "|",
    ]
    for side in _SIDES:
        for damage in _DAMAGES:
            cells = [cell(readings, side, damage, sigma) for sigma in _SIGMAS]
            lines.append(f"| {side} px, {damage} | " + " | ".join(cells) + " |")
    lines += ["", "| crop | mean error, px | largest, px | mean, octaves | 95 %, octaves |", "|---|---|---|---|---|"]
    lines += [summary(readings, side) for side in _SIDES]
    lines += [
        "",
        "An octave is a factor of two. Crops with less than 0.9 px of blur are left out of the octaves: there, the",
        "reading is only asked to say that the crop is sharp. The two constants of the estimate were fitted to crops",
        "of these photos, and real blur is seldom Gaussian: expect somewhat more on others.",
    ]
    return "\n".join(lines) + "\n"


def cell(readings: list[Reading], side: int, damage: Damage, sigma: float) -> str:
    read = [r.read for r in readings if (r.side, r.damage, r.sigma) == (side, damage, sigma)]
    low, middle, high = np.percentile(read, [10, 50, 90])
    return f"{middle:.2f} ({low:.1f}-{high:.1f})"


def summary(readings: list[Reading], side: int) -> str:
    own = [r for r in readings if r.side == side]
    errors = [abs(r.read - r.truth) for r in own]
    octaves = [r.octaves for r in own if r.truth >= 0.9]
    return (
        f"| {side} px | {np.mean(errors):.2f} | {max(errors):.2f} "
        f"| {np.mean(octaves):.2f} | {np.percentile(octaves, 95):.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--photos", type=Path, help="a folder with more photos (*.jpg)")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/blur.md"))
    options = parser.parse_args()
    pictures = photos(options.photos)
    text = report(measure(pictures), list(pictures))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
