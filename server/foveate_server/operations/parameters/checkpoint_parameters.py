"""The parameters that only checkpoints know."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Protocol

from foveate_server.engines.diffusion_request import Prompt, Sampling, Weighted
from foveate_server.operations.parameters import roles
from foveate_server.operations.parameters.common_parameters import ModelName, Restored
from foveate_server.operations.parameters.declaration import limits, parameter, required
from foveate_shared.forms.operation_form import SEEDS
from foveate_shared.wire.protocol import DIFFUSION
from foveate_shared.wire.schema_words import ADVANCED, BASIC, REPLAY

FACE, OTHER = "face", "other"  # what a region shows, where an empty prompt leaves it to us
Words = Annotated[str, limits(maxLength=8000)]
Seed = Annotated[int, limits(minimum=0, maximum=SEEDS - 1)]
for_checkpoints = partial(parameter, kinds=(DIFFUSION,))


@dataclass(frozen=True)
class PromptParameters:
    """What a job says in words."""

    prompt: Words = for_checkpoints(
        "Prompt",
        "What the picture shall show there. Empty: what suits what is there. Weights: (words)1.2",
        absent="",
        role=roles.PROMPT,
        level=BASIC,
    )
    negative_prompt: Words = for_checkpoints(
        "Negative prompt", "What the picture shall not show.", absent="", role=roles.NEGATIVE_PROMPT, level=BASIC
    )
    preset: ModelName | None = for_checkpoints(
        "Preset", "A style: words around the prompt, and parameters that go with it.", role=roles.PRESET, level=BASIC
    )

    @property
    def is_prompted(self) -> bool:
        """Tell whether the job says in words what it wants."""
        return bool(self.prompt.strip())


@dataclass(frozen=True)
class AddedLora:
    """A LoRA and how much of it is added."""

    name: ModelName = required()
    weight: float = parameter("Weight", default=1, minimum=-4, maximum=4)


@dataclass(frozen=True)
class SubjectPrompt:
    """What is said of a subject where the prompt is empty."""

    prompt: Words = parameter(absent="")
    negative_prompt: Words = parameter(absent="")


@dataclass(frozen=True)
class SubjectPrompts:
    """What is said of each subject where the prompt is empty; the fields are FACE and OTHER."""

    face: SubjectPrompt = parameter(absent=SubjectPrompt())
    other: SubjectPrompt = parameter(absent=SubjectPrompt())


@dataclass(frozen=True)
class SamplingParameters:
    """How a checkpoint renders, and what is added to it."""

    seed: Seed = for_checkpoints(
        "Seed",
        "The same seed gives the same picture. Without one, the server draws it and tells it.",
        absent=0,
        role=roles.SEED,
        level=ADVANCED,
    )
    siblings: tuple[Seed, ...] = for_checkpoints(
        "Seeds of all variations",
        "The seeds of jobs that differ by nothing else: a graphics card makes their pictures at once.",
        absent=(),
        role=roles.SIBLINGS,
        level=REPLAY,
        uniqueItems=True,
        maxItems=64,
    )
    num_inference_steps: int | None = for_checkpoints(
        "Steps",
        "How many steps a run at full strength takes. Without it, the checkpoint's own number.",
        level=ADVANCED,
        minimum=1,
        maximum=150,
    )
    guidance_scale: float | None = for_checkpoints(
        "Guidance",
        "How closely the picture follows the prompt. Without it, the checkpoint's own value.",
        level=ADVANCED,
        minimum=0,
        maximum=30,
    )
    scheduler: ModelName | None = for_checkpoints(
        "Scheduler", "How noise is taken away, by the name that the checkpoint's defaults list.", level=ADVANCED
    )
    loras: tuple[AddedLora, ...] = for_checkpoints(
        "LoRAs",
        "What is added to the checkpoint, each with its weight.",
        absent=(),
        role=roles.LORAS,
        level=ADVANCED,
        maxItems=16,
    )
    embeddings: tuple[ModelName, ...] = for_checkpoints(
        "Embeddings",
        "Textual inversions. Those whose words the prompt uses are found without being named here.",
        absent=(),
        role=roles.EMBEDDINGS,
        level=ADVANCED,
        uniqueItems=True,
        maxItems=64,
    )
    vae: ModelName | None = for_checkpoints(
        "VAE", "What turns latents into pixels, in place of the checkpoint's own.", role=roles.VAE, level=ADVANCED
    )
    subject_prompts: SubjectPrompts = for_checkpoints(
        "Prompts by subject",
        "What is said of a face, and of anything else, where the prompt is empty; from a recipe.",
        absent=SubjectPrompts(),
        role=roles.SUBJECT_PROMPTS,
        level=REPLAY,
    )

    @property
    def loop(self) -> Sampling:
        """Return what is asked of the denoising loop; None where it is left to the checkpoint."""
        return Sampling(self.num_inference_steps, self.guidance_scale, self.scheduler)

    @property
    def weighted_loras(self) -> tuple[Weighted, ...]:
        """Return the wanted LoRAs as the engine takes them."""
        return tuple(Weighted(lora.name, lora.weight) for lora in self.loras)


class Prompted(Restored, Protocol):
    """What checkpoints ask of an operation's parameters."""

    @property
    def said(self) -> PromptParameters:
        """Return what is said in words."""

    @property
    def sampling(self) -> SamplingParameters:
        """Return how the checkpoint renders, and what is added to it."""


def prompt_for(parameters: Prompted, subject: str) -> Prompt:
    """Return the job's prompt; where it is empty, the one that suits `subject` (FACE or OTHER)."""
    said, usual = parameters.said, parameters.sampling.subject_prompts
    if said.is_prompted:
        return Prompt(said.prompt, said.negative_prompt)
    usually = usual.face if subject == FACE else usual.other
    return Prompt(usually.prompt, said.negative_prompt or usually.negative_prompt)
