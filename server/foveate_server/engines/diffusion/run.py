"""One request on a loaded checkpoint: from the image to latents, through the loop, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from foveate_server.engines.base import Image, Ticker
from foveate_server.engines.diffusing import DiffusionRequest, Sampling, ShowPreview
from foveate_server.engines.diffusion.base import Conditioning, Place, Predict, Step
from foveate_server.engines.diffusion.loop import Start, denoise, seeded_noise
from foveate_server.engines.diffusion.preview import Previews
from foveate_server.engines.diffusion.residents import Resident
from foveate_server.engines.diffusion.schedulers import Sampler, Schedule
from foveate_server.engines.watch import Meter, layers
from foveate_shared.geometry import Bounds, Extent

_BATCH = 4  # pictures at once
_INSIDE = 0.5  # a mask of this much is what an inpainting network shall fill
_DENOISING_SHARE = 0.9  # of the time


@dataclass(frozen=True)
class _Batch:
    """Pictures that are made at once, and where they are in the request's work, as fractions of it."""

    seeds: tuple[int, ...]
    done: float
    share: float


class Run:
    """Makes the pictures of one request. Call within inference mode."""

    def __init__(
        self,
        resident: Resident,
        request: DiffusionRequest,
        sampling: Sampling,
        ticker: Ticker,
        preview: ShowPreview | None,
    ) -> None:
        """`sampling` has a value for everything."""
        self._denoiser = denoiser = resident.denoiser
        self._wardrobe = resident.wardrobe
        self._request = request
        self._sampling = sampling
        self._ticker = ticker
        self._previews = Previews(preview, denoiser.family)
        self._layers = len(layers(denoiser.network))

    def images(self) -> list[Image]:
        """Return one picture per seed. Raises CancelledJobError, InputError."""
        request, denoiser = self._request, self._denoiser
        self._ticker.progress("Reading the prompt", 0.0)
        with denoiser.watched(self._ticker.check):
            conditioning = denoiser.encode_prompt(self._wardrobe.spelled(request.prompt))
            original = denoiser.encode(to_tensor(request.image, denoiser.device))
            beside = self._beside() if denoiser.sees_mask else None
        mask = self._mask()
        predict = self._predict(conditioning, beside)
        images: list[Image] = []
        for batch in _batches(request.seeds):
            latents = self._denoised(batch, original, mask, predict)
            self._ticker.progress("Decoding", batch.done + _DENOISING_SHARE * batch.share)
            with denoiser.watched(self._ticker.check):
                images += [to_image(denoiser.decode(picture[None])) for picture in latents]
        return images

    def _denoised(self, batch: _Batch, original: Tensor, mask: Tensor | None, predict: Predict) -> Tensor:
        """Return the latents (n, c, h, w) of the pictures of `batch`."""
        seeds = batch.seeds
        fresh = seeded_noise(seeds, (original.shape[1], original.shape[2], original.shape[3]), self._denoiser.device)
        start = Start(original.expand(len(seeds), -1, -1, -1), fresh.noise, fresh.generators, mask)
        sampler = Sampler(self._schedule(original), self._denoiser.pipe.scheduler.config, self._denoiser.device)
        meter = Meter(self._ticker, "Denoising")

        def watched_predict(latents: Tensor, step: Step) -> Tensor:
            each = _DENOISING_SHARE * batch.share / step.count
            meter.begin(batch.done + each * step.index, each, self._layers, step.index + 1, step.count)
            return predict(latents, step)

        with self._denoiser.watched(meter.tick):
            return denoise(watched_predict, sampler, start, lambda step, clean: self._previews.offer(clean))

    def _mask(self) -> Tensor | None:
        """Return how much each latent may change, (1, 1, h, w); a network that sees the mask keeps out of it itself."""
        if self._request.mask is None:
            return None
        mask = to_latent_mask(self._request.mask, self._denoiser.family.factor, self._denoiser.device)
        return torch.where(mask == 0, torch.ones_like(mask), mask) if self._denoiser.sees_mask else mask

    def _beside(self) -> Tensor:
        """Return what an inpainting network sees beside the latents, (1, 1 + c, h, w): the mask and what is around."""
        image = to_tensor(self._request.image, self._denoiser.device)
        height, width = image.shape[2:]
        wanted = np.ones((height, width), np.float32) if self._request.mask is None else self._request.mask
        inside = (torch.from_numpy(wanted)[None, None].to(image) >= _INSIDE).float()
        around = self._denoiser.encode(image * (1 - inside))
        return torch.cat([functional.interpolate(inside, size=around.shape[2:]), around], dim=1)

    def _predict(self, conditioning: Conditioning, beside: Tensor | None) -> Predict:
        denoiser, height, width = self._denoiser, *self._request.image.shape[:2]
        place = Place(Extent(width, height), Bounds(0, 0, width, height))
        guidance = self._sampling.guidance_scale

        def predict(latents: Tensor, step: Step) -> Tensor:
            return denoiser.predict(
                latents,
                step.timestep,
                conditioning,
                guidance_scale=1.0 if guidance is None else guidance,
                places=[place] * latents.shape[0],
                beside=None if beside is None else beside.expand(latents.shape[0], -1, -1, -1),
            )

        return predict

    def _schedule(self, original: Tensor) -> Schedule:
        family, traits = self._denoiser.family, self._denoiser.traits
        return Schedule(
            scheduler=str(self._sampling.scheduler),
            prediction=traits.prediction,
            steps=int(self._sampling.num_inference_steps or 1),
            strength=min(1.0, self._request.strength),
            options=traits.scheduler_options or {},
            uniform_sigmas=family.uniform_sigmas,
            tokens=original.shape[2] * original.shape[3] // 4,
        )


def _batches(seeds: Sequence[int]) -> Iterator[_Batch]:
    for first in range(0, len(seeds), _BATCH):
        some = tuple(seeds[first : first + _BATCH])
        yield _Batch(some, first / len(seeds), len(some) / len(seeds))


def to_tensor(image: Image, device: torch.device) -> Tensor:
    """Return an image (h, w, 3), 0..1, as (1, 3, h, w), -1..1, float32. Values beyond are clipped."""
    clipped = np.clip(image, 0.0, 1.0)
    return torch.from_numpy(np.ascontiguousarray(clipped)).permute(2, 0, 1)[None].to(device) * 2 - 1


def to_image(decoded: Tensor) -> Image:
    """Return the first of (b, 3, h, w), -1..1, as an image (h, w, 3), 0..1, clipped."""
    image: Image = ((decoded[0].float() + 1) / 2).clamp(0, 1).permute(1, 2, 0).contiguous().cpu().numpy()
    return image


def to_latent_mask(mask: NDArray[np.float32], factor: int, device: torch.device) -> Tensor:
    """Return a mask (h, w) as the mean over each latent's pixels: (1, 1, h / factor, w / factor)."""
    return functional.avg_pool2d(torch.from_numpy(np.ascontiguousarray(mask))[None, None].to(device), factor)
