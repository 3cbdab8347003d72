"""Networks of other architectures, through the optional package spandrel, https://github.com/chaiNNer-org/spandrel."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from foveate_server.engines.layer_hooks import layers
from foveate_server.engines.restoration.network import Fit, Network, Stage
from foveate_server.engines.restoration.rrdbnet import TRUNK_HALO
from foveate_server.lasting_imports import lasting_imports
from foveate_shared.errors import ErrorCode, InputError, ResourceError
from foveate_shared.i18n.sentence import Sentence

_WINDOW = 16  # input px; that of most networks that have windows and do not tell
_WINDOW_NAMES = ("window_size", "win_size", "split_size", "split_size_0", "split_size_1")  # among hyperparameters
_FACE_SIDE = 512  # input px: what face restorers are trained on
_BYTES_PER_PIXEL = 40_000  # transformers hold many wide maps, and some enlarge before their last layers


def from_state(state: dict[str, Any], path: Path) -> tuple[Network, str, str]:
    """Return the network that `state` belongs to, its architecture's name, and a few words for a person.

    Raises InputError where spandrel does not know it or it needs more than an RGB image, ResourceError where
    spandrel is not installed.
    """
    spandrel = import_spandrel(path.name)
    try:
        descriptor = spandrel.ModelLoader("cpu").load_from_state_dict(state)
    except spandrel.UnsupportedModelError as error:
        raise _unsupported(path, "its architecture is unknown") from error
    except (RuntimeError, ValueError, KeyError, TypeError, AssertionError) as error:
        raise _unsupported(path, "its weights do not fit its architecture") from error
    if not isinstance(descriptor, spandrel.ImageModelDescriptor):
        raise _unsupported(path, "it needs a mask besides the image")
    if (descriptor.input_channels, descriptor.output_channels) not in ((3, 3), (1, 1)):
        raise _unsupported(
            path, Sentence("it works on images with {channels} channels", channels=descriptor.input_channels)
        )
    name = str(descriptor.architecture.name)
    return _as_network(spandrel, descriptor), name, f"{name} x{descriptor.scale}"


def _as_network(spandrel: ModuleType, descriptor: Any) -> Network:
    """Return spandrel's model as the engine sees it: one stage."""
    call = _call_of(descriptor)

    def run(image: Tensor) -> Tensor:
        x = image.to(descriptor.dtype).contiguous()
        with _same_noise(x.device):
            if descriptor.input_channels == 1:  # a network for greyscale sees the three channels as three images
                x = torch.cat([call(channel) for channel in torch.split(x, 1, dim=1)], 1)
            else:
                x = call(x)
        return x.float()

    descriptor.eval()
    requirements = descriptor.size_requirements
    fit = Fit(
        multiple=_grid(descriptor.model, requirements.multiple_of),
        square=_FACE_SIDE if descriptor.purpose == "FaceSR" else None,
        whole=descriptor.tiling is spandrel.ModelTiling.INTERNAL or requirements.square,
    )
    gathered = getattr(descriptor.model, "shuffle_factor", None) or 1  # pixels along an axis that it sees as one
    stage = Stage(run, TRUNK_HALO * gathered, descriptor.scale, len(layers(descriptor.model)))
    dtypes = {torch.float32}
    if descriptor.supports_half:  # no bfloat16: its last layers cannot be kept in float32, and so would band
        dtypes.add(torch.float16)
    return Network(
        descriptor.model,
        (stage,),
        descriptor.model.to,
        frozenset(dtypes),
        _BYTES_PER_PIXEL,
        fit,
        torch.contiguous_format,  # some have weights of five dimensions, or view what a layer gave as it lies in memory
    )


def _call_of(descriptor: Any) -> Callable[[Tensor], Tensor]:
    """Return what runs the model on (1, channels, h, w) of range 0 to 1, and gives that range."""
    if descriptor.architecture.id == "GFPGAN":
        return _gfpgan(descriptor.model)
    call: Callable[[Tensor], Tensor] = descriptor
    return call


def _gfpgan(model: Any) -> Callable[[Tensor], Tensor]:
    """Return GFPGAN in its own range, -1 to 1, which spandrel does not bring it to, and with its stored noise."""

    def run(image: Tensor) -> Tensor:
        restored, _ = model(image * 2 - 1, return_rgb=False, randomize_noise=False)
        result: Tensor = ((restored + 1) / 2).clamp(0, 1)
        return result

    return run


def _grid(model: Any, multiple: int) -> int:
    """Return what the edges of tiles must be multiples of, in input pixels, for windows to lie as in the whole."""
    known = getattr(model, "hyperparameters", {})
    windows = [size for name in _WINDOW_NAMES for size in _sizes(known.get(name))]
    return math.lcm(multiple, *windows) if windows or multiple > 1 else _WINDOW


def _sizes(value: Any) -> list[int]:
    """Return the sizes in a hyperparameter: one, several, or none."""
    values = value if isinstance(value, (list, tuple)) else (value,)
    return [size for size in values if isinstance(size, int) and size > 0]


@contextmanager
def _same_noise(device: torch.device) -> Iterator[None]:
    """Give networks that draw random numbers the same ones each time, lest a replay differ."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(0)
        yield


def import_spandrel(needed_by: str) -> ModuleType:
    """Return spandrel, also where torchvision is absent. Raises ResourceError, naming `needed_by`, without it."""
    try:
        with lasting_imports(), _torchvision_at_hand():
            import spandrel  # noqa: PLC0415 - optional, and slow to import
    except ImportError as error:
        raise ResourceError(
            "{name} is of an architecture for which the package spandrel is needed, which is not installed.",
            code=ErrorCode.MODEL_UNAVAILABLE,
            remedy="Install it with: {command}",
            command='pip install "foveate[spandrel]"',
            name=needed_by,
        ) from error
    module: ModuleType = spandrel
    return module


@contextmanager
def _torchvision_at_hand() -> Iterator[None]:
    """Let spandrel be imported where torchvision is not installed: it takes three names of it, for two networks.

    The stand-in is gone afterwards, so that no other library takes it for the real one.
    """
    if find_spec("torchvision") is not None or "spandrel" in sys.modules:
        yield
        return
    modules = _stand_in()
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            sys.modules.pop(name, None)


def _stand_in() -> dict[str, ModuleType]:
    """Return modules that look like torchvision as far as spandrel looks."""
    names = ("torchvision", "torchvision.transforms", "torchvision.transforms.functional")
    modules = {name: ModuleType(name) for name in names}
    for name, module in modules.items():
        module.__spec__ = ModuleSpec(name, None, is_package=True)
        module.__path__ = []
    functional = modules[names[-1]]
    values = {"InterpolationMode": _InterpolationMode, "rotate": _rotate, "normalize": _normalize}
    functional.__dict__.update(values)
    modules[names[1]].__dict__["functional"] = functional
    modules[names[0]].__dict__["transforms"] = modules[names[1]]
    return modules


class _InterpolationMode:
    NEAREST = "nearest"
    BILINEAR = "bilinear"


def _rotate(*_: object, **__: object) -> Tensor:
    raise ResourceError(
        "This checkpoint needs the package torchvision, which is not installed.",
        code=ErrorCode.MODEL_UNAVAILABLE,
        remedy="Install the build of torchvision that belongs to your torch.",
    )


def _normalize(tensor: Tensor, mean: list[float], std: list[float], inplace: bool = False) -> Tensor:
    """Return (tensor - mean) / std per channel."""
    shift, spread = (torch.as_tensor(v, device=tensor.device, dtype=tensor.dtype).view(-1, 1, 1) for v in (mean, std))
    return (tensor - shift) / spread


def _unsupported(path: Path, reason: str) -> InputError:
    return InputError(
        "The checkpoint {name} cannot be used: {reason}.",
        code=ErrorCode.INVALID_FILE,
        remedy="Choose a restoration or upscaling checkpoint that spandrel supports.",
        name=path.name,
        reason=Sentence(reason),
    )
