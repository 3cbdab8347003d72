"""How soon who has a token gets in, while strangers come without end; and a job beside huge plans of others.

    python -m benchmarks.door [flood] [plan] [--repeat N] [--strangers N]

A server process and the shared client on the loopback interface. Strangers are processes that connect as fast as they
can, and compete with the server for the cores. Prints Markdown.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import socket
import statistics
import struct
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Event

from benchmarks.local_server import DETERMINISTIC, Connect, serving_owners
from benchmarks.report import growing, header

from foveate_shared.connection.client import Client, Delivery
from foveate_shared.geometry import Extent
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import Accepted, Ack, Cancel, Cancelled, Document, Message, Profile, Submit, Welcome

HELD = 300  # connections that a stranger keeps open
LARGE_SIDE, SMALL_SIDE = 100_000, 256  # pixels of the jobs' documents
PLANS = (1, 6)  # huge ones at once
_PATIENCE = 60.0  # seconds until a client counts as kept out
_GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
STRANGERS: dict[str, bytes | None] = {  # what each sends; None: it ends the connection at once
    "send nothing": b"",
    "leave at once": None,
    "ask for the page": _GET + b"\r\n",
    "send half of a request": _GET,
    "send a wrong token": _GET + b"Authorization: Bearer fvt_" + b"x" * 43 + b"\r\n\r\n",
}


def _come_without_end(port: int, sent: bytes | None, stop: Event) -> None:
    held: list[socket.socket] = []
    while not stop.is_set():
        with contextlib.suppress(OSError):
            visitor = socket.create_connection(("127.0.0.1", port), timeout=5)
            if sent is None:
                visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                visitor.close()
                continue
            held.append(visitor)
            visitor.sendall(sent.replace(b"{port}", str(port).encode()))
        if len(held) > HELD:
            held.pop(0).close()


@contextlib.contextmanager
def _strangers(count: int, port: int, sent: bytes | None) -> Iterator[None]:
    stop = multiprocessing.Event()
    processes = [multiprocessing.Process(target=_come_without_end, args=(port, sent, stop)) for _ in range(count)]
    for process in processes:
        process.start()
    time.sleep(1)  # they are many by then
    try:
        yield
    finally:
        stop.set()
        for process in processes:
            process.join()


def _until(client: Client, kind: type[Message], job: str | None = None) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        client.wait(0.5)
        for event in client.poll():
            message = event.message if isinstance(event, Delivery) else None
            if isinstance(message, kind) and getattr(message, "job", None) == job:
                return
    raise TimeoutError(f"no {kind.__name__} came")


def _seconds(act: Callable[[], None]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def report_flood(options: argparse.Namespace) -> None:
    """Print how long it takes from looking for the server to its welcome."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])

    def get_in(connect: Connect) -> None:
        with connect("benchmark") as client:
            _until(client, Welcome)

    def rows(connect: Connect) -> Iterator[list[str]]:
        yield ["nobody else", *_spread([_seconds(lambda: get_in(connect)) for _ in range(options.repeat)])]
        for name, sent in STRANGERS.items():
            with _strangers(options.strangers, port, sent):
                found = [_seconds(lambda: get_in(connect)) for _ in range(options.repeat)]
            yield [f"{options.strangers} who {name}", *_spread(found)]

    with serving_owners(DETERMINISTIC, FOVEATE_PORT=str(port)) as connect:
        sys.stdout.writelines(growing(["while there come", "median, ms", "slowest, ms"], rows(connect)))


def report_plan(options: argparse.Namespace) -> None:
    """Print how long a small job waits until it is accepted, alone and while huge ones of other owners are planned."""
    # Else a quiet machine is told that it submits too fast, and a huge plan that its result has no room.
    limits = {"FOVEATE_RATES_SUBMITS_PER_MINUTE": "1000000", "FOVEATE_SPOOL_QUOTA": "1000 GB"}
    with serving_owners(DETERMINISTIC, **limits) as connect, connect("small") as small, contextlib.ExitStack() as stack:
        others = [stack.enter_context(connect(f"large {number}")) for number in range(max(PLANS))]
        for client in (small, *others):
            _until(client, Welcome)
        rows = [["alone", *_spread([_seconds(lambda: _submit_and_end(small)) for _ in range(options.repeat)])]]
        for count in PLANS:
            beside = [seconds for _ in range(options.repeat) for seconds in _beside_plans(small, others[:count])]
            rows.append([f"while {count} are planned", *_spread(beside)])
        sys.stdout.writelines(growing(["a small submit, and its cancel", "median, ms", "slowest, ms"], rows))


def _beside_plans(small: Client, others: list[Client]) -> Iterator[float]:
    """Yield how long a small job takes, again and again until the huge ones of `others` are planned."""
    jobs = {client: _submit(client, "upscale", LARGE_SIDE) for client in others}
    waiting = set(others)
    while waiting:
        yield _seconds(lambda: _submit_and_end(small))
        waiting = {client for client in waiting if not _has_come(client, Accepted)}
    for client, job in jobs.items():
        _end(client, job)


def _has_come(client: Client, kind: type[Message]) -> bool:
    return any(isinstance(event, Delivery) and isinstance(event.message, kind) for event in client.poll())


def _submit(client: Client, operation: str, side: int) -> str:
    job = str(uuid.uuid4())
    document = Document(Extent(side, side), PixelFormat(SampleType.U8, Channels.RGB), Profile("srgb"))
    client.post(Submit(job, operation, document, None))
    return job


def _end(client: Client, job: str) -> None:
    client.post(Cancel(job))
    _until(client, Cancelled, job)
    client.post(Ack(job))


def _submit_and_end(client: Client) -> None:
    job = _submit(client, "refocus", SMALL_SIDE)
    _until(client, Accepted, job)
    _end(client, job)


def _spread(seconds: list[float]) -> list[str]:
    return [f"{statistics.median(seconds) * 1000:.0f}", f"{max(seconds) * 1000:.0f}"]


REPORTS = {"flood": report_flood, "plan": report_plan}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", nargs="*", metavar="REPORT", help=f"{', '.join(REPORTS)}; all of them unless named")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--strangers", type=int, default=2, help="processes that connect without end")
    options = parser.parse_args()
    for name in options.reports or REPORTS:
        print(header("door", ["uvicorn", "websockets"]))
        REPORTS[name](options)
        print(flush=True)


if __name__ == "__main__":
    main()
