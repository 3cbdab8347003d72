"""Pipelines in folders, as diffusers writes them: decided by the shapes of their weights, not by their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from foveate_server.families.registry import families
from foveate_server.models.hub_file_selection import INDEX, Component, FileSelection
from foveate_server.models.recognition.checkpoints import facts_of
from foveate_server.models.recognition.denoising_network import (
    RecognizedNetwork,
    network_of,
    network_of_packages,
)
from foveate_server.models.recognition.foreign import refuse_foreign
from foveate_server.models.recognition.recognized import Recognized, precision_of, refusal, title_of
from foveate_server.models.tensor_headers import Header, merged
from foveate_server.models.training_size import PIXELS_PER_LATENT
from foveate_shared.wire.protocol import Json, JsonObject

_NETWORKS = ("unet", "transformer", "prior", "decoder")
_FEW_STEP_SCHEDULERS: Mapping[str, str] = {"LCMScheduler": "lcm", "TCDScheduler": "hyper"}


class Folder(Protocol):
    """A folder on this machine, or a repository that nothing was downloaded of yet."""

    @property
    def name(self) -> str:
        """Return what it is called."""

    def paths(self) -> Iterable[str]:
        """Return the paths of its files, with slashes."""

    def json(self, path: str) -> JsonObject:
        """Return what a JSON file holds; an empty object where there is none."""

    def header(self, path: str) -> Header:
        """Return the header of a safetensors file."""


def folder_of(folder: Folder, selection: FileSelection) -> Recognized:
    """Return what the pipeline in `folder` is. Raises InputError where it is none of our families."""
    headers = {
        name: merged(folder.header(path) for path in part.weights)
        for name, part in selection.components.items()
        if part.weights
    }
    network = _network(folder, headers)
    parts = {name: header for name, header in headers.items() if name != "safety_checker"}
    facts = facts_of(network, parts, folder.name, {}, layout="folder")
    for name, part in selection.components.items():
        _note_variant(facts, name, part)
    _read_scheduler(facts, folder.json("scheduler/scheduler_config.json"))
    config = folder.json(f"{families()[network.family].network}/config.json")
    facts["sample_size"] = _sample_size(config, folder.json("vae/config.json"))
    facts["safety_checker"] = "safety_checker" in headers
    return Recognized("diffusion", network.family, title_of(network.base, str(facts["precision"])), facts)


def _sample_size(network: JsonObject, vae: JsonObject) -> Json:
    """Return the side of the training's pictures in latents, as the checkpoint's configuration says it, if it does.

    FLUX.1's network does not say it; its autoencoder does, in image pixels.
    """
    told, pixels = network.get("sample_size"), vae.get("sample_size")
    if told is not None or not isinstance(pixels, int):
        return told
    return pixels // PIXELS_PER_LATENT


def _network(folder: Folder, headers: Mapping[str, Header]) -> RecognizedNetwork:
    for name in _NETWORKS:
        if name in headers:
            precision_of(headers[name])  # refuses what is quantized
            refuse_other_noise(folder)
            network = network_of_packages(headers[name])
            if network is None:
                refuse_foreign(headers[name])
                network = network_of(headers[name])
            if network is not None:
                return network
    pipeline = str(folder.json(INDEX).get("_class_name", "")).removesuffix("Pipeline")
    raise refusal(f"a pipeline of a family that is unknown here ({pipeline or 'without a name'})")


def refuse_other_noise(folder: Folder) -> None:
    """Raise InputError where the scheduler is of a kind that none of our families is sampled with."""
    scheduler = str(folder.json("scheduler/scheduler_config.json").get("_class_name", ""))
    if scheduler.startswith("EDM"):
        raise refusal("a Playground checkpoint, whose noise is of a kind of its own")


def _note_variant(facts: JsonObject, name: str, part: Component) -> None:
    components = facts["components"]
    if part.variant and isinstance(components, dict) and isinstance(components.get(name), dict):
        entry: dict[str, Json] = dict(components[name])  # type: ignore[arg-type]  # checked in the line above
        components[name] = {**entry, "variant": part.variant}


def _read_scheduler(facts: JsonObject, scheduler: JsonObject) -> None:
    """Note what the scheduler's configuration tells of the network: what it predicts, and few-step training."""
    kind = scheduler.get("prediction_type")
    if isinstance(kind, str) and not facts["prediction"]:
        facts["prediction"] = {"epsilon": "epsilon", "v_prediction": "v"}.get(kind, "")
    if facts["variant"]:
        return
    name = str(scheduler.get("_class_name", ""))
    facts["variant"] = _FEW_STEP_SCHEDULERS.get(name, "")
    is_distilled = name.startswith("Euler") and scheduler.get("timestep_spacing") == "trailing"
    if is_distilled and not scheduler.get("rescale_betas_zero_snr"):
        facts["variant"] = "turbo"  # trained to go from the last step on: what SD Turbo and SDXL Turbo are shipped with
