"""What a file or folder on this machine is: the one place that decides who is asked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from foveate_server.models.hub_file_selection import INDEX, PICKLES, FileSelection, select
from foveate_server.models.probe_restorer import inspect_restorer
from foveate_server.models.recognition.autoencoders import vae_of
from foveate_server.models.recognition.checkpoints import checkpoint_of
from foveate_server.models.recognition.folders import folder_of
from foveate_server.models.recognition.foreign import refuse_parts
from foveate_server.models.recognition.loras_and_embeddings import embedding_of, lora_of
from foveate_server.models.recognition.preview_vaes import preview_of
from foveate_server.models.recognition.recognized import Recognized, refusal
from foveate_server.models.tensor_headers import Header, damaged, read_header
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.forms.pasted_path import as_typed
from foveate_shared.wire.protocol import JsonObject

_NAMELESS = frozenset(  # stems of files that are called as every other one of their kind
    {"pytorch_lora_weights", "adapter_model", "learned_embeds", "diffusion_pytorch_model", "pytorch_model", "model"}
)
AUTOENCODER = "diffusion_pytorch_model.safetensors"  # that a config.json beside it describes
ADAPTER = "adapter_config.json"  # what peft writes beside a LoRA's file
_SCALES = ("lora_alpha", "alpha_pattern", "use_rslora")
_MAX_JSON_BYTES = 16 << 20


class LocalFolder:
    """Implements recognition.folders.Folder for a folder on this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """See Folder."""
        return self._path.name

    def paths(self) -> Iterable[str]:
        """See Folder; hidden files and those of hidden folders are left out."""
        for path in sorted(self._path.rglob("*")):
            relative = path.relative_to(self._path)
            if path.is_file() and not any(part.startswith(".") for part in relative.parts):
                yield relative.as_posix()

    def json(self, path: str) -> JsonObject:
        """See Folder. Raises InputError where the file holds something else."""
        return read_json(self._path / path)

    def header(self, path: str) -> Header:
        """See Folder. Raises InputError where the file is none."""
        return read_header(self._path / path)


def inspect_path(path: Path) -> Recognized:
    """Return what the file or folder at `path` is. Pickles are asked for restoration networks alone.

    Raises InputError where it is nothing for us, in a sentence that says what it is if that can be told;
    ResourceError where spandrel is needed and absent.
    """
    if path.is_dir():
        return inspect_folder(path)
    if path.suffix.lower() == ".gguf":
        raise refusal("a GGUF file with quantized weights", "Look for the same as .safetensors.")
    if path.is_file() and path.suffix.lower() == ".safetensors":
        found = recognize(read_header(path), telling_name(path), vae_config_beside(path))
        if found is not None:
            return with_adapter(found, _own_json(path.with_name(ADAPTER)))
    return _restorer(path)


def recognize(header: Header, name: str, config: JsonObject | None = None) -> Recognized | None:
    """Return what a single safetensors file is, or None where it is none of the diffusion world.

    `name` is the file's, without suffix; `config` the configuration beside it. Raises InputError for what we can tell
    and not use.
    """
    finding = lora_of(header, name) or embedding_of(header, name) or preview_of(header) or vae_of(header, config)
    if finding is None:
        finding = checkpoint_of(header, name)
    if finding is None:
        refuse_parts(header)
    return finding


def with_adapter(found: Recognized, config: JsonObject) -> Recognized:
    """Return `found`, of a LoRA with what peft's configuration beside it says of its scale, which the file does not."""
    told = {key: config[key] for key in _SCALES if key in config}
    return replace(found, facts={**found.facts, "adapter": told}) if found.kind == "lora" and told else found


def typed_path(text: str) -> Path:
    """Return the path that a person typed or pasted, with their home for `~`; `~nobody` stays as it is."""
    path = Path(as_typed(text))
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def telling_name(path: Path) -> str:
    """Return what a file is called: its stem, or its folder where the stem says nothing."""
    return path.parent.name if path.stem in _NAMELESS and path.parent.name else path.stem


def inspect_folder(path: Path) -> Recognized:
    """Return what the diffusers folder at `path` is, or its only safetensors file. Raises InputError."""
    folder = LocalFolder(path)
    if folder.json(INDEX):
        return folder_of(folder, folder_selection(path))
    return inspect_path(only_file(path))


def folder_selection(path: Path) -> FileSelection:
    """Return the files to take of the diffusers folder at `path`. Raises InputError."""
    folder = LocalFolder(path)
    return select(folder.paths(), folder.json(INDEX), checker=True)


def only_file(path: Path) -> Path:
    """Return the one checkpoint in a folder that is no pipeline; raises InputError where there are none or several."""
    files = [file for file in sorted(path.iterdir()) if file.is_file() and file.suffix.lower() == ".safetensors"]
    if len(files) == 1:
        return files[0]
    described = path / AUTOENCODER
    if described in files and vae_config_beside(described):
        return described  # others say the same in other words
    reason = "neither a model_index.json nor a .safetensors file" if not files else "several checkpoints"
    raise InputError(
        "The folder {path} holds {content}.",
        code=ErrorCode.INVALID_FILE,
        remedy="Name one file in it, or a folder as diffusers writes it.",
        path=path,
        content=reason,
    )


def vae_config_beside(path: Path) -> JsonObject:
    """Return the configuration of an autoencoder beside the file at `path`, empty where there is none of that kind."""
    config = _own_json(path.with_name("config.json"))
    return config if is_autoencoder(config) else {}


def _own_json(path: Path) -> JsonObject:
    try:
        return read_json(path)
    except InputError:
        return {}  # someone else's file


def is_autoencoder(config: JsonObject) -> bool:
    """Tell whether a configuration is that of an autoencoder, as diffusers writes it."""
    return str(config.get("_class_name", "")).startswith("Autoencoder")


def read_json(path: Path) -> JsonObject:
    """Return what the JSON file at `path` holds; an empty object where there is none. Raises InputError."""
    try:
        if path.stat().st_size > _MAX_JSON_BYTES:
            raise damaged(path.name, "it is too large for a configuration")
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        raise damaged(path.name, "it is no JSON") from error
    if not isinstance(document, dict):
        raise damaged(path.name, "it is not the object that a configuration is")
    return document


def _restorer(path: Path) -> Recognized:
    try:
        found = inspect_restorer(path)
    except InputError as error:
        if path.suffix.lower() not in PICKLES or not path.is_file():
            raise
        raise InputError(
            error.info.message,
            code=error.info.code,
            remedy="If it is a Stable Diffusion checkpoint, LoRA, embedding or VAE, look for it as .safetensors, or "
            "add it with --allow-pickle: only its weights are read, and kept as .safetensors.",
        ) from error
    facts: JsonObject = {"layout": "single", "architecture": found.architecture, "scale": found.scale}
    return Recognized("restore", "", found.title, facts)
