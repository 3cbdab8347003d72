"""The parameters that only checkpoints know: their schemas, and their values as the engine takes them."""

from __future__ import annotations

from typing import Any, cast

from foveate_server.engines.diffusion_request import Prompt, Sampling, Weighted
from foveate_server.operations.contract import DIFFUSION, JobRequest
from foveate_server.operations.parameters.common_parameters import ADVANCED, BASIC, LEVEL, REPLAY
from foveate_shared.forms.form import SEEDS
from foveate_shared.wire.protocol import JsonObject

KINDS = "x-kinds"  # annotation: the kinds of models that know a parameter; without it, all do
DEFAULTS = "x-defaults"  # annotation: defaults by kind of model, where they are not `default`
FACE, OTHER = "face", "other"  # what a region shows, where an empty prompt leaves it to us
_NAME: JsonObject = {"type": "string", "minLength": 1, "maxLength": 128}
_WORDS: JsonObject = {"type": "string", "maxLength": 8000}


def known_to_checkpoints(schema: JsonObject, level: str = ADVANCED) -> JsonObject:
    """Return a parameter's schema with the remarks that only checkpoints know it, and who needs it."""
    return {**schema, KINDS: [DIFFUSION], LEVEL: level}


PROMPT = known_to_checkpoints(
    {
        **_WORDS,
        "title": "Prompt",
        "description": "What the picture shall show there. Empty: what suits what is there. Weights: (words)1.2",
    },
    BASIC,
)
NEGATIVE_PROMPT = known_to_checkpoints(
    {**_WORDS, "title": "Negative prompt", "description": "What the picture shall not show."}, BASIC
)
SEED = known_to_checkpoints(
    {
        "type": "integer",
        "title": "Seed",
        "description": "The same seed gives the same picture. Without one, the server draws it and tells it.",
        "minimum": 0,
        "maximum": SEEDS - 1,
    }
)
STEPS = known_to_checkpoints(
    {
        "type": "integer",
        "title": "Steps",
        "description": "How many steps a run at full strength takes. Without it, the checkpoint's own number.",
        "minimum": 1,
        "maximum": 150,
    }
)
GUIDANCE = known_to_checkpoints(
    {
        "type": "number",
        "title": "Guidance",
        "description": "How closely the picture follows the prompt. Without it, the checkpoint's own value.",
        "minimum": 0,
        "maximum": 30,
    }
)
SCHEDULER = known_to_checkpoints(
    {
        **_NAME,
        "title": "Scheduler",
        "description": "How noise is taken away, by the name that the checkpoint's defaults list.",
    }
)
LORAS = known_to_checkpoints(
    {
        "type": "array",
        "title": "LoRAs",
        "description": "What is added to the checkpoint, each with its weight.",
        "items": {
            "type": "object",
            "properties": {
                "name": _NAME,
                "weight": {"type": "number", "title": "Weight", "minimum": -4, "maximum": 4, "default": 1},
            },
            "required": ["name"],
            "additionalProperties": False,
        },
        "maxItems": 16,
    }
)
EMBEDDINGS = known_to_checkpoints(
    {
        "type": "array",
        "title": "Embeddings",
        "description": "Textual inversions. Those whose words the prompt uses are found without being named here.",
        "items": _NAME,
        "uniqueItems": True,
        "maxItems": 64,
    }
)
VAE = known_to_checkpoints(
    {**_NAME, "title": "VAE", "description": "What turns latents into pixels, in place of the checkpoint's own."}
)
PRESET = known_to_checkpoints(
    {**_NAME, "title": "Preset", "description": "A style: words around the prompt, and parameters that go with it."},
    BASIC,
)
SIBLINGS = known_to_checkpoints(
    {
        "type": "array",
        "title": "Seeds of all variations",
        "description": "The seeds of jobs that differ by nothing else: a graphics card makes their pictures at once.",
        "items": {"type": "integer", "minimum": 0, "maximum": SEEDS - 1},
        "uniqueItems": True,
        "maxItems": 64,
    },
    REPLAY,
)
SUBJECT_PROMPTS = known_to_checkpoints(
    {
        "type": "object",
        "title": "Prompts by subject",
        "description": "What is said of a face, and of anything else, where the prompt is empty; from a recipe.",
        "properties": {
            subject: {
                "type": "object",
                "properties": {"prompt": _WORDS, "negative_prompt": _WORDS},
                "additionalProperties": False,
            }
            for subject in (FACE, OTHER)
        },
        "additionalProperties": False,
    },
    REPLAY,
)
SAID: dict[str, JsonObject] = {"prompt": PROMPT, "negative_prompt": NEGATIVE_PROMPT, "preset": PRESET}
SAMPLING: dict[str, JsonObject] = {
    "seed": SEED,
    "siblings": SIBLINGS,
    "num_inference_steps": STEPS,
    "guidance_scale": GUIDANCE,
    "scheduler": SCHEDULER,
    "loras": LORAS,
    "embeddings": EMBEDDINGS,
    "vae": VAE,
    "subject_prompts": SUBJECT_PROMPTS,
}


def has_prompt(request: JobRequest) -> bool:
    """Tell whether the job says in words what it wants."""
    return bool(_text(request, "prompt").strip())


def prompt_for(request: JobRequest, subject: str) -> Prompt:
    """Return the job's prompt; where it is empty, the one that suits `subject` (FACE or OTHER)."""
    negative = _text(request, "negative_prompt")
    if has_prompt(request):
        return Prompt(_text(request, "prompt"), negative)
    known = cast("dict[str, Any]", request.parameters.get("subject_prompts") or {})
    usual = known.get(subject) or {}
    return Prompt(str(usual.get("prompt", "")), negative or str(usual.get("negative_prompt", "")))


def seed(request: JobRequest) -> int:
    """Return the seed, which intake has drawn where none was given."""
    return int(cast("int", request.parameters.get("seed") or 0))


def siblings(request: JobRequest) -> tuple[int, ...]:
    """Return the seeds of all variations of the job; none where it has none."""
    return tuple(int(seed) for seed in cast("list[int]", request.parameters.get("siblings") or []))


def sampling(request: JobRequest) -> Sampling:
    """Return what is asked of the denoising loop; None where it is left to the checkpoint."""
    steps, guidance, scheduler = (
        request.parameters.get(name) for name in ("num_inference_steps", "guidance_scale", "scheduler")
    )
    return Sampling(
        None if steps is None else int(cast("int", steps)),
        None if guidance is None else float(cast("float", guidance)),
        None if scheduler is None else str(scheduler),
    )


def loras(request: JobRequest) -> tuple[Weighted, ...]:
    """Return the wanted LoRAs."""
    wanted = cast("list[dict[str, Any]]", request.parameters.get("loras") or [])
    return tuple(Weighted(str(entry["name"]), float(entry.get("weight", 1.0))) for entry in wanted)


def embeddings(request: JobRequest) -> tuple[str, ...]:
    """Return the wanted textual inversions."""
    return tuple(str(name) for name in cast("list[str]", request.parameters.get("embeddings") or []))


def vae(request: JobRequest) -> str | None:
    """Return the wanted VAE; None is the checkpoint's own."""
    name = request.parameters.get("vae")
    return None if name is None else str(name)


def _text(request: JobRequest, name: str) -> str:
    return str(request.parameters.get(name) or "")
