"""Which small autoencoder shows what a checkpoint makes: found among the models, and loaded once."""

from __future__ import annotations

import logging

import torch

from foveate_server.engines.contract import Ticker
from foveate_server.engines.diffusion import tiny_vae
from foveate_server.engines.diffusion.library import Addition, Library
from foveate_server.engines.diffusion.tiny_vae import TinyVae
from foveate_server.engines.show_downloads import Fetching
from foveate_server.families.family import Family
from foveate_server.families.registry import families
from foveate_shared.errors import CancelledJobError

_logger = logging.getLogger(__name__)


class Previewers:
    """The small autoencoders of one device. They are so small that they stay: a few megabytes each."""

    def __init__(self, library: Library, device: torch.device) -> None:
        self._library = library
        self._device = device
        self._loaded: dict[str, TinyVae | None] = {}  # by SHA-256; None is broken, and was told so once

    def for_family(self, family: Family, ticker: Ticker) -> TinyVae | None:
        """Return the one to show pictures of `family` with, if there is one that works. Raises CancelledJobError."""
        for name in self._library.previews(family.name):
            tiny = self._working(name, family, ticker)
            if tiny is not None:
                return tiny
        return None

    def release(self) -> None:
        """Give the memory back."""
        self._loaded.clear()

    def _working(self, name: str, family: Family, ticker: Ticker) -> TinyVae | None:
        """Return the one called `name` where it works and was made for `family`; a preview is not worth a job."""
        try:
            addition = self._library.addition(name, "preview", Fetching(ticker, name))
            tiny = self._load(addition)
            return tiny if tiny is not None and _suits(tiny, addition, family) else None
        except CancelledJobError:
            raise
        except Exception as error:
            _logger.warning("the small VAE %s does not work, previews are rougher: %s", name, error)
            return None

    def _load(self, addition: Addition) -> TinyVae | None:
        if addition.sha256 not in self._loaded:
            self._loaded[addition.sha256] = None
            tiny = tiny_vae.load(addition.path, self._device)
            with torch.inference_mode():
                tiny.decode(torch.zeros(1, tiny.latent_channels, 2, 2))  # raises where it makes no pictures
            self._loaded[addition.sha256] = tiny
        return self._loaded[addition.sha256]


def _suits(tiny: TinyVae, addition: Addition, family: Family) -> bool:
    with torch.inference_mode():
        return tiny_vae.fits(tiny, family, [families()[name] for name in addition.fits if name in families()])
