"""Where the engine finds checkpoints and additions: what is known of each without its weights, and its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from foveate_server.models.download_progress import DownloadProgress
from foveate_shared.wire.protocol import JsonObject


@dataclass(frozen=True)
class Checkpoint:
    """What is known of a checkpoint before it is loaded."""

    name: str
    sha256: str
    family: str
    size: int = 0  # bytes of its files
    facts: JsonObject = field(default_factory=dict)  # prediction, variant, steps, inpainting, ... as inspection found


@dataclass(frozen=True)
class Files:
    """A checkpoint on disk: a folder of diffusers, or a single file with such a folder beside it."""

    path: Path
    config: Path | None = None  # of a single file; what the file lacks is taken from there, if it has it
    parts: Mapping[str, Path] = field(default_factory=dict)  # what it lacks: component -> a folder that has it


@dataclass(frozen=True)
class Addition:
    """A LoRA, an embedding or an autoencoder, on disk."""

    name: str
    sha256: str
    fits: tuple[str, ...]  # families of checkpoints; empty where that could not be told
    path: Path
    facts: JsonObject = field(
        default_factory=dict, compare=False
    )  # of a LoRA: variant, steps, adapter, as inspection found


class Library(Protocol):
    """The registry, as far as the engine needs it."""

    def checkpoint(self, name: str | None) -> Checkpoint:
        """Return what is known of the checkpoint `name`; None is the default. Raises InputError for an unknown one."""

    def files(self, name: str, progress: DownloadProgress) -> Files:
        """Return its files, verified, fetched where needed. Raises ResourceError where they are not to be had."""

    def addition(self, name: str, kind: str, progress: DownloadProgress) -> Addition:
        """Return the addition `name` of `kind` ("lora", "embedding", "vae" or "preview"), fetched where needed.

        Raises InputError for an unknown one, ResourceError where its files are not to be had.
        """

    def previews(self, family: str) -> Sequence[str]:
        """Return the names of the small autoencoders at hand that may show what checkpoints of `family` make.

        Those that are known to be made for it come first.
        """
