"""Checkpoints in single files: what is in the file, what it lacks from folders beside it, and a pipeline of all that.

Names and layouts of tensors are those of the models' authors; diffusers' converters bring them to its own, but for
FLUX.1 (see `flux_keys`).
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from foveate_server.engines.diffusion import flux_keys
from foveate_server.engines.diffusion.library import Files
from foveate_server.families.registry import families
from foveate_server.models.hub_file_selection import INDEX
from foveate_server.models.recognition.checkpoints import keys_by_component

State = dict[str, Tensor]
_UNET = "model.diffusion_model."  # what diffusers' converter wants before the keys of a U-Net
_NETWORKS = ("unet", "transformer", "vae", "text_encoder")
_LIBRARIES = ("diffusers", "transformers")  # whose classes a configuration may name
_SMALL_FLOATS = (torch.float8_e4m3fn, torch.float8_e5m2)  # nothing here computes in them


def assemble(pipeline: Any, family: str, files: Files, options: Mapping[str, Any]) -> Any:
    """Return the pipeline of the class `pipeline` with the networks in `files`; `options` are those of diffusers.

    Raises ValueError where a network is nowhere, or not as its configuration says; and what diffusers raises.
    """
    if files.config is None:
        raise ValueError("the configuration of its family is not here")
    dtype = options["torch_dtype"]
    states = _states(files.path, family, dtype)
    kinds = _kinds(files.config)
    parts: dict[str, Any] = {}
    for name in [name for name in inspect.signature(pipeline.__init__).parameters if name.startswith(_NETWORKS)]:
        folder = files.parts.get(name, files.config)
        if name in states and name in kinds:
            parts[name] = _from_state(kinds[name], name, states.pop(name), files.config, dtype)
        elif any((folder / name).glob("*.safetensors")):
            parts[name] = from_part(kinds[name], folder, name, dtype)
        elif name in families()[family].needed_components:
            raise ValueError(f"it lacks {name}, and so does the configuration that was given with it")
        else:
            parts |= {name: None, name.replace("text_encoder", "tokenizer"): None}
    return pipeline.from_pretrained(files.config, **{**options, **parts})


def variant_of(folder: Path, below: str = "*") -> str | None:
    """Return "fp16" or "bf16" where a part has its weights under such names only; others may be named as usual."""
    names: dict[Path, list[str]] = {}
    for path in folder.glob(f"{below}/*.safetensors"):
        names.setdefault(path.parent, []).append(path.name)
    for variant in ("fp16", "bf16"):
        if any(all(f".{variant}." in name for name in part) for part in names.values()):
            return variant
    return None


def from_part(kind: Any, folder: Path, name: str, dtype: torch.dtype) -> Any:
    """Return the network `name` of the class `kind` from its part of a folder of diffusers."""
    options = {"subfolder": name, "torch_dtype": dtype, "local_files_only": True, "use_safetensors": True}
    return kind.from_pretrained(folder, variant=variant_of(folder, name), **options)


def _states(path: Path, family: str, dtype: torch.dtype) -> dict[str, State]:
    """Return the tensors of each network in the file, freed of prefixes."""
    tensors = load_file(path)
    return {
        name: {within: _upcast(tensors[key], dtype) for within, key in keys.items()}
        for name, keys in keys_by_component(tensors, family).items()
    }


def _upcast(value: Tensor, dtype: torch.dtype) -> Tensor:
    return value.to(dtype) if value.dtype in _SMALL_FLOATS else value


def _kinds(config: Path) -> dict[str, Any]:
    """Return the classes of the networks that a configuration names."""
    index = json.loads((config / INDEX).read_text(encoding="utf-8"))
    named = {name: value for name, value in index.items() if name.startswith(_NETWORKS) and value[0] in _LIBRARIES}
    return {name: getattr(importlib.import_module(library), kind) for name, (library, kind) in named.items()}


def _from_state(kind: Any, name: str, state: State, config: Path, dtype: torch.dtype) -> Any:
    """Return the network `name` of the class `kind` with the tensors `state`, as its configuration describes it."""
    if name.startswith("text_encoder"):
        network, lacking = _text_encoder(kind, name, state, config, dtype)
        _check_nothing(lacking, name)
        return network
    described = kind.load_config(config, subfolder=name, local_files_only=True)
    with torch.device("meta"):
        wanted = set(kind.from_config(described).state_dict())
    if not wanted <= set(state):
        try:
            state = _converted(state, described)
        except (KeyError, IndexError) as error:
            raise ValueError(f"its {name} lacks {error}") from error
    _check_nothing(wanted - set(state), name)
    state = {key: state[key] for key in wanted}
    options = {"subfolder": name, "torch_dtype": dtype, "local_files_only": True}
    return kind.from_single_file(state, config=str(config), **options)


def _check_nothing(lacking: set[str], name: str) -> None:
    if lacking:
        count = f"{len(lacking)} tensors, such as " if len(lacking) > 1 else ""
        raise ValueError(f"its {name} lacks {count}{min(lacking)}")


def _converted(state: State, described: Any) -> State:
    """Return the tensors of a network in its authors' layout under the names of diffusers. Raises KeyError."""
    from diffusers.loaders import single_file_utils as theirs  # noqa: PLC0415 - seconds to import

    convert: Any
    if flux_keys.FIRST in state:
        return flux_keys.to_diffusers(state)
    if "context_embedder.weight" in state:
        convert = theirs.convert_sd3_transformer_checkpoint_to_diffusers
    elif "input_blocks.0.0.weight" in state:
        state = {_UNET + key: value for key, value in state.items()}
        convert = theirs.convert_ldm_unet_checkpoint
    else:
        convert = theirs.convert_ldm_vae_checkpoint
    converted: State = convert(dict(state), config=described)
    return converted


def _text_encoder(kind: Any, name: str, state: State, config: Path, dtype: torch.dtype) -> tuple[Any, set[str]]:
    """Return the text encoder, and what the file lacks of it."""
    described = kind.config_class.from_pretrained(config, subfolder=name, local_files_only=True)
    if "token_embedding.weight" in state:
        state = _from_open_clip(state, described)
    if kind.__name__ == "CLIPTextModelWithProjection" and "text_projection.weight" not in state:
        # Stable Diffusion 3 takes the first encoder's summary as it is, and its files have no projection.
        state["text_projection.weight"] = torch.eye(described.projection_dim, described.hidden_size)
    network, report = kind.from_pretrained(
        None, config=described, state_dict=state, torch_dtype=dtype, output_loading_info=True
    )
    return network, set(report["missing_keys"])


def _from_open_clip(state: State, described: Any) -> State:
    from diffusers.loaders.single_file_utils import convert_open_clip_checkpoint  # noqa: PLC0415 - seconds to import

    # Of the model it wants to know the width alone, and that only where the file has no projection.
    convert: Any = convert_open_clip_checkpoint
    converted: State = convert(SimpleNamespace(config=described), state, prefix="")
    return converted
