from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from foveate_server.status.metrics import Metrics
from foveate_server.status.report import JobStatus, ServerStatus


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.render().decode("utf-8"))
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def test_what_happens_is_counted():
    metrics = Metrics()
    metrics.received(3)
    metrics.received(4)
    metrics.sent(5)
    metrics.item_ended("refocus", "done", 2.0)
    metrics.job_ended("refocus", "failed")
    found = samples(metrics)
    assert found["foveate_received_bytes_total", ()] == 7
    assert found["foveate_sent_bytes_total", ()] == 5
    assert found["foveate_item_seconds_sum", (("operation", "refocus"), ("status", "done"))] == 2.0
    assert found["foveate_jobs_ended_total", (("operation", "refocus"), ("state", "failed"))] == 1


def test_gauges_are_looked_up_at_each_scrape():
    metrics = Metrics()
    state = {"clients": 1}
    calls: list[int] = []

    def source() -> ServerStatus:
        calls.append(1)
        jobs = (JobStatus("a", "upscale", "local", "queued"), JobStatus("b", "upscale", "local", "running"))
        return ServerStatus(
            "1", 0.0, clients=state["clients"], jobs=jobs, job_counts={"done": 4}, worker_restarts=2, device_memory=9
        )

    metrics.watch(source)
    assert calls == []
    first = samples(metrics)
    state["clients"] = 6
    second = samples(metrics)
    assert (first["foveate_clients", ()], second["foveate_clients", ()]) == (1, 6)
    assert second["foveate_queue_length", ()] == 1
    assert second["foveate_jobs", (("state", "done"),)] == 4
    assert second["foveate_worker_restarts_total", ()] == 2
    assert second["foveate_device_memory_bytes", ()] == 9


def test_two_servers_in_one_process_do_not_meet():
    first, second = Metrics(), Metrics()
    first.received(1)
    assert samples(second)["foveate_received_bytes_total", ()] == 0


def test_unknown_device_memory_is_left_out():
    metrics = Metrics()
    metrics.watch(lambda: ServerStatus("1", 0.0))
    assert ("foveate_device_memory_bytes", ()) not in samples(metrics)
