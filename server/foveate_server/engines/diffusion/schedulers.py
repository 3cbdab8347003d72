"""Schedulers by stable names, over diffusers' own, and the way from noise to picture that one of them makes."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from foveate_server.engines.diffusion.contract import Step
from foveate_server.families.family import Prediction
from foveate_shared.errors import InputError

_Scale = Literal["sigmas", "normalized sigmas", "cumulative alphas", "flow"]
_PREDICTIONS = {"epsilon": "epsilon", "v": "v_prediction"}  # as diffusers calls them


@dataclass(frozen=True)
class SchedulerSpec:
    """A scheduler of diffusers, how it is set up, and how it mixes picture and noise."""

    module: str
    name: str
    scale: _Scale
    options: Mapping[str, Any] = field(default_factory=dict)


_EULER = "diffusers.schedulers.scheduling_euler_discrete"
_EULER_ANCESTRAL = "diffusers.schedulers.scheduling_euler_ancestral_discrete"
_DPM = "diffusers.schedulers.scheduling_dpmsolver_multistep"
_DPM_OPTIONS = {"algorithm_type": "dpmsolver++", "solver_order": 2}
# Pictures are not clipped to -1..1 in latent space, where that means nothing.
_DDIM_OPTIONS = {"clip_sample": False, "set_alpha_to_one": False}

SCHEDULERS: Mapping[str, SchedulerSpec] = {
    "euler": SchedulerSpec(_EULER, "EulerDiscreteScheduler", "sigmas"),
    "euler-ancestral": SchedulerSpec(_EULER_ANCESTRAL, "EulerAncestralDiscreteScheduler", "sigmas"),
    "dpm++2m": SchedulerSpec(_DPM, "DPMSolverMultistepScheduler", "normalized sigmas", _DPM_OPTIONS),
    "dpm++2m-karras": SchedulerSpec(
        _DPM, "DPMSolverMultistepScheduler", "normalized sigmas", {**_DPM_OPTIONS, "use_karras_sigmas": True}
    ),
    "ddim": SchedulerSpec("diffusers.schedulers.scheduling_ddim", "DDIMScheduler", "cumulative alphas", _DDIM_OPTIONS),
    "lcm": SchedulerSpec("diffusers.schedulers.scheduling_lcm", "LCMScheduler", "cumulative alphas"),
    "flow-euler": SchedulerSpec(
        "diffusers.schedulers.scheduling_flow_match_euler_discrete", "FlowMatchEulerDiscreteScheduler", "flow"
    ),
}


@dataclass(frozen=True)
class Schedule:
    """How a run shall go."""

    scheduler: str  # a name of SCHEDULERS
    prediction: Prediction
    steps: int  # of a run at full strength
    strength: float  # above 0, up to 1
    options: Mapping[str, Any] = field(default_factory=dict)  # of the scheduler, beyond the checkpoint's own
    uniform_sigmas: bool = False  # of flow matching: from 1 to 1 / steps, before they are shifted
    tokens: int = 0  # that the network sees: some shift their sigmas by it

    @property
    def run(self) -> int:
        """Return how many steps are run."""
        return max(1, min(self.steps, round(self.steps * self.strength)))


def check_scheduler(name: str, allowed: Sequence[str], title: str) -> str:
    """Return `name` where it is one of `allowed`. Raises InputError with those that are, for the family `title`."""
    if name not in allowed:
        raise InputError(
            'The scheduler "{name}" does not work with {family} checkpoints.',
            remedy="Use one of {names}, or leave the choice to Foveate.",
            name=name,
            family=title,
            names=", ".join(allowed),
        )
    return name


class Sampler:
    """One run of a scheduler, which keeps a state: noise is added and taken away through it, in order."""

    def __init__(self, schedule: Schedule, config: Mapping[str, Any], device: torch.device) -> None:
        """`config` is the checkpoint's own scheduler configuration."""
        spec = SCHEDULERS[schedule.scheduler]
        self._spec = spec
        self._schedule = schedule
        self._scheduler = build_scheduler(schedule, config)
        _set_timesteps(self._scheduler, schedule, device)
        self._begin = len(self._scheduler.timesteps) - schedule.run
        if hasattr(self._scheduler, "set_begin_index"):  # the others find their place by the timestep
            self._scheduler.set_begin_index(self._begin)
        self.steps = [self._step(index) for index in range(schedule.run)]

    def noised(self, original: Tensor, noise: Tensor, step: Step) -> Tensor:
        """Return `original` with as much of `noise` as there is at `step`."""
        return step.alpha * original + step.sigma * noise

    def start(self, original: Tensor, noise: Tensor) -> Tensor:
        """Return the latents to begin with: `original` under noise, or nothing but noise at full strength."""
        first = self.steps[0]
        if self._schedule.strength >= 1 and self._schedule.prediction != "flow":
            return noise * float(self._scheduler.init_noise_sigma)
        return self.noised(original, noise, first)

    def scaled(self, latents: Tensor, step: Step) -> Tensor:
        """Return the latents as the network wants to see them."""
        if self._spec.scale == "flow":
            return latents
        result: Tensor = self._scheduler.scale_model_input(latents, step.timestep)
        return result

    def advance(self, predicted: Tensor, latents: Tensor, step: Step, generators: list[torch.Generator]) -> Tensor:
        """Return the latents after `step`; `generators`, one per picture, give the noise that some schedulers add."""
        options: dict[str, Any] = {"return_dict": False}
        if "generator" in self._scheduler.step.__code__.co_varnames:
            options["generator"] = generators
        result: Tensor = self._scheduler.step(predicted, step.timestep, latents, **options)[0]
        return result.float()

    def _step(self, index: int) -> Step:
        position = self._begin + index
        timestep = self._scheduler.timesteps[position]
        alpha, sigma = _coefficients(self._spec.scale, self._scheduler, position)
        return Step(index, self._schedule.run, timestep, alpha, sigma, self._schedule.prediction)


def build_scheduler(schedule: Schedule, config: Mapping[str, Any]) -> Any:
    """Return diffusers' scheduler for `schedule`, with the noise levels of a checkpoint's own `config`."""
    spec = SCHEDULERS[schedule.scheduler]
    scheduler = getattr(importlib.import_module(spec.module), spec.name)
    options = {**spec.options, **schedule.options}
    if schedule.prediction != "flow":
        options["prediction_type"] = _PREDICTIONS[schedule.prediction]
    known = {key: value for key, value in config.items() if not key.startswith("_")}
    return scheduler.from_config(known, **options)


def _set_timesteps(scheduler: Any, schedule: Schedule, device: torch.device) -> None:
    options: dict[str, Any] = {"device": device}
    if schedule.prediction == "flow":
        if scheduler.config.get("use_dynamic_shifting"):
            options["mu"] = _shift(scheduler.config, schedule.tokens)
        if schedule.uniform_sigmas:
            options["sigmas"] = torch.linspace(1.0, 1.0 / schedule.steps, schedule.steps, dtype=torch.float64).tolist()
    try:
        scheduler.set_timesteps(schedule.steps, **options)
    except ValueError as error:  # distilled networks know a limited number of noise levels
        raise InputError(
            'The scheduler "{name}" cannot run {number} steps.',
            remedy="Ask for fewer.",
            name=schedule.scheduler,
            number=schedule.steps,
        ) from error


def _shift(config: Mapping[str, Any], tokens: int) -> float:
    """Return by how much the noise levels shift for a picture of so many tokens: more for larger ones."""
    few, many = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    low, high = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
    return float(low + (high - low) * (tokens - few) / (many - few))


def _coefficients(scale: _Scale, scheduler: Any, position: int) -> tuple[float, float]:
    """Return how much of the picture and of the noise the latents hold at a position of the timesteps."""
    if scale == "cumulative alphas":
        alpha = float(scheduler.alphas_cumprod[int(scheduler.timesteps[position])])
        return alpha**0.5, (1 - alpha) ** 0.5
    sigma = float(scheduler.sigmas[position])
    if scale == "flow":
        return 1 - sigma, sigma
    if scale == "sigmas":
        return 1.0, sigma
    alpha = (sigma**2 + 1) ** -0.5
    return alpha, alpha * sigma
