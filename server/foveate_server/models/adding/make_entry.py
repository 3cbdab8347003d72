"""What a person may say when adding a model, and the entry that comes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from foveate_server.families.registry import families
from foveate_server.models.entry import ADDITIONS, ModelEntry, ModelFile, SourceSpec
from foveate_server.models.inspect_model import telling_name
from foveate_server.models.recognition.recognized import Recognized
from foveate_server.models.registry import Registry
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.wire.protocol import JsonObject
from foveate_shared.wire.rules import is_device_name


@dataclass(frozen=True)
class AddOptions:
    """What a person may say about a model when adding it."""

    name: str | None = None  # None: made from the file's, folder's or repository's
    family: str = ""  # of a VAE, LoRA or embedding that shows none
    variant: str = ""  # how it was trained to be sampled, where that is told wrongly or not at all
    prediction: str = ""  # "epsilon" or "v", likewise
    reference: str = ""  # a folder with the configuration of a single file, or a model that has it
    allow_pickle: bool = False  # read the weights in .ckpt, .pt and .bin files
    later: bool = False  # only note it; fetched at first use, or by `pull`


PLAIN = AddOptions()  # nothing said


def config_name(found: Recognized) -> str:
    """Return the entry of the manifest with the configuration for a single file like this."""
    base = str(found.facts["base"]).lower()
    if found.family == "sd3":
        return {"medium": "config-sd35-medium", "large": "config-sd35-large"}.get(
            base.split()[-1] if "3.5" in base else "", "config-sd3"
        )
    if found.family == "flux1":
        return f"config-flux1-{base.split()[-1]}"
    return f"config-{found.family}" + ("-inpainting" if found.facts["inpainting"] else "")


def reference_name(registry: Registry, found: Recognized, options: AddOptions) -> str:
    """Return the model with the configuration for a single file: the one that was named, or that of its family.

    Raises InputError where the named one does not have it.
    """
    if not options.reference:
        return config_name(found)
    if Path(options.reference).name != options.reference:
        raise InputError(
            "{path} is no folder as diffusers writes it.",
            code=ErrorCode.INVALID_PARAMETER,
            remedy="Name one with a model_index.json, or a model of the same family.",
            path=options.reference,
        )
    entry = registry.entry(options.reference)
    if entry.kind not in ("diffusion", "config") or entry.family != found.family:
        raise InputError(
            "{name} does not configure a checkpoint of {family}.",
            code=ErrorCode.INVALID_PARAMETER,
            remedy="Name a folder as diffusers writes it, or a model of the same family.",
            name=entry.name,
            family=families()[found.family].title,
        )
    return entry.name


def check_whole(found: Recognized, reference: str, registry: Registry) -> None:
    """Raise InputError where a checkpoint lacks components that the model `reference` does not have either.

    A family's configuration has them all: see models.family_configurations.
    """
    missing = found.facts.get("missing")
    if not isinstance(missing, list) or not missing:
        return
    other = next((entry for entry in registry.entries() if entry.name == reference), None)
    if other is not None and other.kind == "config":
        return
    components = other.facts.get("components") if other else None
    lacking = [str(part) for part in missing if not isinstance(components, dict) or part not in components]
    if lacking:
        raise InputError(
            "This file holds a part of {base} only: it lacks {components}.",
            code=ErrorCode.INVALID_FILE,
            remedy="Add a whole checkpoint of the family first, and then this file with --config and that one's name.",
            base=found.facts["base"],
            components=listed(lacking),
        )


def listed(components: Iterable[str]) -> str:
    """Return components for a person: "the VAE and the text encoder"."""
    words = {
        "vae": "the VAE",
        "unet": "the network itself",
        "transformer": "the network itself",
        "text_encoder": "the text encoder",
        "text_encoder_2": "the second text encoder",
        "text_encoder_3": "the third text encoder",
    }
    named = [words.get(component, component) for component in components]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def adapted(found: Recognized, options: AddOptions) -> Recognized:
    """Return `found` with what a person knows better."""
    facts: JsonObject = dict(found.facts)
    if options.variant and found.kind in ("diffusion", "lora"):
        facts["variant"] = "" if options.variant == "none" else options.variant
    if options.prediction and found.kind == "diffusion":
        facts["prediction"] = options.prediction
    family = found.family
    if options.family and options.family != family:
        if family or found.kind not in ADDITIONS:
            raise InputError(
                "This is of the family {family}, not {other}: its shapes say so.",
                code=ErrorCode.INVALID_PARAMETER,
                remedy="Leave --family out.",
                family=family or "of restorers",
                other=options.family,
            )
        family = _known_family(options.family)
    return replace(found, family=family, facts=facts)


def entry_of(
    name: str,
    found: Recognized,
    source: SourceSpec,
    files: tuple[ModelFile, ...],
    *,
    title: str,
    license_: str = "",
    reference: str = "",
) -> ModelEntry:
    """Return the entry for what was found."""
    restores = found.kind == "restore"
    return ModelEntry(
        name=name,
        title=f"{title} ({found.title})",
        kind=found.kind,
        architecture=str(found.facts["architecture"]) if restores else found.family,
        scale=int(str(found.facts["scale"])) if restores else 1,
        license=license_,
        license_file=None,
        source=source,
        files=files,
        family=found.family,
        facts={} if restores else found.facts,
        reference=reference,
    )


def name_from(path: Path) -> str:
    """Return a model's name for a file or folder: its stem, with what cannot be in a name made dashes.

    A file that is called as every other one of its kind takes the name of its folder.
    """
    stem = path.name if path.is_dir() else telling_name(path)
    letters = "".join(c if (c.isascii() and c.isalnum()) or c in "._-" else "-" for c in stem.lower())
    name = letters.strip("._-")[:64].rstrip(".") or "model"
    return f"{name[:58]}-model" if is_device_name(name) else name


def _known_family(name: str) -> str:
    """Return `name` where a family is called so; raises InputError."""
    if name not in families():
        raise InputError(
            "There is no family called {name!r}.",
            code=ErrorCode.INVALID_PARAMETER,
            remedy="Choose one of {names}.",
            name=name,
            names=", ".join(families()),
        )
    return name
