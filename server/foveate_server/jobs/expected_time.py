"""How long a job will take once it runs: by what its plan costs, and by how fast jobs of its kind were here."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass

from foveate_server.models.catalog import CatalogModel
from foveate_server.operations.contract import JobRequest, Plan

_SMOOTHING = 0.3  # weight of the newest measurement


@dataclass(frozen=True)
class ExpectedTime:
    """What can be said of it."""

    seconds: float | None  # None: nobody knows
    is_measured: bool = False  # else it is what costs were recorded with: a processor's


class MeasuredPaces:
    """Seconds per unit of work, by operation and model. See operations.costs for the unit."""

    def __init__(self, of_packages: Collection[str]) -> None:
        """`of_packages` are the operations whose weights mean no seconds."""
        self._of_packages = of_packages
        self._paces: dict[Hashable, float] = {}
        self._usual: dict[str, float] = {}  # by model

    def know(self, model: CatalogModel) -> None:
        """Take what is usual for a model, as long as none of its jobs was timed."""
        self._usual[model.info.name] = model.usual_pace

    def measure(self, request: JobRequest, weight: float, seconds: float) -> None:
        """Take how long an item of a weight took; of one that weighs nothing no pace follows."""
        if weight <= 0:
            return
        pace, kind = seconds / weight, _kind(request)
        self._paces[kind] = pace + (1 - _SMOOTHING) * (self._paces.get(kind, pace) - pace)

    def seconds_of(self, request: JobRequest, work: float) -> float:
        """Return how long so much work of a job takes; as costs were recorded, where nothing was measured."""
        usual = self._usual.get(request.model.name, 1.0) if request.model else 1.0
        return work * self._paces.get(_kind(request), usual)

    def expect(self, request: JobRequest, plan: Plan) -> ExpectedTime:
        """Return how long a job will take that was just planned."""
        work, is_measured = plan.work, _kind(request) in self._paces
        if work is None or (not is_measured and request.operation in self._of_packages):
            return ExpectedTime(None)
        return ExpectedTime(self.seconds_of(request, work), is_measured)


def _kind(request: JobRequest) -> Hashable:
    return request.operation, request.model.name if request.model else None
