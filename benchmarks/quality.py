"""How well the operation `faces` restores: real photos of faces, damaged in known ways, against their sharp originals.

    python -m benchmarks.quality [--photos FOLDER] [--output FOLDER]

The astronaut of scikit-image is always used; a folder of portraits adds more, such as tests/test_images in the source
archive of face_recognition 1.3.0. Each is reduced until its largest face has the size that is wanted, so that it is as
sharp as its sampling, then damaged, then given to the operation with the real weights.
Writes quality.md, and quality-worst.jpg with the ten worst: sharp, damaged, result.
"""

from __future__ import annotations

import argparse
import io
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage
from skimage import data
from skimage.metrics import structural_similarity

from foveate_server.config.server_config import load_config
from foveate_server.engines.combined import create
from foveate_server.engines.contract import Engine
from foveate_server.engines.detection.faces import FACES
from foveate_server.engines.values import Face
from foveate_server.imaging import composite, samples
from foveate_server.operations.contract import JobRequest, WindowData
from foveate_server.operations.faces import Faces
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.single_face.identity_gate import size_of
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import Outcome

Picture = NDArray[np.uint8]  # (height, width, 3)

_FORMAT = PixelFormat(SampleType.U8, Channels.RGB)
_FACELESS = ("coffee", "chelsea", "rocket", "coins", "brick", "grass", "gravel", "moon", "text", "page", "horse",
             "cell", "retina", "hubble_deep_field", "immunohistochemistry", "clock", "logo", "colorwheel")  # fmt: skip
_SURROUNDINGS = 2.4  # sides of the picture, in heights of its face
_WORSE_PSNR = 0.5  # dB: a result further from the original by more is worse than its input
_SAME_PSNR = 40.0  # dB: nobody sees differences beyond it, so it counts as equal
_WORSE_SHIFT = 0.03  # sizes of the face: likewise, for the landmarks
_ROW = 160  # pixels of a picture in the contact sheet
_THREADS = 2


@dataclass(frozen=True)
class Damage:
    """What happens to a sharp picture."""

    blur: float = 0.0  # sigma of a Gaussian, pixels
    reduction: int = 1  # reduced so many times, and enlarged again
    noise: float = 0.0  # standard deviation, of full scale
    quality: int | None = None  # of JPEG
    face: int = 100  # pixels, height of the face

    def __str__(self) -> str:
        parts = [f"{self.face} px"]
        parts += [f"blur {self.blur:g}"] * (self.blur > 0) + [f"reduced {self.reduction}"] * (self.reduction > 1)
        parts += [f"noise {self.noise:g}"] * (self.noise > 0) + [f"JPEG {self.quality}"] * (self.quality is not None)
        return ", ".join(parts) if len(parts) > 1 else f"{parts[0]}, none"


_DAMAGES = (
    Damage(), Damage(blur=1), Damage(blur=2), Damage(blur=2.5), Damage(blur=3), Damage(blur=4), Damage(blur=6),
    Damage(blur=1.5, noise=0.03), Damage(blur=1, quality=30), Damage(reduction=3),
    Damage(face=48, blur=1), Damage(face=48, blur=2), Damage(face=24, blur=0.7),
)  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """One damaged picture and what became of it."""

    photo: str
    damage: Damage
    sharp: Picture
    damaged: Picture
    result: Picture
    outcome: Outcome | None  # of the face's item; None where no face was found
    psnr: tuple[float, float]  # dB to the sharp face, before and after
    ssim: tuple[float, float]
    shift: tuple[float | None, float | None]  # of the landmarks from the sharp face's, in its sizes
    seconds: float

    @property
    def status(self) -> str:
        """Return how the face's item ended."""
        return "not found" if self.outcome is None else self.outcome.status

    @property
    def is_worse(self) -> bool:
        """Tell whether the face came out worse than it went in."""
        before, after = self.shift
        moved = before is not None and (after is None or after > before + _WORSE_SHIFT)
        return self.psnr[1] < self.psnr[0] - _WORSE_PSNR or moved

    @property
    def gain(self) -> float:
        """Return by how much the face came nearer to its original, in dB."""
        return self.psnr[1] - self.psnr[0]


@dataclass
class _Context:
    """Applies patches to a copy of the picture."""

    image: Picture

    def check(self) -> None:
        pass

    def give_way(self) -> bool:
        return False

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        pass

    def note(self, text: str) -> None:
        print("note:", text)

    def preview(self, bounds: Bounds, pixels: Picture) -> None:
        pass

    def patch(self, bounds: Bounds, pixels: bytes | memoryview, coverage: bytes | memoryview | None) -> None:
        new = samples.view(pixels, _FORMAT, bounds.extent)
        plane = None if coverage is None else np.frombuffer(coverage, np.uint8).reshape(bounds.height, bounds.width)
        composite.apply_patch(self.image, bounds, new, plane)


@dataclass
class Bench:
    """Runs trials with one engine."""

    engine: Engine
    trials: list[Trial] = field(default_factory=list)

    def faces(self, image: Picture, *, min_score: float = 0.5) -> list[Face]:
        """Return the faces in a picture."""
        context = _Context(image)
        return self.engine.detect(FACES, image.astype(np.float32) / 255, min_score=min_score, ticker=context)

    def run(self, image: Picture) -> tuple[Picture, list[Outcome]]:
        """Return what the operation makes of a picture."""
        operation, context = Faces(), _Context(image.copy())
        extent = Extent(image.shape[1], image.shape[0])
        request = JobRequest("faces", {"strength": 1, "min_score": 0.4}, extent, _FORMAT, "srgb", None, None)
        parameters = operation.parameters.parse(request.parameters)
        waiting, outcomes = deque(operation.plan(request, parameters).items), []
        while waiting:
            item = waiting.popleft()
            windows = {}
            for asked in item.windows:
                part = image[asked.bounds.y : asked.bounds.bottom, asked.bounds.x : asked.bounds.right]
                windows[asked.id] = WindowData(asked.bounds, asked.bounds.extent, memoryview(part.tobytes()), None)
            result = operation.run(ItemRun(request, parameters, item, windows, self.engine, context))
            outcomes.append(result.outcome)
            waiting.extend(result.next_items)
        return context.image, outcomes

    def attempt(self, name: str, sharp: Picture, damage: Damage) -> None:
        """Damage a picture, restore it and measure."""
        truth = max(self.faces(sharp, min_score=0.3), key=size_of, default=None)
        if truth is None:
            print(f"{name}: no face in the sharp picture at {damage.face} px")
            return
        damaged = spoil(sharp, damage)
        start = time.perf_counter()
        result, outcomes = self.run(damaged)
        seconds = time.perf_counter() - start
        box = _bounds(truth, sharp)
        pictures = damaged, result
        self.trials.append(
            Trial(
                name, damage, sharp, damaged, result, next(iter(outcomes[1:]), None),
                (psnr(sharp, damaged, box), psnr(sharp, result, box)),
                (ssim(sharp, damaged, box), ssim(sharp, result, box)),
                (self._shift(truth, pictures[0]), self._shift(truth, pictures[1])), seconds,
            )
        )  # fmt: skip
        print(row(self.trials[-1]), flush=True)

    def _shift(self, truth: Face, image: Picture) -> float | None:
        found = self.faces(image, min_score=0.25)
        distances = [np.linalg.norm(np.subtract(face.landmarks, truth.landmarks), axis=1).mean() for face in found]
        return float(min(distances)) / size_of(truth) if distances else None


def spoil(sharp: Picture, damage: Damage) -> Picture:
    """Return a damaged copy."""
    image = ndimage.gaussian_filter(sharp.astype(np.float32), (damage.blur, damage.blur, 0)) if damage.blur else sharp
    image = image.astype(np.float32)
    if damage.reduction > 1:
        size = image.shape[1::-1]  # the borders stay where they are, also where the reduction is not whole
        reduced = (round(size[0] / damage.reduction), round(size[1] / damage.reduction))
        small = Image.fromarray(_to_u8(image)).resize(reduced, Image.Resampling.BOX)
        image = np.asarray(small.resize(size, Image.Resampling.BICUBIC), np.float32)
    image = image + np.random.default_rng(0).normal(0, 255 * damage.noise, image.shape) * (damage.noise > 0)
    if damage.quality is None:
        return _to_u8(image)
    buffer = io.BytesIO()
    Image.fromarray(_to_u8(image)).save(buffer, "JPEG", quality=damage.quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def portraits(folder: Path | None) -> Iterator[tuple[str, Picture]]:
    yield "astronaut", data.astronaut()
    paths = [] if folder is None else sorted(p for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".png"))
    for path in paths:
        with Image.open(path) as image:
            yield path.stem, np.asarray(image.convert("RGB"))


def around_face(photo: Picture, face: Face, height: int) -> Picture:
    """Return a square part of a photo around a face, reduced until the face is `height` pixels high."""
    x, y, width, tall = face.box
    side = tall * _SURROUNDINGS
    extent = Extent(photo.shape[1], photo.shape[0])
    wanted = Bounds.from_edges(x, y, x + width, y + tall).resized_within(Extent(round(side), round(side)), extent)
    part = Image.fromarray(photo[wanted.y : wanted.bottom, wanted.x : wanted.right])
    size = wanted.extent.scaled(height / tall)
    return np.asarray(part.resize((size.width, size.height), Image.Resampling.LANCZOS))


def psnr(a: Picture, b: Picture, box: Bounds) -> float:
    difference = _cut(a, box).astype(float) - _cut(b, box)
    error = max(float((difference**2).mean()), 1e-9)
    return min(_SAME_PSNR, float(10 * np.log10(255**2 / error)))


def ssim(a: Picture, b: Picture, box: Bounds) -> float:
    return float(structural_similarity(_cut(a, box), _cut(b, box), channel_axis=2, win_size=7))


def false_positives(bench: Bench) -> tuple[int, list[str]]:
    """Return how many pictures without faces there are, and in which of them one was found."""
    pictures = {name: _rgb(getattr(data, name)()) for name in _FACELESS if _is_at_hand(name)}
    return len(pictures), [name for name, image in pictures.items() if bench.faces(image)]


_HEADER = (
    "| photo | damage | outcome | blur read | reduction | strength | PSNR before | after "
    "| SSIM before | after | shift before | after | s |"
)


def report(trials: Sequence[Trial], faceless: tuple[int, list[str]]) -> str:
    """Return the results as Markdown."""
    worse = [trial for trial in trials if trial.is_worse]
    done = [trial for trial in trials if trial.status == "done"]
    kept, lost = (sum(trial.status == status for trial in trials) for status in ("kept", "not found"))
    count, found = faceless
    names = "; ".join(f"{trial.photo} ({trial.damage})" for trial in worse) or "none"
    gains = (_mean(trial.gain for trial in done), _mean(trial.ssim[1] - trial.ssim[0] for trial in done))
    lines = [
        "# Quality of restored faces",
        "",
        f"`python -m benchmarks.quality`: {len(trials)} damaged faces of {len({t.photo for t in trials})} photos, "
        "Real-ESRGAN x4plus in bfloat16 on a CPU.",
        "",
        f"- {len(done)} restored, {kept} kept as they were (with a sentence), {lost} not found by the detector.",
        f"- Worse than they went in (over {_WORSE_PSNR:g} dB further from the sharp original, or landmarks over "
        f"{_WORSE_SHIFT:.0%} of the face's size further off): **{len(worse)} of {len(trials)}**: {names}.",
        f"- Restored faces gained {gains[0]:+.2f} dB and {gains[1]:+.3f} SSIM on the mean.",
        f"- Faces found in {count} pictures without any: **{len(found)}** {', '.join(found)}",
        "",
        "PSNR and SSIM are those of the face's box against the sharp original; the shift is the mean distance of the",
        "landmarks from the sharp original's, in sizes of the face. `quality-worst.jpg` shows the ten with the least",
        "gain: sharp, damaged, result.",
        "",
        _HEADER,
        "|---" * _HEADER.count(" |") + "|",
        *(row(trial) for trial in trials),
    ]
    return "\n".join(lines) + "\n"


def row(trial: Trial) -> str:
    facts = trial.outcome.data if trial.outcome else {}
    cells = [
        trial.photo,
        str(trial.damage),
        trial.status,
        *(_number(facts.get(k)) for k in ("blur", "reduction", "strength")),
    ]
    cells += [f"{value:.2f}" for value in trial.psnr] + [f"{value:.3f}" for value in trial.ssim]
    cells += [_number(value, 3) for value in trial.shift] + [f"{trial.seconds:.1f}"]
    return f"| {' | '.join(cells)} |"


def contact_sheet(trials: Sequence[Trial]) -> Image.Image:
    """Return the trials below each other, two to a row: sharp, damaged, result."""
    width, height = 3 * _ROW + 8, _ROW + 16
    sheet = Image.new("RGB", (2 * width, height * -(-len(trials) // 2)), "white")
    draw = ImageDraw.Draw(sheet)
    for index, trial in enumerate(trials):
        left, top = index % 2 * width, index // 2 * height
        label = f"{trial.photo}: {trial.damage}; {trial.status}, {trial.gain:+.2f} dB"
        draw.text((left + 2, top + 2), label, fill="black")
        for column, picture in enumerate((trial.sharp, trial.damaged, trial.result)):
            image = Image.fromarray(picture).resize((_ROW, _ROW), Image.Resampling.BICUBIC)
            sheet.paste(image, (left + column * _ROW, top + 16))
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, help="a folder of portraits, one face each")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    models_dir = load_config(environment=os.environ).cache_dir
    bench = Bench(create({"models_dir": str(models_dir), "device": "cpu", "threads": _THREADS}))
    for name, photo in portraits(arguments.photos):
        face = max(bench.faces(photo), key=size_of)
        for damage in _DAMAGES:
            bench.attempt(name, around_face(photo, face, damage.face), damage)
    touched = sorted((t for t in bench.trials if t.status == "done"), key=lambda trial: trial.gain)
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "quality.md").write_text(report(bench.trials, false_positives(bench)), encoding="utf-8")
    contact_sheet(touched[:10]).save(arguments.output / "quality-worst.jpg", quality=90)


def _bounds(face: Face, image: Picture) -> Bounds:
    x, y, width, height = face.box
    return Bounds.from_edges(x, y, x + width, y + height).clamp(Extent(image.shape[1], image.shape[0]))


def _cut(image: Picture, box: Bounds) -> Picture:
    return image[box.y : box.bottom, box.x : box.right]


def _to_u8(image: NDArray[np.float32] | Picture) -> Picture:
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _rgb(image: NDArray[np.generic]) -> Picture:
    gray = np.asarray(image).astype(np.uint8) * np.uint8(255 if image.dtype == bool else 1)
    return np.stack([gray] * 3, axis=-1) if gray.ndim == 2 else np.ascontiguousarray(gray[..., :3])


def _is_at_hand(name: str) -> bool:
    """Tell whether scikit-image carries a picture; others it would have to fetch."""
    try:
        getattr(data, name)()
    except Exception as error:
        print(f"{name} is left out: {error}")
        return False
    return True


def _number(value: object, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if isinstance(value, int | float) else "-"


def _mean(values: Iterable[float]) -> float:
    return float(np.mean([*values, 0.0][:-1] or [0.0]))


if __name__ == "__main__":
    main()
