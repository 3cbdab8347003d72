"""How far tiles with a halo are from the whole: largest differences by halo, photo and precision.

    python -m benchmarks.halo --halos 72 96 --tile 128 --photos astronaut coffee

float16 is a card's arithmetic, done here: weights, and what goes into and comes out of every inner convolution, are
rounded to float16; sums are float32. Real-ESRGAN x4plus, which looks further than the other embedded networks. Results
are printed as Markdown.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from benchmarks.report import growing, header
from benchmarks.restore import PHOTO_MODEL, Image, Quiet, registry
from torch import Tensor, nn
from torch.nn.functional import conv2d

from foveate_server.engines import device_precision
from foveate_server.engines.layer_hooks import Meter
from foveate_server.engines.restoration.halo_tiles import HaloTiles
from foveate_server.engines.restoration.load_network import load
from foveate_server.engines.restoration.network import Network
from foveate_server.engines.values import Strip

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
LEVELS = 255


def photo(name: str) -> Image:
    """Return at most 512 x 512 pixels of a photo of scikit-image, (height, width, 3)."""
    from skimage import data

    pixels = getattr(data, name)()[:512, :512, :3]
    return np.ascontiguousarray(pixels / np.float32(LEVELS), np.float32)


def network(in_float16: bool) -> Network:
    """Return the network in float32, or computing as it does in float16."""
    loaded = load(registry().path(PHOTO_MODEL)).network
    loaded.module.eval().requires_grad_(requires_grad=False)
    loaded.module.to(memory_format=loaded.layout)  # type: ignore[call-overload]  # missing in torch's types
    if in_float16:
        loaded.lower(torch.float16)
        for layer in loaded.module.modules():
            if isinstance(layer, nn.Conv2d) and layer.weight.dtype is torch.float16:
                layer.float()
                layer.forward = rounding(layer)  # type: ignore[method-assign]
    return loaded


def rounding(layer: nn.Conv2d) -> Callable[[Tensor], Tensor]:
    """Return what `layer` does with float32 sums of float16 values."""

    def forward(x: Tensor) -> Tensor:
        return conv2d(x.half().float(), layer.weight, layer.bias, padding=layer.padding).half().float()  # type: ignore[arg-type]

    return forward


def rendered(loaded: Network, image: Image, tile: int, halo: int | None = None) -> Image:
    """Return the image enlarged, with another halo for its trunk if one is given, clipped, in levels."""
    if halo is not None:
        trunk, *rest = loaded.stages
        loaded = replace(loaded, stages=(replace(trunk, halo=halo), *rest))
    meter = Meter(Quiet(), "Restoring")
    strip = Strip.whole(image)
    result = HaloTiles().run(loaded, image, strip, device=torch.device("cpu"), tile=tile, meter=meter)
    return result.clip(0, 1) * LEVELS


def row(name: str, one: Image, other: Image) -> list[str]:
    """Return how two renderings differ."""
    apart, levels = np.abs(one - other), np.abs(np.rint(one) - np.rint(other))
    return [
        name,
        f"{apart.max():.2f}",
        f"{apart.mean():.4f}",
        f"{levels.max():.0f}",
        f"{(levels > 1).sum()} of {levels.size}",
    ]


def rows(options: Any) -> Iterator[list[str]]:
    """Yield a row per photo, precision and halo; those of float16 begin with the whole beside that of float32."""
    full, half = network(in_float16=False), network(in_float16=True)
    for name in options.photos:
        image = photo(name)
        whole = max(image.shape[:2])
        truth, coarse = rendered(full, image, whole), rendered(half, image, whole)
        yield row(f"{name}, float16 beside float32, both whole", coarse, truth)
        for halo in options.halos:
            yield row(f"{name}, float32, halo {halo}", rendered(full, image, options.tile, halo), truth)
            yield row(f"{name}, float16, halo {halo}", rendered(half, image, options.tile, halo), coarse)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", nargs="+", choices=PHOTOS, default=PHOTOS)
    parser.add_argument("--halos", type=int, nargs="+", default=[72, 96])
    parser.add_argument("--tile", type=int, default=128)
    options = parser.parse_args()
    print(header("halo", ("torch", "numpy", "scikit-image")))
    columns = ("what", "largest, levels", "mean, levels", "largest in 8 bits", "samples off by more than 1")
    with device_precision.reproducible(0):
        for line in growing(columns, rows(options)):
            print(line, end="", flush=True)


if __name__ == "__main__":
    main()
