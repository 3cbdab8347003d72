"""A real server in a process of its own, the real client, and a document in memory: what serving is measured with."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from foveate_shared.connection.client import Client
from foveate_shared.connection.running_server import find_server
from foveate_shared.errors import to_exception
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.host import Image, Result, Snapshot
from foveate_shared.jobs.job_flow import JobProgress, JobState, Rerender
from foveate_shared.jobs.run_blocking import run_to_end
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import JsonObject, Peer

DETERMINISTIC = "foveate_server.engines.deterministic.engine:configured_spec"
REAL = "foveate_server.engines.engine_specs:suite_spec"
_START_SECONDS = 60
TIMED = "benchmarks.timed_engine:timed_spec"
Pixels = NDArray[np.uint8]  # (height, width, 3 or 4)


Connect = Callable[[str], Client]  # as an owner of this name


@contextlib.contextmanager
def serving(engine: str, **environment: str) -> Iterator[Client]:
    """Run a server as :func:`serving_owners` does; give a client."""
    with serving_owners(engine, **environment) as connect, connect("benchmark") as client:
        yield client


@contextlib.contextmanager
def serving_owners(engine: str, **environment: str) -> Iterator[Connect]:
    """Run `foveate serve` on a free port, in a folder that goes away; give what connects. Models are the usual ones."""
    with tempfile.TemporaryDirectory(prefix="foveate-benchmark-") as name:
        folder = Path(name)
        runtime_file = folder / "server.json"
        settings = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *_given_paths()]),  # for our engines
            "XDG_CONFIG_HOME": str(folder / "config"),
            "FOVEATE_DATA_DIR": str(folder / "data"),
            "FOVEATE_LOG_DIR": str(folder / "log"),
            "FOVEATE_RUNTIME_FILE": str(runtime_file),
            "FOVEATE_ENGINE": engine,
            **environment,
        }
        command = [sys.executable, "-m", "foveate_server", "serve", "--quiet", "--idle-exit-minutes", "1"]
        with subprocess.Popen(command, env=settings) as process:
            try:
                _wait_for(runtime_file, process)
                yield lambda owner: Client(find_server(runtime_file), owner, Peer("benchmark", "1"))
            finally:
                process.terminate()


def _given_paths() -> list[str]:
    """Return where Python is told to look besides; where Foveate is not installed, it is found there."""
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


def _wait_for(runtime_file: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not runtime_file.exists():
        assert server.poll() is None, "the server has ended"
        assert time.monotonic() < deadline, "the server does not start"
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.02)


@dataclass
class ArrayDocument:
    """A host whose document is an array; the result is kept, not painted."""

    pixels: Pixels
    reads: int = 0
    bytes_sent: int = 0
    result: Result | None = field(default=None, repr=False)

    @property
    def format(self) -> PixelFormat:
        """Return the layout of the array."""
        return PixelFormat(SampleType.U8, Channels.RGBA if self.pixels.shape[2] == 4 else Channels.RGB)

    @property
    def extent(self) -> Extent:
        """Return the size of the array."""
        return Extent(self.pixels.shape[1], self.pixels.shape[0])

    def freeze(self) -> Snapshot:
        """See host.Host."""
        return Snapshot(self.extent, self.format, selection=None, space="srgb")

    def read_pixels(self, bounds: Bounds, extent: Extent) -> Image:
        """See host.Host; always at the bounds' own size."""
        data = self.pixels[bounds.y : bounds.bottom, bounds.x : bounds.right].tobytes()
        self.reads += 1
        self.bytes_sent += len(data)
        return Image(bounds.extent, data, self.format)

    def read_coverage(self, bounds: Bounds, extent: Extent) -> Image:
        """Never called: nothing is selected."""
        raise NotImplementedError

    def is_unchanged(self) -> bool:
        """See host.Host."""
        return True

    def apply(self, result: Result) -> None:
        """Keep the result."""
        self.result = result

    def release(self) -> None:
        """Do nothing."""

    def assembled(self) -> Pixels:
        """Return the result as an array. Parts that no patch covers are 0."""
        assert self.result is not None
        extent = self.result.extent
        image = np.zeros((extent.height, extent.width, self.pixels.shape[2]), np.uint8)
        for patch in self.result.patches:
            area = patch.bounds
            pixels = np.frombuffer(patch.pixels.data, np.uint8).reshape(area.height, area.width, -1)
            image[area.y : area.bottom, area.x : area.right] = pixels
        return image


@dataclass(frozen=True)
class Timing:
    """One job: seconds from its submit on."""

    total: float  # until the result, whole and checked, was with the host, or the cancel was confirmed
    first_progress: float | None  # until the client was told of a first step
    started: float | None  # until it ran
    cancel: float | None  # of `total`: from the wish to cancel until the server's confirmation


def run_job(
    client: Client,
    document: ArrayDocument,
    operation: str,
    parameters: JsonObject,
    *,
    cancel_when: Callable[[JobProgress], bool] = lambda _: False,
) -> Timing:
    """Run a job as an editor does. Raises FoveateError where it fails."""
    flow = Rerender(client, document, operation, parameters)
    progress: list[float] = []
    started: list[float] = []
    cancel: list[float] = []

    def look(status: JobProgress) -> None:
        if status.state is JobState.RUNNING:
            started.append(time.perf_counter())
        if status.steps or status.fraction > 0:
            progress.append(time.perf_counter())

    def should_cancel() -> bool:
        if cancel_when(flow.status):
            cancel.append(time.perf_counter())
        return bool(cancel)

    start = time.perf_counter()
    flow.start()
    status = run_to_end(client, flow, on_status=look, should_cancel=should_cancel)
    end = time.perf_counter()
    if status.error:
        raise to_exception(status.error)
    assert status.state is (JobState.CANCELLED if cancel else JobState.DONE), status
    return Timing(
        end - start,
        progress[0] - start if progress else None,
        started[0] - start if started else None,
        end - cancel[0] if cancel else None,
    )
