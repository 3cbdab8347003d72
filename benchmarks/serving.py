"""What the server costs: over the bare network, on the wire beside its peers, and until a cancel is confirmed.

    python -m benchmarks.serving [added] [throughput] [latency] [--repeat N] [--only TEXT]

A server process, the shared client and the real websocket on the loopback interface; weights are the real ones. Peers
and Foveate take turns within each round, so that a busy machine is busy for all. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from benchmarks.local_server import DETERMINISTIC, REAL, TIMED, ArrayDocument, Pixels, run_job, serving
from benchmarks.peers import peers
from benchmarks.report import header, table
from benchmarks.timed_engine import TIMES_VARIABLE, take_seconds
from scipy import ndimage
from skimage import data

from foveate_shared.connection.client import Client
from foveate_shared.wire.protocol import JsonObject

PHOTO_MODEL, FAST_MODEL = "realesrgan-x4plus", "realesr-animevideov3"
_SIDE = 4096  # pixels of the picture that is only sent there and back
_MEGA = 1e6


# --- pictures --------------------------------------------------------------------------------------------------------


def photo(side: int, blur: float = 0.0) -> Pixels:
    """Return an RGB photo of side x side pixels, softened by a Gaussian of sigma `blur`."""
    image = np.pad(_astronaut(), ((0, max(0, side - 512)), (0, max(0, side - 512)), (0, 0)), mode="symmetric")[
        :side, :side
    ]
    soft = ndimage.gaussian_filter(image.astype(np.float32), (blur, blur, 0)) if blur else image
    return np.clip(np.rint(soft), 0, 255).astype(np.uint8)


def _astronaut() -> Pixels:
    image: Pixels = data.astronaut()  # type: ignore[no-untyped-call]  # 512 x 512
    return image


def noisy_rgba(side: int) -> Pixels:
    """Return an RGBA photo with the noise of a camera (sigma of 2 levels), so that no two mirrored parts are equal."""
    tiles = -(-side // 1024)
    mirrored = np.pad(_astronaut(), ((0, 512), (0, 512), (0, 0)), mode="symmetric")
    image = np.tile(mirrored, (tiles, tiles, 1))[:side, :side].astype(np.float32)
    image += np.random.default_rng(0).normal(0, 2, image.shape).astype(np.float32)
    alpha = np.full((side, side, 1), 255, np.uint8)
    return np.concatenate([np.clip(np.rint(image), 0, 255).astype(np.uint8), alpha], axis=2)


# --- what the server adds --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A job of which every layer is timed."""

    operation: str
    model: str
    side: int  # pixels of the document, all of which is worked on

    def __str__(self) -> str:
        return f"{self.operation} {self.side} px, {self.model}"

    @property
    def document(self) -> ArrayDocument:
        """Return a soft photo: one that is sharp would be left alone."""
        return ArrayDocument(photo(self.side, blur=1.5))

    @property
    def parameters(self) -> JsonObject:
        """Return what the job is asked with."""
        return {"model": self.model} | ({"scale": 4} if self.operation == "upscale" else {"strength": 1.0})


_CASES = (
    Case("refocus", PHOTO_MODEL, 256), Case("refocus", PHOTO_MODEL, 512), Case("upscale", PHOTO_MODEL, 256),
    Case("upscale", PHOTO_MODEL, 512), Case("upscale", FAST_MODEL, 512), Case("upscale", FAST_MODEL, 1024),
)  # fmt: skip


def report_added(options: argparse.Namespace) -> None:
    print("## What the server adds to the bare network\n")
    print(
        f"Medians of {options.repeat} warm jobs. *Job*: seconds from submit until the client holds the checked\n"
        "result. *Network*: how much of it the worker spent in the engine's calls (network and, for refocus, face\n"
        "detector). All else is *added*: wire, files, hashes, colour, blur estimate, resampling, encoding. Both are\n"
        "of the same job, so that other work on the machine, which slows both, tells less in the ratio.\n"
    )
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        times = Path(folder) / "times"
        with serving(TIMED, **{TIMES_VARIABLE: str(times)}) as client:
            for case in (case for case in _CASES if options.only in str(case)):
                rows.append(added(case, client, times, options.repeat))
                print(*rows[-1], sep=" | ", file=sys.stderr)
    print(
        table(["job", "job, s", "network, s", "job / network (smallest)", "added, ms", "load after"], rows), flush=True
    )


def added(case: Case, client: Client, times: Path, repeat: int) -> list[str]:
    jobs, networks = [], []
    for number in range(repeat + 1):
        job = run_job(client, case.document, case.operation, case.parameters).total
        network = take_seconds(times)
        if number:  # the first one loads the model
            jobs.append(job)
            networks.append(network)
    ratios = [job / network for job, network in zip(jobs, networks, strict=True)]
    more = 1000 * statistics.median(job - network for job, network in zip(jobs, networks, strict=True))
    cells = [f"{statistics.median(jobs):.3f}", f"{statistics.median(networks):.3f}"]
    ratio = f"**{statistics.median(ratios):.3f}** ({min(ratios):.3f})"
    return [str(case), *cells, ratio, f"{more:.0f}", f"{os.getloadavg()[0]:.1f}"]


# --- throughput ------------------------------------------------------------------------------------------------------


def report_throughput(options: argparse.Namespace) -> None:
    pixels = noisy_rgba(_SIDE)
    size = pixels.nbytes
    print(f"## {_SIDE} x {_SIDE} RGBA, 8 bits: there and back, {size / _MEGA:.1f} MB each way\n")
    print(
        "Foveate's job is `refocus` with strength 0 and the deterministic engine, which answers with the bytes that\n"
        "it got: 16 tiles whose windows overlap, stored in files on both ways, hashed on both sides. MB/s counts the\n"
        "picture alone, both ways. All bytes that came back were compared.\n"
    )
    seconds: dict[str, list[float]] = {}
    wire: dict[str, int] = {}
    with serving(DETERMINISTIC) as client, peers() as others:
        document = ArrayDocument(pixels)

        def foveate() -> tuple[Pixels, int]:
            document.bytes_sent = 0
            run_job(client, document, "refocus", {"strength": 0.0})
            assert document.result is not None
            back = sum(memoryview(patch.pixels.data).nbytes for patch in document.result.patches)
            return document.assembled(), document.bytes_sent + back

        ways: dict[str, Callable[[], tuple[Pixels, int]]] = {
            "Foveate": foveate,
            "PNG level 1 over HTTP": partial(others.png_round_trip, pixels, 1),
            "PNG level 6 over HTTP": partial(others.png_round_trip, pixels, 6),
            "raw bytes over HTTP (requests, uvicorn)": partial(others.raw_round_trip, pixels),
            "bare TCP (sendall, recv_into)": partial(others.tcp_round_trip, pixels),
            "memory alone: copied twice": lambda: (pixels.copy().copy(), 0),
        }
        for _ in range(options.repeat):
            for name, way in ways.items():
                start = time.perf_counter()
                back, wire[name] = way()
                seconds.setdefault(name, []).append(time.perf_counter() - start)
                assert np.array_equal(back, pixels), name
    ours = statistics.median(seconds["Foveate"])
    rows = []
    for name, found in seconds.items():
        middle = statistics.median(found)
        cells = [
            f"{middle:.2f}",
            f"{2 * size / _MEGA / middle:.0f}",
            f"{middle / ours:.2f}",
            f"{wire[name] / _MEGA:.0f}",
        ]
        rows.append([name, *cells])
    print(table(["way", "seconds", "MB/s", "time / Foveate's", "MB on the wire"], rows), flush=True)


# --- latency ---------------------------------------------------------------------------------------------------------


def report_latency(options: argparse.Namespace) -> None:
    repeat = options.repeat
    print("## Latency\n")
    print("Milliseconds at the client: median (largest).\n")
    large = noisy_rgba(_SIDE)
    found: dict[str, list[float | None]] = {}
    with serving(DETERMINISTIC) as client:
        found["cancel while 4096 x 4096 are uploaded"] = [uploading(client, large) for _ in range(repeat)]
    with serving(REAL) as client:
        parameters: JsonObject = {"scale": 4, "model": PHOTO_MODEL}

        def first_progress() -> float | None:
            return run_job(client, ArrayDocument(photo(256)), "upscale", parameters).first_progress

        first_progress()
        found["submit to first progress, upscale 256 px"] = [first_progress() for _ in range(repeat)]
        found["cancel while x4plus runs on 512 px"] = [running(client, parameters) for _ in range(repeat)]
    rows = [[name, *spread([value for value in values if value is not None])] for name, values in found.items()]
    print(table(["what", "ms", "runs"], rows), flush=True)


def uploading(client: Client, pixels: Pixels) -> float | None:
    document = ArrayDocument(pixels)

    def is_under_way(_: object) -> bool:
        return 0 < client.queued_bytes < document.bytes_sent - (4 << 20)  # some were sent, and many wait

    return run_job(client, document, "refocus", {"strength": 0.0}, cancel_when=is_under_way).cancel


def running(client: Client, parameters: JsonObject) -> float | None:
    document = ArrayDocument(photo(512))
    return run_job(client, document, "upscale", parameters, cancel_when=lambda status: status.fraction > 0).cancel


def spread(found: Sequence[float]) -> list[str]:
    return [f"{1000 * statistics.median(found):.0f} ({1000 * max(found):.0f})", str(len(found))]


def main() -> None:
    reports = {"added": report_added, "throughput": report_throughput, "latency": report_latency}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "parts", nargs="*", metavar="part", help="added, throughput or latency; all of them unless named"
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default="", metavar="TEXT", help="of the jobs in added, those whose name has TEXT")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(reports):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    print("# What the server costs\n")
    print(header("serving", ("torch", "numpy", "websockets", "uvicorn", "starlette", "requests", "pillow")))
    for name in options.parts or reports:
        reports[name](options)


if __name__ == "__main__":
    main()
