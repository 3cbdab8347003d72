"""Diffusion without a network, for the deterministic engine: tints that follow from prompt, seed and strength alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np

from foveate_server.engines.contract import Ticker
from foveate_server.engines.diffusion_request import DiffusionFacts, DiffusionRequest, Pictures, Sampling, ShowPreview
from foveate_server.engines.values import Image, Pinned
from foveate_server.families.family import ADDS_DETAIL, FILLS, REPAINTS
from foveate_server.models.catalog import CatalogModel
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.wire.protocol import DIFFUSION, Json, JsonObject, ModelInfo

MODEL = "deterministic-diffusion"
MULTIPLE = 8  # image pixels
SIDE = 512  # image pixels
STEPS = 20  # of a run at full strength
TINT = 0.25  # the largest change of a sample at full strength
_SCHEDULER = "none"
_DENOISING_SHARE = 0.9  # of the progress
_FAMILY = "deterministic"
_CAPABILITIES = frozenset({REPAINTS, FILLS, ADDS_DETAIL})
_DEFAULTS: JsonObject = {
    "num_inference_steps": STEPS,
    "guidance_scale": 1.0,
    "scheduler": _SCHEDULER,
    "schedulers": [_SCHEDULER],
    "strength": 0.5,
    "pixels": SIDE * SIDE,
}
LORA, EMBEDDING, FOREIGN_LORA = "deterministic-lora", "deterministic-word", "foreign-lora"


def list_models() -> list[CatalogModel]:
    """Return the checkpoint, and what can be added to it; one LoRA fits another family alone."""
    checkpoint = ModelInfo(
        MODEL, "Deterministic checkpoint", (), 1, available=True, kind=DIFFUSION, family=_FAMILY, defaults=_DEFAULTS
    )
    return [
        CatalogModel(checkpoint, capabilities=_CAPABILITIES),
        CatalogModel(_addition(LORA, "lora", _FAMILY)),
        CatalogModel(_addition(FOREIGN_LORA, "lora", "foreign")),
        CatalogModel(_addition(EMBEDDING, "embedding", _FAMILY, trigger_words=[EMBEDDING])),
    ]


def _addition(name: str, kind: str, family: str, **defaults: Json) -> ModelInfo:
    return ModelInfo(name, name, (), 1, available=True, kind=kind, family=family, fits=(family,), defaults=defaults)


def facts(model: str | None) -> DiffusionFacts:
    """Return what there is to know of the one checkpoint. Raises InputError for any other."""
    if model not in (None, MODEL):
        raise InputError(f'There is no checkpoint "{model}".', code=ErrorCode.UNKNOWN_MODEL, remedy=f"Choose {MODEL}.")
    return DiffusionFacts(
        model=MODEL,
        sha256=hashlib.sha256(MODEL.encode()).hexdigest(),
        family=_FAMILY,
        title="Deterministic",
        multiple=MULTIPLE,
        pixels=SIDE * SIDE,
        native_side=SIDE,
        schedulers=(_SCHEDULER,),
        defaults=_DEFAULTS,
    )


def diffuse(
    request: DiffusionRequest, before_step: Callable[[Ticker], None], ticker: Ticker, preview: ShowPreview | None
) -> Pictures:
    """Return the image tinted, one picture per seed; `before_step` is called as often as a network would be.

    Raises InputError for sides that are no multiple of MULTIPLE.
    """
    known = facts(request.model)
    height, width = request.image.shape[:2]
    if height % MULTIPLE or width % MULTIPLE:
        raise InputError(f"The sides of the image, {width} x {height}, are no multiples of {MULTIPLE}.")
    steps = request.sampling.num_inference_steps or STEPS
    run = max(1, round(steps * request.strength))
    images = tuple(_tinted(request, seed) for seed in request.seeds)
    ticker.progress("Reading the prompt", 0.0)
    for step in range(run):
        ticker.give_way()
        ticker.progress("Denoising", _DENOISING_SHARE * step / run, step + 1, run)
        before_step(ticker)
        if preview is not None:
            share = (step + 1) / run
            halfway = request.image + share * (images[0] - request.image)
            preview(np.rint(np.clip(halfway, 0, 1) * 255).astype(np.uint8))
    ticker.progress("Decoding", _DENOISING_SHARE)
    sampling = Sampling(steps, request.sampling.guidance_scale or 1.0, _SCHEDULER)
    return Pictures(images, known, sampling, "cpu: deterministic", Pinned("float32", None, 1), _additions(request))


def _additions(request: DiffusionRequest) -> JsonObject:
    told: JsonObject = {}
    if request.loras:
        told["loras"] = [{**_hashed(lora.name), "weight": lora.weight} for lora in request.loras]
    if request.embeddings:
        told["embeddings"] = [_hashed(name) for name in request.embeddings]
    if request.vae is not None:
        told["vae"] = _hashed(request.vae)
    return told


def _hashed(name: str) -> JsonObject:
    return {"name": name, "sha256": hashlib.sha256(name.encode()).hexdigest()}


def _tinted(request: DiffusionRequest, seed: int) -> Image:
    words = repr((request.prompt, seed, request.loras, request.embeddings, request.vae)).encode()
    color = np.frombuffer(hashlib.sha256(words).digest()[:3], np.uint8).astype(np.float32) / 127.5 - 1
    share = np.float32(request.strength * TINT)
    amount = share if request.mask is None else share * request.mask[..., None]
    result: Image = request.image + amount * color
    return result
