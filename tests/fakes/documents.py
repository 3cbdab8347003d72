"""Runs an operation's items in this process, as server and client would, on a document in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fakes.models import MODELS
from fakes.progress_course import Course
from foveate_server.imaging import composite, samples
from foveate_server.jobs.recipe import merge
from foveate_server.operations.contract import Item, JobRequest, Plan, WindowData
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.registry import operations
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import Channels, PixelFormat, RowOrder, SampleType
from foveate_shared.wire.protocol import JsonObject, ModelInfo, Outcome, Selection, WindowRequest

RGB8 = PixelFormat(SampleType.U8, Channels.RGB)


@dataclass
class MemoryDocument:
    """A document in its own layout. `image` is (height, width, channels), top row first, whatever the format says."""

    image: np.ndarray
    format: PixelFormat = RGB8
    space: str | None = "srgb"
    icc: bytes | None = None
    selection: Selection | None = None
    coverage: np.ndarray | None = None  # (height, width) of the document
    safety: str = "off"
    oversend: bool = False  # send windows at their own scale where less was asked for
    models: Sequence[ModelInfo] = MODELS  # that a job may name

    @property
    def extent(self) -> Extent:
        return Extent(self.image.shape[1], self.image.shape[0])

    def request(self, operation: str, **parameters) -> JobRequest:
        model = next((each for each in self.models if each.name == parameters.get("model")), None)
        return JobRequest(
            operation, parameters, self.extent, self.format, self.space, self.icc, self.selection, model, self.safety
        )

    def window(self, asked: WindowRequest) -> WindowData:
        assert self.extent.bounds.contains(asked.bounds)
        assert not asked.bounds.is_empty
        assert asked.extent.width <= asked.bounds.width
        part = cut(self.image, asked.bounds)
        coverage = None
        if asked.coverage:
            assert self.coverage is not None
            coverage = cut(self.coverage, asked.bounds)
        extent = asked.bounds.extent if self.oversend else asked.extent
        if extent != asked.bounds.extent:
            rows = (np.arange(extent.height) + 0.5) * asked.bounds.height / extent.height
            columns = (np.arange(extent.width) + 0.5) * asked.bounds.width / extent.width
            seen = np.ix_(rows.astype(int), columns.astype(int))
            part, coverage = part[seen], None if coverage is None else coverage[seen]
        return WindowData(asked.bounds, extent, memoryview(self.pack(part)), coverage)

    def pack(self, part: np.ndarray) -> bytes:
        return (part[::-1] if self.format.rows is RowOrder.BOTTOM_UP else part).tobytes()


@dataclass
class Patch:
    item: str
    bounds: Bounds
    pixels: np.ndarray  # (height, width, channels), top row first
    coverage: np.ndarray | None


@dataclass
class Run:
    """What a job gave."""

    plan: Plan
    patches: list[Patch] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    recipe: JsonObject = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    previews: list[tuple[Bounds, np.ndarray]] = field(default_factory=list)

    def outcome(self, item: str) -> Outcome:
        return next(outcome for outcome in self.outcomes if outcome.item == item)

    def applied_to(self, document: MemoryDocument) -> np.ndarray:
        """Return the result as a client makes it: the changed document, or the new image."""
        if self.plan.frame == "document":
            result = document.image.copy()
        else:
            shape = (self.plan.extent.height, self.plan.extent.width, document.image.shape[2])
            result = np.zeros(shape, document.image.dtype)
        for patch in self.patches:
            composite.apply_patch(result, patch.bounds, patch.pixels, patch.coverage)
        return result


@dataclass
class RecordingContext:
    """operations.contract.Context for one item, with the wire's rules."""

    run: Run
    document: MemoryDocument
    item: Item
    course: Course

    def check(self) -> None:
        pass

    def give_way(self) -> bool:
        return False

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        assert stage
        assert -1e-6 <= fraction <= 1 + 1e-6
        self.course.report(self.item, fraction, step, steps)

    def get_ready(self, stage: str, seconds: float) -> None:
        assert stage
        self.course.get_ready(self.item, seconds)

    def weigh(self, weight: float) -> None:
        assert weight > 0
        self.course.counter.weigh(self.item.id, weight)

    def note(self, text: str) -> None:
        self.run.notes.append(text)

    def preview(self, bounds, pixels) -> None:
        assert self.run.plan.extent.bounds.contains(bounds)
        assert pixels.dtype == np.uint8
        assert pixels.ndim == 3
        height, width = pixels.shape[:2]
        stretched = abs(width * bounds.height - height * bounds.width)  # 0 where the proportions are the same
        assert stretched <= max(0.1 * height * bounds.width, bounds.width, bounds.height)  # or within a pixel
        self.run.previews.append((bounds, pixels))

    def patch(self, bounds: Bounds, pixels, coverage) -> None:
        assert self.run.plan.extent.bounds.contains(bounds)
        array = samples.view(bytes(pixels), self.document.format, bounds.extent).copy()
        plane = None
        if coverage is not None:
            dtype = {1: "u1", 2: "<u2", 4: "<f4"}[len(coverage) // bounds.area]
            plane = np.frombuffer(coverage, dtype).reshape(bounds.height, bounds.width)
        self.run.patches.append(Patch(self.item.id, bounds, array, plane))


def run_job(document: MemoryDocument, engine, operation: str, *, course: Course | None = None, **parameters) -> Run:
    """Plan and run all items, those that follow from others too, in the order of their birth; `course` counts them."""
    request = document.request(operation, **parameters)
    table = operations()
    parameters = table[operation].parameters.parse(request.parameters)
    plan = table[operation].plan(request, parameters)
    run = Run(plan)
    waiting = deque(plan.items)
    course = course or Course(lambda: 0.0)
    course.counter.add(plan.items)
    while waiting:
        item = waiting.popleft()
        course.start(item)
        windows = {asked.id: document.window(asked) for asked in item.windows}
        context = RecordingContext(run, document, item, course)
        result = table[operation].run(ItemRun(request, parameters, item, windows, engine, context))
        assert result.outcome.item == item.id
        assert item.id not in {other.id for other in run.items}
        course.ended(result)
        run.items.append(item)
        run.outcomes.append(result.outcome)
        run.recipe = merge(run.recipe, result.recipe)
        waiting.extend(result.next_items)
    return run


def cut(image: np.ndarray, bounds: Bounds) -> np.ndarray:
    return image[bounds.y : bounds.bottom, bounds.x : bounds.right]
