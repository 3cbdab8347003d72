"""Loads checkpoints: those of our own networks directly, others through spandrel. Never runs code from a file."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor

from foveate_server.engines.restoration import ncnn_weights
from foveate_server.engines.restoration.network import Network
from foveate_server.engines.restoration.rrdbnet import rrdbnet
from foveate_server.engines.restoration.spandrel_adapter import from_state
from foveate_server.engines.restoration.srvgg import srvgg
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.i18n.sentence import Sentence

_WRAPPERS = ("params_ema", "params", "model_state_dict", "state_dict", "model", "net", "generator")
_PREFIXES = ("module.", "netG.", "generator.")


@dataclass(frozen=True)
class LoadedNetwork:
    """A network, and how it is called."""

    network: Network
    architecture: str  # "rrdbnet", "srvgg", or spandrel's name of it
    title: str  # a few words for a person


def load(path: Path) -> LoadedNetwork:
    """Return the network in the file at `path`: ncnn's `.bin`, `.safetensors`, or what torch.save wrote.

    Raises InputError where it is malformed or of no architecture that we can run, ResourceError where spandrel is
    needed and absent.
    """
    if path.suffix.lower() == ".bin":
        return LoadedNetwork(ncnn_weights.load(path), "ncnn", "ncnn weights")
    state = _unwrapped(_read(path), path)
    for name, title, build in (("rrdbnet", "ESRGAN", rrdbnet), ("srvgg", "Real-ESRGAN compact", srvgg)):
        network = build(state)
        if network is not None:
            return LoadedNetwork(network, name, f"{title} x{network.scale}")
    network, name, title = from_state(dict(state), path)
    return LoadedNetwork(network, name, title)


def _read(path: Path) -> Any:
    try:
        if path.suffix.lower() == ".safetensors":
            return load_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old formats, which load all the same or are refused below
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise unusable(path, "it holds more than weights, and running code from a file is not safe") from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, safetensors.SafetensorError) as error:
        raise unusable(path, "it is damaged, or not a checkpoint at all") from error


def _unwrapped(data: Any, path: Path) -> Mapping[str, Tensor]:
    """Return the state dict within `data`, freed of the wrappers and prefixes that training scripts leave."""
    for wrapper in _WRAPPERS:
        if isinstance(data, Mapping) and isinstance(data.get(wrapper), Mapping):
            data = data[wrapper]
            break
    if not isinstance(data, Mapping):
        raise unusable(path, "it holds no weights")
    state = {str(key): value for key, value in data.items() if isinstance(value, Tensor)}
    if not state:
        raise unusable(path, "it holds no weights")
    for prefix in _PREFIXES:
        if all(key.startswith(prefix) for key in state):
            state = {key.removeprefix(prefix): value for key, value in state.items()}
    return {key: value.float() if value.is_floating_point() else value for key, value in state.items()}


def unusable(path: Path, reason: str) -> InputError:
    """Return the error of a checkpoint that cannot be used for `reason`."""
    return InputError(
        "The checkpoint {name} cannot be used: {reason}.",
        code=ErrorCode.INVALID_FILE,
        remedy="Choose a restoration or upscaling checkpoint, preferably as .safetensors.",
        name=path.name,
        reason=Sentence(reason),
    )
