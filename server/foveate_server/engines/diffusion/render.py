"""One request on a loaded checkpoint: from the image to latents, through the loop, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from foveate_server.engines.contract import Ticker
from foveate_server.engines.diffusion.anchor import LowFrequencyAnchor
from foveate_server.engines.diffusion.contract import Predict, Step
from foveate_server.engines.diffusion.denoising_loop import Start, denoise, seeded_noise
from foveate_server.engines.diffusion.latent_canvas import LatentCanvas
from foveate_server.engines.diffusion.latent_previews import LatentPreviews
from foveate_server.engines.diffusion.loaded_checkpoints import Resident
from foveate_server.engines.diffusion.memory_plan import MemoryPlan, resident
from foveate_server.engines.diffusion.schedulers import Sampler, Schedule
from foveate_server.engines.diffusion.tensors import to_image, to_latent_mask, to_tensor
from foveate_server.engines.diffusion.tiny_vae import TinyVae
from foveate_server.engines.diffusion.vae import Codec, ExactTiles, in_memory
from foveate_server.engines.diffusion.vae_work import decoding_work, encoding_work
from foveate_server.engines.diffusion.work_shares import WorkShares
from foveate_server.engines.diffusion_request import DiffusionRequest, Sampling, ShowPreview
from foveate_server.engines.layer_hooks import Meter
from foveate_server.engines.values import Image
from foveate_shared.i18n.sentence import Sentence

_READING, _DENOISING, _DECODING = "Reading the prompt", "Denoising", "Decoding"
_INSIDE = 0.5  # a mask of this much is what an inpainting network shall fill


@dataclass(frozen=True)
class RenderPlan:
    """A request with all choices made."""

    request: DiffusionRequest
    sampling: Sampling  # has a value for everything
    canvas: LatentCanvas
    plan: MemoryPlan
    shown: int = 0  # which picture of a batch the previews show
    scheduler_options: Mapping[str, Any] = field(default_factory=dict)  # beyond the checkpoint's own configuration


@dataclass(frozen=True)
class _Batch:
    """Pictures that are made at once, and where they are in the request's work, as fractions of it."""

    seeds: tuple[int, ...]
    done: float  # before it
    denoising: float
    decoding: float


class Run:
    """Makes the pictures of one request. Call within inference mode."""

    def __init__(
        self,
        loaded: Resident,
        task: RenderPlan,
        ticker: Ticker,
        preview: ShowPreview | None,
        tiny: TinyVae | None = None,
        *,
        come_back: Callable[[], None] = lambda: None,
    ) -> None:
        """`tiny` decodes what `preview` shows; None leaves it at the latents' colours.

        `come_back` makes the checkpoint as it was, after others' work that was let in.
        """
        self._denoiser = loaded.denoiser
        self._wardrobe = loaded.wardrobe
        self._task = task
        self._request = task.request
        self._ticker = ticker
        self._meter = Meter(ticker, _READING)
        self._vae = loaded.denoiser.vae  # held, so that another one need not be loaded anew after others' work
        self._come_back = come_back
        self._previews = LatentPreviews(preview, self._denoiser.family, tiny=tiny, room=task.plan.room)

    def images(self) -> list[Image]:
        """Return one picture per seed. Raises CancelledJobError, InputError."""
        denoiser = self._denoiser
        self._ticker.progress(_READING, 0.0)
        prompts = [self._request.prompt, *(prompt for _, prompt in self._task.canvas.regions)]
        with self._at_work(denoiser.text_encoders):
            conditionings = [denoiser.encode_prompt(self._wardrobe.spelled(prompt)) for prompt in prompts]
        if conditionings[0].negative is None and self._request.prompt.negative.strip():
            title = denoiser.family.title
            self._ticker.note(
                Sentence("{families} checkpoints know no negative prompt; yours is left away.", families=title)
            )
        shares = self._shares(2 if conditionings[0].negative is not None else 1)
        meter, image = self._meter, to_tensor(self._request.image, denoiser.device)
        work = encoding_work(denoiser.vae, image, tiled=self._task.plan.vae_tile is not None)
        with self._coding():
            meter.begin(0.0, shares.encoding, work * (2 if denoiser.sees_mask else 1))
            original = self._encoded(image)
            beside = self._beside() if denoiser.sees_mask else None
        guidance = self._task.sampling.guidance_scale
        predict, passes = self._task.canvas.predict(
            denoiser,
            conditionings,
            guidance_scale=1.0 if guidance is None else guidance,
            beside=beside,
            batch=self._task.plan.tiles,
            before=lambda: self._give_way([denoiser.network]),
        )
        images: list[Image] = []
        for batch in self._batches(shares):
            with self._on_device([denoiser.network]), self._sliced():
                latents = self._denoised(batch, original, predict, passes)
            images += self._pictures(batch, latents)
        self._ticker.progress(_DECODING, 1.0)
        return images

    def _pictures(self, batch: _Batch, latents: Tensor) -> list[Image]:
        """Return what latents (n, c, h, w) show."""
        meter, denoiser = self._meter, self._denoiser
        meter.stage = _DECODING
        work = decoding_work(denoiser.vae, latents, tiled=self._task.plan.vae_tile is not None)
        with self._coding():
            meter.begin(batch.done + batch.denoising, batch.decoding, work)
            return [to_image(self._decoded(picture[None])) for picture in latents]

    def _denoised(self, batch: _Batch, original: Tensor, predict: Predict, passes: int) -> Tensor:
        """Return the latents (n, c, h, w) of the pictures of `batch`."""
        device, seeds = self._denoiser.device, batch.seeds
        fresh = seeded_noise(seeds, (original.shape[1], original.shape[2], original.shape[3]), device)
        start = Start(original.expand(len(seeds), -1, -1, -1), fresh.noise, fresh.generators, self._mask())
        sampler = Sampler(self._schedule(), self._denoiser.pipe.scheduler.config, device)
        meter = self._meter
        meter.stage = _DENOISING
        count = self._denoiser.stops * passes * (len(seeds) if passes > 1 else 1)

        def metered(latents: Tensor, step: Step) -> Tensor:
            each = batch.denoising / step.count
            meter.begin(batch.done + each * step.index, each, count, step.index + 1, step.count)
            return predict(latents, step)

        anchor, factor = self._task.canvas.anchor, self._denoiser.family.factor
        hooks = [LowFrequencyAnchor(original, anchor, factor=factor)] if anchor > 0 else []
        network = [self._denoiser.network]
        with self._denoiser.watched(meter.tick), self._denoiser.pausing(network, lambda: self._give_way(network)):
            return denoise(metered, sampler, start, self._show, hooks)

    def _give_way(self, at_work: Sequence[nn.Module]) -> None:
        """Let others' work run, which may use the same checkpoint, and have all of it as it was, down to its layers.

        What is `at_work` may be in the midst of a pass.
        """
        if not self._meter.give_way():
            return
        self._come_back()
        for part in at_work:
            part.to(self._denoiser.device)  # where parts wait elsewhere, it has been sent back
        if self._slices and self._denoiser.network in at_work:
            self._denoiser.network.set_attention_slice("max")

    def _show(self, step: Step, clean: Tensor) -> None:
        del step
        self._previews.offer(clean[self._task.shown :])

    def _batches(self, shares: WorkShares) -> Iterator[_Batch]:
        seeds, size = self._request.seeds, self._task.plan.pictures
        for first in range(0, len(seeds), size):
            some = tuple(seeds[first : first + size])
            share = shares.picture * len(some)
            done = shares.encoding + shares.picture * first
            yield _Batch(some, done, shares.denoising * share, (1 - shares.denoising) * share)

    def _shares(self, rows: float) -> WorkShares:
        """Return what the parts take; the network sees `rows` of each picture at once, and more where tiles overlap."""
        canvas = self._task.canvas
        if canvas.tile is not None:
            spread = 1 - canvas.overlap / max(canvas.tile.width, canvas.tile.height)
            rows /= max(0.25, spread) ** 2
        return WorkShares.of(self._denoiser, pictures=len(self._request.seeds), steps=self._schedule().run, rows=rows)

    def _mask(self) -> Tensor | None:
        """Return how much each latent may change, (1, 1, h, w); a network that sees the mask keeps out of it itself."""
        if self._request.mask is None:
            return None
        mask = to_latent_mask(self._request.mask, self._denoiser.family.factor, self._denoiser.device)
        return torch.where(mask == 0, torch.ones_like(mask), mask) if self._denoiser.sees_mask else mask

    def _beside(self) -> Tensor:
        """Return what an inpainting network sees beside the latents, (1, k, h, w): the mask and what is around."""
        image = to_tensor(self._request.image, self._denoiser.device)
        height, width = self._request.image.shape[:2]
        wanted = np.ones((height, width), np.float32) if self._request.mask is None else self._request.mask
        inside = (torch.from_numpy(wanted)[None, None].to(image) >= _INSIDE).float()
        around = self._encoded(image * (1 - inside))
        return self._denoiser.beside(inside, around)

    def _schedule(self) -> Schedule:
        family, traits = self._denoiser.family, self._denoiser.traits
        return Schedule(
            scheduler=str(self._task.sampling.scheduler),
            prediction=traits.prediction,
            steps=int(self._task.sampling.num_inference_steps or 1),
            strength=min(1.0, self._request.strength),
            options=self._task.scheduler_options,
            uniform_sigmas=family.uniform_sigmas,
            tokens=self._task.canvas.seen.area // (2 * family.factor) ** 2,
        )

    def _encoded(self, image: Tensor) -> Tensor:
        self._give_way([self._vae])
        return self._denoiser.encode(image, self._codec(), self._meter.check)

    def _decoded(self, latents: Tensor) -> Tensor:
        self._give_way([self._vae])
        return self._denoiser.decode(latents, self._codec(), self._meter.check)

    def _codec(self) -> Codec | None:
        plan = self._task.plan
        if plan.vae_tile is None:
            return None
        return ExactTiles(plan.vae_tile, in_memory(torch.device("cpu")) if plan.stores_outside else None)

    @contextmanager
    def _at_work(self, parts: Sequence[nn.Module]) -> Iterator[None]:
        """Have `parts` on the device; look out for a cancel before each of their layers, for others before blocks."""
        pausing = self._denoiser.pausing(parts, lambda: self._give_way(parts))
        with self._on_device(parts), self._denoiser.watched(self._meter.check), pausing:
            yield

    @contextmanager
    def _coding(self) -> Iterator[None]:
        """Have the autoencoder on the device; before each of its layers others' work may run."""

        def begin_layer(work: float) -> None:
            if self._denoiser.pauses:
                self._give_way([self._vae])
            self._meter.tick(work)

        with self._on_device([self._vae]), self._denoiser.metered(self._vae, begin_layer):
            yield

    @contextmanager
    def _on_device(self, parts: Sequence[nn.Module]) -> Iterator[None]:
        with resident(list(parts), self._denoiser.device, offloads=self._task.plan.offloads):
            yield

    @property
    def _slices(self) -> bool:
        return self._task.plan.slices_attention and hasattr(self._denoiser.network, "set_attention_slice")

    @contextmanager
    def _sliced(self) -> Iterator[None]:
        """Compute attention one head at a time where the plan says so."""
        if not self._slices:
            yield
            return
        self._denoiser.network.set_attention_slice("max")
        try:
            yield
        finally:
            self._denoiser.pipe.disable_attention_slicing()
