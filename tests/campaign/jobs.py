"""The jobs that are disturbed, and what each gives when it is not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from fakes.pictures import scene
from foveate_server.cli.document import PictureDocument
from foveate_server.cli.region import Region
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.write import save
from foveate_shared.connection.client import Client
from foveate_shared.geometry import Bounds
from foveate_shared.jobs.job_flow import JobState, Rerender
from foveate_shared.jobs.run_blocking import run_to_end
from foveate_shared.pixels import Channels, SampleType
from foveate_shared.wire.protocol import Selection

PATIENCE = 300.0  # seconds without a server
SIDE = 160  # pixels


@dataclass(frozen=True)
class DisturbedJob:
    """One job, as the protocol and as the command line name it."""

    operation: str
    dtype: SampleType = SampleType.U8
    channels: Channels = Channels.RGB
    rect: Bounds | None = None
    parameters: dict[str, Any] = field(default_factory=dict, hash=False)
    side: int = SIDE

    @property
    def picture(self) -> Picture:
        made = scene(self.dtype, self.channels, self.side)
        return replace(made, space="gray-srgb") if self.channels.is_gray else made

    @property
    def region(self) -> Region:
        return Region(Selection(self.rect) if self.rect else None)

    def arguments(self, before: Path, after: Path) -> list[str]:
        """Return the command; writes its picture to `before`."""
        save(self.picture, before)
        place = ["--rect", f"{self.rect.x},{self.rect.y},{self.rect.width},{self.rect.height}"] if self.rect else []
        options = [argument for name, value in self.parameters.items() for argument in _option(name, value)]
        return [self.operation, str(before), str(after), *place, *options, "--quiet"]

    @property
    def suffix(self) -> str:
        """Return the ending of a file that holds its samples as they are."""
        return ".exr" if self.dtype.is_float else ".png"

    def run(self, client: Client) -> Ended:
        """Run it to its end, whatever happens on the way."""
        kept: list[Picture] = []
        document = PictureDocument(self.picture, self.region, lambda made, _: kept.append(made))
        flow = Rerender(client, document, self.operation, self.parameters)
        flow.start()
        status = run_to_end(client, flow, patience=PATIENCE, is_reached=True)  # it may die before it greets
        said = f"{status.error.code.value}: {status.error.message}" if status.error else ""
        return Ended(status.state, kept[0].samples if kept else None, said)


@dataclass(frozen=True)
class Ended:
    """How a job has ended."""

    state: JobState
    samples: np.ndarray | None
    said: str = ""

    def problem(self, expected: np.ndarray) -> str:
        """Return what is wrong compared with the samples of the undisturbed job; nothing where nothing is."""
        if self.state is not JobState.DONE:
            return f"{self.state.value}: {self.said}"
        if self.samples is None:
            return "done without a picture"
        if self.samples.dtype != expected.dtype or self.samples.shape != expected.shape:
            return f"{self.samples.dtype} {self.samples.shape} instead of {expected.dtype} {expected.shape}"
        differing = int((self.samples != expected).sum())
        return f"{differing} samples differ" if differing else ""


def _option(name: str, value: Any) -> list[str]:
    if name == "target":
        return ["--in-place" if value == "document" else "--as-new"]
    return [_OPTIONS.get(name, f"--{name}"), str(value)]


_OPTIONS = {"num_inference_steps": "--steps"}


_PLACE = Bounds(24, 32, 96, 88)

EXACT_JOBS = (
    DisturbedJob("refocus", rect=_PLACE),
    DisturbedJob("refocus", SampleType.U16, Channels.RGBA, _PLACE),
    DisturbedJob("refocus", SampleType.F32, rect=Bounds(0, 0, 150, 150), parameters={"strength": 0.5}),
    DisturbedJob("upscale", parameters={"scale": 2, "target": "new"}),
    DisturbedJob("upscale", SampleType.U16, parameters={"scale": 4, "target": "new"}, side=240),
    DisturbedJob("upscale", SampleType.F16, Channels.Y, _PLACE, {"scale": 3, "target": "new"}),
    DisturbedJob("upscale", rect=_PLACE, parameters={"target": "document"}),
)
REAL_JOBS = (
    DisturbedJob("upscale", parameters={"scale": 2, "target": "new", "model": "realesr-animevideov3"}, side=120),
    DisturbedJob("refocus", rect=Bounds(16, 16, 48, 40), parameters={"model": "realesr-animevideov3"}, side=96),
    DisturbedJob(
        "refocus",
        rect=Bounds(16, 16, 48, 40),
        parameters={"model": "tiny", "seed": 5, "num_inference_steps": 6, "strength": 0.6},
        side=96,
    ),
    DisturbedJob(
        "fill",
        rect=Bounds(16, 16, 48, 40),
        parameters={"model": "tiny", "seed": 5, "num_inference_steps": 6, "strength": 0.9},
        side=96,
    ),
)


def choose(random: Random, jobs: tuple[DisturbedJob, ...]) -> DisturbedJob:
    """Return one of `jobs`."""
    return jobs[random.randrange(len(jobs))]
