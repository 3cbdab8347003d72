"""Prometheus metrics of one server, in a registry of their own: two servers in one process do not meet."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from foveate_server.status.report import ServerStatus, StatusSource

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)  # from a small crop on a GPU to a page on a CPU


class Metrics:
    """What the server counts. All methods are cheap and may be called from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._item_seconds = Histogram(
            "foveate_item_seconds",
            "Time that an item ran.",
            ("operation", "status"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._received = Counter("foveate_received_bytes", "Payload received from clients.", registry=self.registry)
        self._sent = Counter("foveate_sent_bytes", "Payload sent to clients.", registry=self.registry)
        self._ended = Counter("foveate_jobs_ended", "Jobs that ended.", ("operation", "state"), registry=self.registry)

    def watch(self, source: StatusSource) -> None:
        """Take the gauges (queue, clients, memory, disk, restarts) from `source` at each scrape. Call once."""
        self.registry.register(_StatusCollector(source))

    def item_ended(self, operation: str, status: str, seconds: float) -> None:
        """Count an item; `status` is that of its outcome. Both names must come from closed sets, never from clients."""
        self._item_seconds.labels(operation, status).observe(seconds)

    def job_ended(self, operation: str, state: str) -> None:
        """Count a job: "done", "failed" or "cancelled"."""
        self._ended.labels(operation, state).inc()

    def received(self, size: int) -> None:
        """Count `size` bytes of chunks from clients."""
        self._received.inc(size)

    def sent(self, size: int) -> None:
        """Count `size` bytes of chunks to clients."""
        self._sent.inc(size)

    def render(self) -> bytes:
        """Return everything in the text format of :data:`CONTENT_TYPE`."""
        return generate_latest(self.registry)


class _StatusCollector(Collector):
    """Gauges that are looked up when asked for, instead of kept in step at every change."""

    def __init__(self, source: StatusSource) -> None:
        self._source = source

    def describe(self) -> Iterator[Metric]:
        """Return nothing, so that registering does not ask the server for its status."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges as they are now."""
        status = self._source()
        jobs = GaugeMetricFamily("foveate_jobs", "Jobs that the spool holds, by state.", labels=("state",))
        for state, count in sorted(status.job_counts.items()):
            jobs.add_metric((state,), count)
        yield jobs
        yield CounterMetricFamily(
            "foveate_worker_restarts", "Workers that had to be replaced.", value=status.worker_restarts
        )
        for name, text, value in _gauges(status):
            yield GaugeMetricFamily(name, text, value=value)


def _gauges(status: ServerStatus) -> Iterator[tuple[str, str, float]]:
    yield "foveate_queue_length", "Jobs that wait for the device.", sum(job.state == "queued" for job in status.jobs)
    yield "foveate_clients", "Open connections.", status.clients
    yield "foveate_spool_bytes", "Disk that jobs and results take.", status.spool_bytes
    yield "foveate_spool_quota_bytes", "Disk that jobs and results may take.", status.spool_quota
    yield "foveate_started_seconds", "When the server started, since the epoch.", status.started
    if status.device_memory is not None:
        yield "foveate_device_memory_bytes", "Device memory that the worker holds.", status.device_memory
