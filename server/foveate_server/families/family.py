"""A family of checkpoints: the numbers that all of its members share. Knows nothing of torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from foveate_shared.wire.protocol import JsonObject

# What the checkpoints of a family can do: operations say which of these they need, see models.model_requirement.
REPAINTS = "repaints"  # renders a picture again, as far from it as is asked for
FILLS = "fills"  # invents what a part of a picture shows, to fit what lies around it
ADDS_DETAIL = "adds-detail"  # gives a picture that is larger than its native side finer detail, tile beside tile

Prediction = Literal["epsilon", "v", "flow"]
LatentColor = tuple[float, float, float]  # what one latent channel adds to red, green and blue, each -1 to 1


@dataclass(frozen=True)
class FamilyDefaults:
    """The sampling of a checkpoint where nothing else is asked for."""

    num_inference_steps: int
    guidance_scale: float
    scheduler: str
    strength: float

    def to_json(self) -> JsonObject:
        """Return them by the names of parameters."""
        return {
            "num_inference_steps": self.num_inference_steps,
            "guidance_scale": self.guidance_scale,
            "scheduler": self.scheduler,
            "strength": self.strength,
        }


@dataclass(frozen=True)
class FewStep:
    """How checkpoints are sampled that were distilled to a few steps."""

    defaults: FamilyDefaults
    scheduler_options: Mapping[str, Any] = field(default_factory=dict)  # beyond the checkpoint's own configuration


@dataclass(frozen=True)
class Family:
    """What is common to the checkpoints that descend from one base model."""

    name: str  # such as "sd1"
    title: str  # for a person: "SDXL"
    adapter: str  # "package.module:Class", the PipelineDenoiser that asks its networks; the engine alone imports it
    native_side: int  # image pixels: of the square of the area that it was trained at
    multiple: int  # sides of images are multiples of it, in pixels
    factor: int  # image pixels per latent, along one axis
    latent_channels: int
    prediction: Prediction  # unless the checkpoint's own configuration says otherwise
    defaults: FamilyDefaults
    schedulers: tuple[str, ...]  # names of `schedulers.SCHEDULERS` that work with it
    latent_colors: tuple[LatentColor, ...]  # one per channel: previews without a decoder
    encoders: Mapping[str, tuple[str, ...]]  # its text encoders, as diffusers names them -> prefixes in single files
    clip_encoders: tuple[str, ...]  # those of them that textual inversions are made for
    optional: tuple[str, ...] = ()  # components that it works without
    latent_bias: LatentColor = (0.0, 0.0, 0.0)
    half_vae: bool = True  # its autoencoder can compute in float16; else it overflows
    half: Literal["float16", "bfloat16"] = "float16"  # in which its network computes best on a GPU
    uniform_sigmas: bool = False  # flow matching: noise levels are spread evenly before they are shifted
    native_sides: Mapping[Prediction, int] = field(default_factory=dict)  # where it depends on what is predicted
    variants: Mapping[str, FewStep] = field(default_factory=dict)  # few-step ones, by the names of inspection's facts
    embeddings: bool = True  # textual inversions work with it
    inpainting: FamilyDefaults | None = None  # of checkpoints whose network sees the mask, where they differ
    capabilities: frozenset[str] = frozenset({REPAINTS, FILLS, ADDS_DETAIL})
    network: Literal["unet", "transformer"] = "unet"  # what diffusers calls the part that denoises
    recognizer: str = ""  # "package.module:function", see denoising_network.Recognize; empty: that file knows it
    repository: str = ""  # of the model hub, that configures its single files; empty: see manifest.toml

    @property
    def needed_components(self) -> list[str]:
        """Return what a pipeline of the family cannot do without, as diffusers names it."""
        return [self.network, "vae", *(name for name in self.encoders if name not in self.optional)]

    def side_for(self, prediction: object) -> int:
        """Return the native side of checkpoints that predict `prediction`; where that is not known, of most."""
        return next((side for kind, side in self.native_sides.items() if kind == prediction), self.native_side)
