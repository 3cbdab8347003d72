"""What the server says about the plugin's jobs, and waiting for it."""

from __future__ import annotations

from pathlib import Path

from foveate_shared.connection.client import Client, Delivery
from foveate_shared.connection.running_server import find_server
from foveate_shared.connection.settings import load
from foveate_shared.wire.protocol import Jobs, JobSummary, Peer
from hosts.lib.servers import Server
from hosts.lib.waiting import wait_until


def jobs_of(settings: Path, server: Server) -> list[JobSummary]:
    """Return what the server says about the plugin's jobs."""
    with Client(find_server(server.runtime_file), load(settings).client_id, Peer("test", "1")) as client:
        request = client.list_jobs()
        found = []

        def answered():
            client.wait(0.1)
            found.extend(
                event.message.jobs
                for event in client.poll()
                if isinstance(event, Delivery) and isinstance(event.message, Jobs) and event.message.request == request
            )
            return bool(found)

        wait_until(answered, 30, "the list of jobs")
        return list(found[0])


def until_running(settings: Path, server: Server) -> None:
    """Wait until one of the plugin's jobs runs."""
    wait_until(lambda: any(job.state == "running" for job in jobs_of(settings, server)), 60, "a running job")


def until_forgotten(settings: Path, server: Server) -> None:
    """Wait until the server has nothing of the plugin's any more."""
    wait_until(lambda: not jobs_of(settings, server), 60, "the server to forget the job")
