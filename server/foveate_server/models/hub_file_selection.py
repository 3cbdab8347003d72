"""Which files of a diffusers folder or repository are worth having: one set of weights for each component."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.wire.protocol import JsonObject

INDEX = "model_index.json"
VARIANTS = ("fp16", "bf16", "")  # of weights: the first that is there is taken
_WEIGHTS = re.compile(
    r"(?P<stem>diffusion_pytorch_model|pytorch_model|model)(\.(?P<variant>[a-z0-9_]+))?"
    r"(-(?P<part>[0-9]{5})-of-(?P<parts>[0-9]{5}))?(\.(?P<late>[a-z0-9_]+))?\.safetensors"
)
_SMALL = (".json", ".txt", ".model")  # configurations and vocabularies
PICKLES = (".ckpt", ".pt", ".pth", ".bin")  # endings of files that may hold code
_CHECKER = frozenset({"safety_checker", "feature_extractor"})
_OTHER_FRAMEWORKS = re.compile(r"flax|openvino|onnx|(^|[._-])tf([._-]|$)")


@dataclass(frozen=True)
class Component:
    """The files of one component of a pipeline, by their paths in the folder."""

    weights: tuple[str, ...] = ()  # safetensors, in order; none of a tokenizer or scheduler
    others: tuple[str, ...] = ()  # configurations, vocabularies, the index of the weights
    variant: str = ""  # of the weights' file names: "fp16", "bf16" or none


@dataclass(frozen=True)
class FileSelection:
    """The files of a pipeline."""

    root: tuple[str, ...]
    components: Mapping[str, Component]

    @property
    def paths(self) -> tuple[str, ...]:
        """Return all files."""
        parts = (path for part in self.components.values() for path in (*part.others, *part.weights))
        return (*self.root, *parts)

    @property
    def weights(self) -> tuple[str, ...]:
        """Return the files with weights."""
        return tuple(path for part in self.components.values() for path in part.weights)


def select(paths: Iterable[str], index: JsonObject, *, checker: bool, weights: bool = True) -> FileSelection:
    """Return what to take of a folder with the files `paths` whose model_index.json holds `index`.

    `checker` includes a safety checker where the pipeline has one; without `weights` there is nothing but
    configurations and vocabularies. Raises InputError where a component has weights only as pickles.
    """
    every = sorted(paths)
    root = tuple(path for path in every if path == INDEX or re.fullmatch(r"(?i)licen[cs]e[^/]*", path))
    components = {}
    for name, value in index.items():
        if not _is_component(value) or (name in _CHECKER and not checker):
            continue
        below = [path for path in every if path.startswith(f"{name}/") and path.count("/") == 1]
        if below:
            components[name] = _component(name, below, weights=weights)
    return FileSelection(root, components)


def _is_component(value: object) -> bool:
    """Tell whether an entry of the index names a component: [library, class], both given."""
    return isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value)


def _component(name: str, below: list[str], *, weights: bool) -> Component:
    sets = _weight_sets(below)
    small = [path for path in below if path.endswith(_SMALL) and ".index." not in path and not _is_other(path)]
    if not weights:
        return Component(others=tuple(small))
    if not sets:
        if any(path.endswith(PICKLES) for path in below):
            raise _only_pickles(name)
        return Component(others=tuple(small))
    variant = next((variant for variant in VARIANTS if variant in sets), next(iter(sets)))
    indexes = [path for path in below if ".safetensors.index." in path or path.endswith(".safetensors.index.json")]
    mine = [path for path in indexes if _variant_of_index(path) == variant] if len(sets[variant]) > 1 else []
    return Component(tuple(sets[variant]), (*small, *mine), variant)


def _weight_sets(below: list[str]) -> dict[str, list[str]]:
    """Return the whole sets of weights among files, by variant."""
    sets: dict[str, list[str]] = {}
    wanted: dict[str, int] = {}
    for path in below:
        match = _WEIGHTS.fullmatch(PurePosixPath(path).name)
        if match and not _is_other(path):
            variant = match["variant"] or match["late"] or ""
            sets.setdefault(variant, []).append(path)
            wanted[variant] = int(match["parts"] or 1)
    return {variant: files for variant, files in sets.items() if len(files) == wanted[variant]}


def _variant_of_index(path: str) -> str:
    name = PurePosixPath(path).name
    return next((variant for variant in VARIANTS if variant and f".{variant}." in name), "")


def _is_other(path: str) -> bool:
    """Tell whether a file is meant for another framework."""
    return bool(_OTHER_FRAMEWORKS.search(PurePosixPath(path).name.lower()))


def _only_pickles(component: str) -> InputError:
    return InputError(
        "The component {name} has its weights only as pickles, which can carry code.",
        code=ErrorCode.INVALID_FILE,
        remedy="Look for the same checkpoint with files that end with .safetensors.",
        name=component,
    )
