"""LoRAs, textual inversions and other autoencoders on a loaded checkpoint: put on for a request, and taken off again.

None of them changes a weight of the checkpoint: LoRAs compute beside its layers, words get rows of their own in a
longer copy of the table of words, and an autoencoder stands in for the checkpoint's own. Taking them off is forgetting
them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import torch

from foveate_server.engines.diffusion import load_vae, loras
from foveate_server.engines.diffusion.denoiser import PipelineDenoiser
from foveate_server.engines.diffusion.library import Addition
from foveate_server.engines.diffusion.textual_inversion import Words, read_inversion
from foveate_server.engines.diffusion_request import DiffusionRequest, Prompt, Weighted
from foveate_server.families.family import Family
from foveate_server.families.registry import families
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.wire.protocol import JsonObject

FindAddition = Callable[[str, str], Addition]  # (name, kind) -> the addition, fetched; raises InputError


@dataclass(frozen=True)
class Wanted:
    """What a request asks for, found; equal where nothing need be changed."""

    loras: tuple[tuple[Addition, float], ...] = ()
    embeddings: tuple[Addition, ...] = ()
    vae: Addition | None = None

    def hashes(self) -> JsonObject:
        """Return what a recipe tells of the additions."""
        result: JsonObject = {}
        if self.loras:
            result["loras"] = [{"name": a.name, "sha256": a.sha256, "weight": weight} for a, weight in self.loras]
        if self.embeddings:
            result["embeddings"] = [{"name": a.name, "sha256": a.sha256} for a in self.embeddings]
        if self.vae is not None:
            result["vae"] = {"name": self.vae.name, "sha256": self.vae.sha256}
        return result


def wanted_by(request: DiffusionRequest, family: Family, find: FindAddition) -> Wanted:
    """Return what `request` asks for. Raises InputError for what is unknown or made for another family."""
    used = [name for name in request.embeddings if _is_used(name, request)]
    if used and not family.embeddings:
        raise InputError(
            "Embeddings do not work with {family} checkpoints.",
            code=ErrorCode.INVALID_PARAMETER,
            remedy="Leave them away, and say in words what they stand for.",
            family=family.title,
        )
    vae = None if request.vae is None else _fitting(find(request.vae, "vae"), family)
    return Wanted(
        tuple((_fitting(find(lora.name, "lora"), family), lora.weight) for lora in _weighted(request.loras)),
        tuple(_fitting(find(name, "embedding"), family) for name in used),
        vae,
    )


class Wardrobe:
    """What a loaded checkpoint wears. Its weights are the same before and after, bit for bit."""

    def __init__(self, denoiser: PipelineDenoiser, config: Path) -> None:
        """`config` is the folder with the checkpoint's configuration."""
        self._denoiser = denoiser
        self._config = config
        self._own_vae = load_vae.Pristine(denoiser.pipe.vae)
        # Those that stand in for it, as long as somebody holds them: a run may be in the midst of one's pass.
        self._other_vaes: WeakValueDictionary[tuple[Addition, torch.dtype], Any] = WeakValueDictionary()
        self._words: Words | None = None  # that the prompts of this moment may use
        self._worn: tuple[Wanted, torch.dtype | None] = Wanted(), None

    def wear(self, wanted: Wanted, vae_dtype: torch.dtype) -> None:
        """Put on what is `wanted`, and take off all else; the autoencoder computes in `vae_dtype`.

        Raises InputError for what does not fit; then it is bare.
        """
        if (wanted, vae_dtype) == self._worn:
            return
        self.take_off()
        self._own_vae.compute_in(vae_dtype)
        try:
            self._put_on(wanted)
        except BaseException:
            self.take_off()
            raise
        self._worn = wanted, vae_dtype

    def take_off(self) -> None:
        """Leave the checkpoint as it was loaded."""
        loras.remove(self._denoiser)
        if self._words is not None:
            self._words.forget()
            self._words = None
        if self._denoiser.pipe.vae is not self._own_vae.vae:
            self._denoiser.pipe.vae = self._own_vae.vae.to(self._denoiser.pipe.vae.device)
        self._worn = Wanted(), None

    def spelled(self, prompt: Prompt) -> Prompt:
        """Return `prompt` with the words of embeddings as the tokenizers know them."""
        if self._words is None:
            return prompt
        return Prompt(self._words.spelled(prompt.positive), self._words.spelled(prompt.negative))

    def _put_on(self, wanted: Wanted) -> None:
        loras.put_on(self._denoiser, wanted.loras)
        if wanted.embeddings:
            self._words = Words(self._denoiser)
            for addition in wanted.embeddings:
                self._words.teach(addition.name, read_inversion(addition.path))
        if wanted.vae is not None:
            self._denoiser.pipe.vae = self._other_vae(wanted.vae)

    def _other_vae(self, addition: Addition) -> Any:
        """Return the autoencoder where the present one is, and as exact."""
        own = self._denoiser.vae
        held = self._other_vaes.get((addition, own.dtype))
        if held is not None:
            return held.to(own.device)
        vae = load_vae.load(self._denoiser, addition.name, addition.path, self._config)
        self._other_vaes[addition, own.dtype] = vae
        return vae


def _weighted(loras_of_request: Sequence[Weighted]) -> list[Weighted]:
    """Return the LoRAs that count for something, each once."""
    names = [lora.name for lora in loras_of_request]
    if len(set(names)) != len(names):
        raise InputError("A LoRA is named twice.", remedy="Name each once, with the weight that it shall have.")
    return [lora for lora in loras_of_request if lora.weight != 0]


def _is_used(name: str, request: DiffusionRequest) -> bool:
    prompts = [request.prompt]
    if request.tiling is not None:
        prompts += [prompt for _, prompt in request.tiling.prompts]
    texts = " ".join(f"{prompt.positive} {prompt.negative}" for prompt in prompts)
    return name.lower() in texts.lower()


def _fitting(addition: Addition, family: Family) -> Addition:
    if addition.fits and family.name not in addition.fits:
        made_for = " and ".join(families()[name].title for name in addition.fits if name in families())
        raise InputError(
            "{name} was made for {family}, and the checkpoint is of {other}.",
            code=ErrorCode.INVALID_PARAMETER,
            remedy="Choose a checkpoint of {family}, or leave {name} away.",
            name=addition.name,
            family=made_for,
            other=family.title,
        )
    return addition
