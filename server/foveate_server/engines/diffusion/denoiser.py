"""What the denoisers of all families share: a pipeline of diffusers that holds the parts, and its autoencoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from foveate_server.engines.diffusion.checkpoint_traits import Traits
from foveate_server.engines.diffusion.contract import Conditioning, CropPlace
from foveate_server.engines.diffusion.footprint import Footprint
from foveate_server.engines.diffusion.memory_plan import module_bytes
from foveate_server.engines.diffusion.vae import Codec, Tick
from foveate_server.engines.diffusion.vae_work import metered
from foveate_server.engines.diffusion_request import Prompt
from foveate_server.engines.layer_hooks import blocks, hooked, layers, watched
from foveate_server.families.family import Family

_GPU_LAYERS = 16  # one layer in so many is watched on a GPU


def _nothing() -> None:
    """Do nothing."""


class PipelineDenoiser(ABC):
    """Implements most of contract.Denoiser over a pipeline's parts; families add how they read text and predict."""

    family: ClassVar[Family]
    pipeline: ClassVar[str]  # its class in diffusers

    def __init__(self, pipe: Any, traits: Traits, device: torch.device, dtype: torch.dtype) -> None:
        self.pipe = pipe
        self.traits = traits
        self._device = device
        self._dtype = dtype
        # As they are without LoRAs, so that none is a layer that a LoRA wraps: such wrappers come and go.
        self._blocks = {part: blocks(part) for part in self.modules().values()}

    @property
    def device(self) -> torch.device:
        """See contract.Denoiser."""
        return self._device

    @property
    def dtype(self) -> torch.dtype:
        """See contract.Denoiser."""
        return self._dtype

    @property
    def vae(self) -> Any:
        """See contract.Denoiser."""
        return self.pipe.vae

    @property
    def network(self) -> Any:
        """Return the network that denoises."""
        return getattr(self.pipe, self.family.network)

    @property
    def sees_mask(self) -> bool:
        """Tell whether it was made for inpainting: its network sees the mask, and the image around it."""
        return bool(self.network.config.in_channels == 2 * self.family.latent_channels + 1)

    def beside(self, inside: Tensor, around: Tensor) -> Tensor:
        """Return what a network that sees the mask wants beside the latents, (1, k, h, w).

        `inside` (1, 1, H, W) is 1 where it shall fill, in image pixels; `around` (1, c, h, w) are the latents of the
        image without that.
        """
        return torch.cat([functional.interpolate(inside, size=around.shape[2:]), around], dim=1)

    def modules(self) -> dict[str, nn.Module]:
        """Return all networks of the checkpoint, by name."""
        return {name: part for name, part in self.pipe.components.items() if isinstance(part, nn.Module)}

    def footprint(self) -> Footprint:
        """Return what its parts need of memory."""
        sizes = {name: module_bytes(module) for name, module in self.modules().items()}
        return Footprint(
            title=self.family.title,
            network=self.network.config,
            vae=self.vae.config,
            network_weights=sizes[self.family.network],
            vae_weights=sizes["vae"],
            text_weights=sum(size for name, size in sizes.items() if name.startswith("text_encoder")),
            network_itemsize=self._dtype.itemsize,
            vae_itemsize=self.vae.dtype.itemsize,
        )

    @property
    def stops(self) -> int:
        """Return before how many layers of one pass of the network :meth:`watched` calls."""
        return len(layers(self.network)[:: self._every])

    @contextmanager
    def watched(self, before_layer: Callable[[], None]) -> Iterator[None]:
        """Call `before_layer` before layers of each network; what it raises ends the pass.

        On the CPU that is before each. A GPU is fed so fast that a look at a few of them is as good, and costs less.
        """
        with ExitStack() as stack:
            for module in self.modules().values():
                stack.enter_context(watched(module, before_layer, every=self._every))
            yield

    @contextmanager
    def pausing(self, parts: Sequence[nn.Module], pause: Callable[[], None]) -> Iterator[None]:
        """Call `pause` before each block of `parts`, which are no autoencoders. All of them may have been used since.

        On a card, where a pass takes less than a second and its memory is short, it is not called.
        """

        def hook(block: nn.Module, inputs: object) -> None:
            pause()

        with hooked([block for part in parts for block in self._blocks[part] if self.pauses], hook):
            yield

    @property
    def pauses(self) -> bool:
        """Tell whether others' work may run in the midst of a network's pass."""
        return self._device.type == "cpu"

    def metered(self, module: nn.Module, tick: Callable[[float], None]) -> AbstractContextManager[None]:
        """Call `tick` as often, with the multiply-adds that begin, while `module` of the autoencoder's kind runs."""
        return metered(module, tick, every=self._every)

    @property
    def _every(self) -> int:
        return 1 if self._device.type == "cpu" else _GPU_LAYERS

    @property
    def text_encoders(self) -> list[nn.Module]:
        """Return the networks that read the prompt."""
        return [module for name, module in self.modules().items() if name.startswith("text_encoder")]

    def settle(self, *, on_device: bool) -> None:
        """Have all parts on the device, or let them wait in main memory until each is needed."""
        self.pipe.to(self._device if on_device else "cpu")

    @abstractmethod
    def encode_prompt(self, prompt: Prompt) -> Conditioning:
        """See contract.Denoiser."""

    @abstractmethod
    def predict(
        self,
        latents: Tensor,
        timestep: Tensor,
        conditioning: Conditioning,
        *,
        guidance_scale: float,
        places: Sequence[CropPlace],
        beside: Tensor | None = None,
    ) -> Tensor:
        """See contract.Denoiser."""

    def encode(self, image: Tensor, codec: Codec | None = None, tick: Tick = _nothing) -> Tensor:
        """See contract.Denoiser; `codec` runs the autoencoder where the image is too large for it, calling `tick`.

        These are the most likely latents, so that a picture does not depend on a further seed.
        """
        if codec is None:
            latents: Tensor = self.vae.encode(image.to(self.vae.dtype)).latent_dist.mode().float()
        else:
            latents = codec.encode(self.vae, image, tick).chunk(2, dim=1)[0]
        scaled: Tensor = (latents - self._vae_shift) * self.vae.config.scaling_factor
        return scaled

    def decode(self, latents: Tensor, codec: Codec | None = None, tick: Tick = _nothing) -> Tensor:
        """See contract.Denoiser, and :meth:`encode`."""
        unscaled = latents / self.vae.config.scaling_factor + self._vae_shift
        if codec is not None:
            return codec.decode(self.vae, unscaled, tick)
        image: Tensor = self.vae.decode(unscaled.to(self.vae.dtype), return_dict=False)[0].float()
        return image

    @property
    def _vae_shift(self) -> float:
        return getattr(self.vae.config, "shift_factor", None) or 0.0


def guided(predicted: Tensor, guidance_scale: float) -> Tensor:
    """Return the guided prediction (b, ...) of the unguided and prompted ones (2b, ...), in this order, as float32."""
    negative, positive = predicted.float().chunk(2)
    return negative + guidance_scale * (positive - negative)
