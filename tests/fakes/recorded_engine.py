"""Engines that write down what they are asked and when they report, and one that spends that time again, by a clock.

A recording is the list of an operation's calls in their order. The replay gives back what the real engine found, makes
pictures by repeating pixels, and lets a clock of the test's own run as the real one did: before a call, at each report,
and to its end.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from fakes.progress_course import Course
from foveate_server.engines.deterministic.engine import DeterministicEngine, Options
from foveate_server.engines.diffusion_request import DiffusionFacts, Pictures, Sampling
from foveate_server.engines.values import Face, Pinned, Rendering, Strip
from foveate_server.json_records import from_json, to_json
from foveate_server.operations.contract import Item
from foveate_server.worker.keep_telling import TELL_SECONDS

APART = 0.25  # seconds, of two recorded reports of one stage and step
RECORDINGS = Path(__file__).parents[1] / "recordings" / "progress"


@dataclass(frozen=True)
class Report:
    """What an engine said."""

    seconds: float  # since the call began
    stage: str
    fraction: float
    step: int
    steps: int
    ready_in: float | None = None  # seconds, where nothing is computed until then


@dataclass(frozen=True)
class Call:
    """One call of an engine."""

    name: str
    extent: tuple[int, int]  # of the image
    before: float  # seconds since the call before it ended
    seconds: float
    reports: tuple[Report, ...]
    faces: tuple[Face, ...] = ()  # that were found
    scale: int = 1  # of the rendering


@dataclass(frozen=True)
class Recording:
    """All calls of a job."""

    calls: tuple[Call, ...]
    after: float  # seconds from the last call's end to the job's
    starting: float = 0.0  # seconds until there was an engine
    facts: DiffusionFacts | None = None  # of the checkpoint

    @property
    def seconds(self) -> float:
        return self.starting + sum(call.before + call.seconds for call in self.calls) + self.after

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(_rounded(to_json(self))) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, name: str) -> Recording:
        return from_json(cls, json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8")))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    return [_rounded(entry) for entry in value] if isinstance(value, list) else value


@dataclass
class _Listener:
    """A ticker that writes reports down and passes them on."""

    ticker: Any
    clock: Callable[[], float]
    began: float
    reports: list[Report] = field(default_factory=list)

    def check(self) -> None:
        self.ticker.check()

    def give_way(self) -> bool:
        return self.ticker.give_way()

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        report = Report(self.clock() - self.began, stage, fraction, step, steps)
        if self._says_more(report):
            self.reports.append(report)
        self.ticker.progress(stage, fraction, step, steps)

    def get_ready(self, stage: str, seconds: float) -> None:
        self.reports.append(Report(self.clock() - self.began, stage, 0.0, 0, 0, seconds))
        self.ticker.get_ready(stage, seconds)

    def _says_more(self, report: Report) -> bool:
        """Tell whether a report is more than one tick among many: recordings shall stay small."""
        last = self.reports[-1] if self.reports else None
        told = (report.stage, report.step, report.fraction == 1)
        return (
            last is None
            or (last.stage, last.step, last.fraction == 1) != told
            or report.seconds - last.seconds >= APART
        )

    def note(self, *arguments: Any, **options: Any) -> None:
        self.ticker.note(*arguments, **options)


class RecordingEngine:
    """Passes each call on to a real engine and writes down what happened."""

    def __init__(self, engine: Any, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock
        self._facts: DiffusionFacts | None = None
        self._ended = clock()  # the call before
        self.calls: list[Call] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def recording(self, starting: float) -> Recording:
        return Recording(tuple(self.calls), self._clock() - self._ended, starting, self._facts)

    def diffusion_facts(self, model: str | None) -> DiffusionFacts:
        self._facts = self._engine.diffusion_facts(model)
        return self._facts

    def upscale(self, image, model, *, ticker, strip: Strip | None = None, **options) -> Rendering:
        with_strip = {"strip": strip, **options}
        made = self._call(
            "upscale", image, lambda told: self._engine.upscale(image, model, ticker=told, **with_strip), ticker
        )
        self.calls[-1] = replace(self.calls[-1], scale=made.scale)
        return made

    def detect(self, detector, image, *, ticker, **options) -> list[Face]:
        found = self._call(
            "detect", image, lambda told: self._engine.detect(detector, image, ticker=told, **options), ticker
        )
        self.calls[-1] = replace(self.calls[-1], faces=tuple(found))
        return found

    def diffuse(self, request, *, ticker, preview=None):
        made = self._call(
            "diffuse", request.image, lambda told: self._engine.diffuse(request, ticker=told, preview=preview), ticker
        )
        # Random weights make noise, in which the gate finds no face: what follows shall be as with trained ones.
        return replace(made, images=(request.image,) * len(made.images))

    def _call(self, name: str, image: np.ndarray, run: Callable[[Any], Any], ticker: Any) -> Any:
        began = self._clock()
        listener = _Listener(ticker, self._clock, began)
        made = run(listener)
        ended = self._clock()
        extent = (image.shape[1], image.shape[0])
        self.calls.append(Call(name, extent, began - self._ended, ended - began, tuple(listener.reports)))
        self._ended = ended
        return made


@dataclass
class Hands:
    """A clock that runs when it is told to."""

    now: float = 0.0  # seconds

    def __call__(self) -> float:
        return self.now


class ReplayingEngine(DeterministicEngine):
    """Spends on each call what the recording says, by `hands`, and reports as was reported then."""

    def __init__(self, recording: Recording, hands: Hands) -> None:
        super().__init__(Options())
        self._hands, self._facts = hands, recording.facts
        self._waiting = list(recording.calls)

    @property
    def is_at_end(self) -> bool:
        return not self._waiting

    def upscale(self, image, model, *, exact, pinned, ticker, face=None, strip=None) -> Rendering:
        call = self._replay("upscale", image, ticker)
        wanted = (strip or Strip.whole(image)).wanted
        part = image[wanted.y : wanted.bottom, wanted.x : wanted.right]
        large = part.repeat(call.scale, axis=0).repeat(call.scale, axis=1)
        name = {"name": "recorded", "sha256": hashlib.sha256(b"recorded").hexdigest()}
        return Rendering(large, call.scale, name, "cpu: recorded", Pinned("float32", 64, 1))

    def model_scale(self, model) -> int:
        return 4

    def detect(self, detector, image, *, min_score, ticker) -> list[Face]:
        return list(self._replay("detect", image, ticker).faces)

    def diffuse(self, request, *, ticker, preview=None):
        self._replay("diffuse", request.image, ticker)
        images = tuple(request.image for _ in request.seeds)
        return Pictures(images, self._facts, Sampling(1, 1.0, "recorded"), "cpu: recorded", Pinned("float32", None, 1))

    def diffusion_facts(self, model) -> DiffusionFacts:
        return self._facts

    def _replay(self, name: str, image: np.ndarray, ticker: Any) -> Call:
        asked = (name, (image.shape[1], image.shape[0]))
        call = self._waiting.pop(0) if self._waiting else None
        if call is None or (call.name, call.extent) != asked:
            raise AssertionError(f"{asked} was not recorded: see benchmarks/record_progress.py")
        self._hands.now += call.before
        began = self._hands.now
        for report in call.reports:
            self._hands.now = began + report.seconds
            if report.ready_in is None:
                ticker.progress(report.stage, report.fraction, report.step, report.steps)
            else:
                ticker.get_ready(report.stage, report.ready_in)
        self._hands.now = began + call.seconds
        return call


@dataclass
class ReplayedCourse(Course):
    """A course that begins, as in a worker that has no engine yet, with as long a start as was recorded."""

    hands: Hands = field(default_factory=Hands)
    starting: float = 0.0  # seconds
    expected: float = 0.0  # likewise: what the server takes it for

    @classmethod
    def of(cls, recording: Recording, hands: Hands, expected: float) -> ReplayedCourse:
        return cls(hands, hands=hands, starting=recording.starting, expected=expected)

    def start(self, item: Item) -> None:
        super().start(item)
        if self.told or not self.starting:
            return
        self.get_ready(item, self.expected)
        while self.hands.now < self.starting:
            self.hands.now = min(self.starting, self.hands.now + TELL_SECONDS)
            self.report(item, 0.0, 0, 0)
