"""Speed of the restorer beside its peers, and peak memory against the size of the result.

    python -m benchmarks.restore speed --sizes 256 512 --repeat 3
    python -m benchmarks.restore memory

Every measurement runs in a process of its own, so that thread pools do not meet and peaks do not add up. Weights are
the same everywhere: Real-ESRGAN x4plus, out of the model cache. Results are printed as Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from benchmarks.report import header
from numpy.typing import NDArray

from foveate_server.config.server_config import load_config
from foveate_server.executors.worker_process import ENVIRONMENT
from foveate_server.models.registry import Registry, open_registry
from foveate_shared.geometry import Extent, tiles

PHOTO_MODEL, FAST_MODEL = "realesrgan-x4plus", "realesr-animevideov3"
NCNN_SIDE = 512  # pixels: beyond it, ncnn wants more than 14 GB, so its own programs cut tiles
Image = NDArray[np.float32]
Run = Callable[[Image], object]


class Quiet:
    """A ticker that nobody listens to."""

    def check(self) -> None:
        """Do nothing."""

    def give_way(self) -> bool:
        """Nobody waits."""
        return False

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Show the sentence: it tells that a measurement is not what it seems."""
        print(text, file=sys.stderr)


def registry() -> Registry:
    return open_registry(load_config(environment=os.environ))


def photo(width: int, height: int) -> Image:
    """Return a photo of the asked size, mirrored at its edges where it is too small."""
    from skimage import data

    image = (data.astronaut() / 255).astype(np.float32)
    pad = [(0, max(0, height - image.shape[0])), (0, max(0, width - image.shape[1])), (0, 0)]
    return np.ascontiguousarray(np.pad(image, pad, mode="symmetric")[:height, :width])


def foveate(exact: bool) -> Run:
    import torch

    from foveate_server.engines.restoration.engine import RestorationEngine
    from foveate_server.engines.values import Pinned

    engine = RestorationEngine(registry(), torch.device("cpu"))
    return lambda image: engine.upscale(image, PHOTO_MODEL, exact=exact, pinned=Pinned(), ticker=Quiet())


def ncnn(bfloat16: bool) -> Run:
    import ncnn

    path = registry().path(PHOTO_MODEL)
    net = ncnn.Net()
    net.opt.num_threads = os.cpu_count()
    net.opt.use_vulkan_compute = False
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = bfloat16
    assert net.load_param(str(path.with_suffix(".param"))) == 0
    assert net.load_model(str(path)) == 0

    def render(image: Image) -> Image:
        planes = np.ascontiguousarray(image.transpose(2, 0, 1))
        extractor = net.create_extractor()
        extractor.input("data", ncnn.Mat(planes).clone())
        return np.array(extractor.extract("output")[1]).transpose(1, 2, 0)

    return in_tiles(render, NCNN_SIDE)


def openvino(precision: str) -> Run:
    import openvino
    import torch

    from foveate_server.engines.restoration.ncnn_weights import load

    module = load(registry().path(PHOTO_MODEL)).module.eval()
    core = openvino.Core()
    compiled: dict[tuple[int, ...], openvino.CompiledModel] = {}

    def run(image: Image) -> object:
        planes = np.ascontiguousarray(image.transpose(2, 0, 1))[None]
        if planes.shape not in compiled:
            model = openvino.convert_model(module, example_input=torch.from_numpy(planes[:, :, :32, :32].copy()))
            model.reshape(list(planes.shape))
            compiled[planes.shape] = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": precision})
        return compiled[planes.shape](planes)

    return run


def plain(tile: int | None) -> Run:
    """Return what peers do around spandrel: float32, untiled or in tiles of a fixed size."""
    import torch

    from foveate_server.engines.restoration.ncnn_weights import load
    from foveate_server.engines.restoration.spandrel_adapter import import_spandrel

    state = load(registry().path(PHOTO_MODEL)).module.state_dict()
    model = import_spandrel("the benchmark").ModelLoader("cpu").load_from_state_dict(dict(state)).eval()

    def render(image: Image) -> Image:
        result: Image = model(torch.from_numpy(image.transpose(2, 0, 1))[None])[0].permute(1, 2, 0).numpy()
        return result

    return in_tiles(torch.inference_mode()(render), tile)


def in_tiles(render: Callable[[Image], Image], tile: int | None) -> Run:
    """Return what peers do with large images: tiles of a fixed size with 10 pixels around, side by side."""

    def run(image: Image) -> object:
        extent = Extent(image.shape[1], image.shape[0])
        output = np.empty((4 * extent.height, 4 * extent.width, 3), np.float32)
        side = tile or max(extent.width, extent.height)
        for core in tiles(extent.bounds, Extent(side, side)):
            seen = core.pad(10).clamp(extent)
            part = render(np.ascontiguousarray(image[seen.y : seen.bottom, seen.x : seen.right]))
            inside, target = core.relative_to(seen).scaled(4), core.scaled(4)
            output[target.y : target.bottom, target.x : target.right] = part[
                inside.y : inside.bottom, inside.x : inside.right
            ]
        return output

    return run


CONTENDERS: dict[str, Callable[[], Run]] = {
    "Foveate, 8-bit documents": lambda: foveate(exact=False),
    "Foveate, float32": lambda: foveate(exact=True),
    "openvino bf16": lambda: openvino("bf16"),
    "openvino f32": lambda: openvino("f32"),
    "ncnn bf16 storage": lambda: ncnn(bfloat16=True),
    "ncnn fp32": lambda: ncnn(bfloat16=False),
    "plain spandrel, tile 512": lambda: plain(512),
    "plain spandrel, untiled": lambda: plain(None),
}


def time_one(name: str, size: int, repeat: int) -> dict[str, float]:
    """Return the median of `repeat` runs in seconds, after a small run that warms up caches and pools."""
    run, image = CONTENDERS[name](), photo(size, size)
    if repeat > 1 or name.startswith("openvino"):  # which compiles for the shape
        run(image)
    else:
        run(photo(64, 64))
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        run(image)
        seconds.append(time.perf_counter() - start)
    return {"seconds": statistics.median(seconds), "peak_mb": peak_mb()}


def memory_one(model: str, megapixels: int, free_gb: float | None) -> dict[str, float]:
    """Return seconds and peak memory of an upscale to `megapixels` of output, in the operation's strips.

    `free_gb` is what the engine takes to be free, as if the machine had no more.
    """
    import torch

    from foveate_server.engines import device_precision
    from foveate_server.engines.restoration.engine import RestorationEngine
    from foveate_server.engines.values import Pinned
    from foveate_server.operations.contract import JobRequest, WindowData
    from foveate_server.operations.upscale import cut_of
    from foveate_shared.pixels import Channels, PixelFormat, SampleType

    if free_gb is not None:
        free_bytes = int(free_gb * 1e9)
        device_precision.free_memory = lambda device: free_bytes
    side = round((megapixels * 1e6) ** 0.5 / 4)
    image = photo(side, side)
    engine = RestorationEngine(registry(), torch.device("cpu"))
    layout = PixelFormat(SampleType.U8, Channels.RGB)
    cut = cut_of(JobRequest("upscale", {"scale": 4}, Extent(side, side), layout, "srgb", None, None))
    base, start = peak_mb(), time.perf_counter()
    for item in cut.items(coverage=False):
        (window,) = item.windows
        seen = window.bounds
        part = np.ascontiguousarray(image[seen.y : seen.bottom, seen.x : seen.right])
        strip = cut.strip(item, WindowData(seen, seen.extent, memoryview(b""), None))
        engine.upscale(part, model, exact=False, pinned=Pinned(), ticker=Quiet(), strip=strip)
    return {"seconds": time.perf_counter() - start, "peak_mb": peak_mb(), "base_mb": base}


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_process(*arguments: str) -> dict[str, float] | None:
    """Return what a measurement in a process of its own printed; None where it failed."""
    command = [sys.executable, "-m", "benchmarks.restore", *arguments]
    environment = {**ENVIRONMENT, **os.environ}  # as the server's workers have it, for every contender
    process = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if process.returncode:
        print(process.stderr, file=sys.stderr)
        return None
    result: dict[str, float] = json.loads(process.stdout.splitlines()[-1])
    return result


def report_speed(sizes: list[int], repeat: int) -> None:
    print("| seconds per output megapixel (peak MB) |", " | ".join(f"{size} px" for size in sizes), "|")
    print("|---|" + "---|" * len(sizes))
    rows: dict[str, list[str]] = {name: [] for name in CONTENDERS}
    for size in sizes:  # one contender after the other, so that they share the machine's mood
        for name in CONTENDERS:
            found = in_process("one", name, str(size), str(repeat))
            cell = "failed"
            if found is not None:
                cell = f"{found['seconds'] / (16 * size * size / 1e6):.2f} ({found['peak_mb']:.0f})"
            rows[name].append(cell)
    for name, cells in rows.items():
        print(f"| {name} |", " | ".join(cells), "|", flush=True)


def report_memory() -> None:
    print("| model | output | seconds | peak MB | of which before the first strip |")
    print("|---|---|---|---|---|")
    for model, sizes in ((PHOTO_MODEL, (1, 4, 16)), (FAST_MODEL, (1, 4, 16, 64))):
        for megapixels in sizes:
            found = in_process("peak", model, str(megapixels))
            if found is not None:
                cells = f"{found['seconds']:.1f} | {found['peak_mb']:.0f} | {found['base_mb']:.0f}"
                print(f"| {model} | {megapixels} MP | {cells} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="part", required=True)
    speed = parts.add_parser("speed")
    speed.add_argument("--sizes", type=int, nargs="+", default=[256, 512])
    speed.add_argument("--repeat", type=int, default=3)
    parts.add_parser("memory")
    one = parts.add_parser("one")
    one.add_argument("name")
    one.add_argument("size", type=int)
    one.add_argument("repeat", type=int)
    peak = parts.add_parser("peak")
    peak.add_argument("model")
    peak.add_argument("megapixels", type=int)
    peak.add_argument("--free", type=float, help="GB; what the machine has unless given")
    options = parser.parse_args()
    if options.part == "one":
        print(json.dumps(time_one(options.name, options.size, options.repeat)))
    elif options.part == "peak":
        print(json.dumps(memory_one(options.model, options.megapixels, options.free)))
    else:
        print(header("restore", ("torch", "ncnn", "openvino", "spandrel", "numpy")))
        print(
            "; ".join(f"{name}={value}" for name, value in {**ENVIRONMENT, **os.environ}.items() if name in ENVIRONMENT)
        )
        report_speed(options.sizes, options.repeat) if options.part == "speed" else report_memory()


if __name__ == "__main__":
    main()
