"""Re-rendering a picture with a job's checkpoint and words: shown at the focus area's extent, brought back, matched."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from foveate_server.engines.contract import Ticker
from foveate_server.engines.diffusion_request import (
    DiffusionFacts,
    DiffusionRequest,
    Pictures,
    Prompt,
    ShowPreview,
    Tiling,
)
from foveate_server.engines.values import Pinned
from foveate_server.imaging.color import split_range
from foveate_server.imaging.colormatch import match_low_frequencies
from foveate_server.imaging.resize import Filter, resize
from foveate_server.imaging.ringmatch import match_ring
from foveate_server.imaging.samples import FloatArray
from foveate_server.operations.document.window_pixels import extent_of
from foveate_server.operations.item_run import ItemRun
from foveate_server.operations.parameters.checkpoint_parameters import Prompted
from foveate_server.operations.parameters.common_parameters import RenderingParameters
from foveate_server.operations.with_checkpoint.focus_area import Focus, denoise_mask, focus_on
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.geometry import Extent
from foveate_shared.wire.protocol import JsonObject

LEAST_OVERLAP = 16  # image pixels, of tiles at strength 0
_WIDE_SHARE = 1 / 8  # of the picture's short side: of the colour match where there are no surroundings
_OVERLAP_PER_STRENGTH = 64  # image pixels: the more is invented, the more the tiles must agree
_ANCHOR_UNTIL = 0.75  # strength up to which tiles keep the low frequencies of what was there


@dataclass(frozen=True)
class Wish:
    """What is to be rendered."""

    image: FloatArray  # (height, width, 3), sRGB-encoded; may exceed 0..1
    coverage: FloatArray  # (height, width): what of it is wanted, before any feather
    prompt: Prompt
    strength: float
    keeps_light: bool = True  # what lies beyond 0..1 is carried past the network
    anchor: float | None = None  # of tiles; None follows from the strength


@dataclass
class Painter:
    """Renders pictures of one job; afterwards it knows what its recipe needs."""

    run: ItemRun[Prompted]
    ticker: Ticker
    tile: int | None = None  # image pixels; None: what the checkpoint was trained at
    overlap: int | None = None  # image pixels; None follows from the strength
    facts: DiffusionFacts = field(init=False)
    last: Pictures | None = None
    flags: list[float] = field(default_factory=list)  # what the safety classifier thought of each picture
    seen: list[Extent] = field(default_factory=list)  # image pixels, of each picture

    def __post_init__(self) -> None:
        model = self.run.request.model
        self.facts = self.run.engine.diffusion_facts(model.name if model else None)
        self._require_pinned(self.facts.model, self.facts.sha256)

    def paint(self, wish: Wish, preview: ShowPreview | None = None) -> FloatArray:
        """Return the wish's image re-rendered, at its own extent and in the colours of its surroundings.

        Beyond the wish's coverage the result means nothing: whoever asked composites. Strength 0 gives the image.
        """
        if wish.strength <= 0:
            return wish.image.copy()
        nominal, rest = split_range(wish.image)
        focus = focus_on(extent_of(nominal), self.facts)
        mask = denoise_mask(wish.coverage, focus, self.facts)
        shown = np.clip(focus.show(nominal), 0, 1)
        picture = self._diffuse(wish, focus, shown, mask, preview)
        back = focus.back(picture)
        if mask is not None:
            around = resize(mask[: focus.shown.height, : focus.shown.width], focus.crop, Filter.BILINEAR)
            # Against what the checkpoint saw, brought back the same way: resampling is no shift of colours.
            back = match_ring(back, focus.back(shown), around)
        elif wish.strength < 1:
            # No surroundings tell of a shift: the less may change, the more the picture's own shading is kept.
            matched = match_low_frequencies(back, focus.back(shown), sigma=max(1.0, min(back.shape[:2]) * _WIDE_SHARE))
            back = back + np.float32(1 - wish.strength) * (matched - back)
        return back if rest is None or not wish.keeps_light else back + rest

    @property
    def recipe(self) -> JsonObject:
        """Return what the job's recipe must know of the pictures; empty where there was none."""
        if self.last is None:
            return {}
        pinned, used = self.last.pinned, self.last.sampling
        known: JsonObject = {
            "dtype": pinned.dtype,
            "tile": pinned.tile,
            "threads": pinned.threads,
            "pictures": pinned.pictures,
        }
        sampling: JsonObject = {
            "num_inference_steps": used.num_inference_steps,
            "guidance_scale": used.guidance_scale,
            "scheduler": used.scheduler,
        }
        return {
            "model": {"name": self.last.facts.model, "sha256": self.last.facts.sha256, "family": self.facts.family},
            "additions": self.last.additions,
            "device": self.last.device,
            "sampling": _without_nothing(sampling),
            "pinned": _without_nothing(known),
        }

    @property
    def data(self) -> JsonObject:
        """Return what outcomes tell of the newest picture."""
        told: JsonObject = {"seed": self.run.parameters.sampling.seed}
        if self.seen:
            told["extent"] = [self.seen[-1].width, self.seen[-1].height]
        return told

    def _diffuse(
        self, wish: Wish, focus: Focus, shown: FloatArray, mask: FloatArray | None, preview: ShowPreview | None
    ) -> FloatArray:
        asked, rendering = self.run.parameters.sampling, self.run.parameters.rendering
        request = DiffusionRequest(
            image=np.ascontiguousarray(shown, np.float32),
            mask=mask,
            model=self.facts.model,
            prompt=wish.prompt,
            strength=wish.strength,
            seeds=(asked.seed,),
            siblings=asked.siblings,
            sampling=asked.loop,
            tiling=self._tiling(wish) if focus.is_tiled else None,
            loras=asked.weighted_loras,
            embeddings=asked.embeddings,
            vae=asked.vae,
            exact=rendering.needs_exact(self.run.request.format),
            pinned=_pinned(rendering),
        )
        self.last = self.run.engine.diffuse(request, ticker=self.ticker, preview=_shown_alone(focus, preview))
        for name, digest in _hashes(self.last.additions):
            self._require_pinned(name, digest)
        self.flags.extend(self.last.flags)
        self.seen.append(focus.seen)
        (image,) = self.last.images
        return image

    def _tiling(self, wish: Wish) -> Tiling:
        anchor = wish.anchor
        if anchor is None:
            anchor = 1.0 if wish.strength <= _ANCHOR_UNTIL else 0.0
        usual = round(LEAST_OVERLAP + _OVERLAP_PER_STRENGTH * wish.strength)
        return Tiling(tile=self.tile, overlap=usual if self.overlap is None else self.overlap, anchor=anchor)

    def _require_pinned(self, name: str, digest: str) -> None:
        """Raise InputError where a recipe was made with another file of that name."""
        wanted = (self.run.parameters.rendering.pinned.models or {}).get(name)
        if wanted is not None and wanted != digest:
            raise InputError(
                "The model {name} is not the one that the recipe was made with: its SHA-256 is another.",
                code=ErrorCode.UNKNOWN_MODEL,
                remedy="Add the very file under that name, or leave pinned.models out of the parameters.",
                name=name,
            )


def _pinned(rendering: RenderingParameters) -> Pinned:
    pinned = rendering.pinned.engine_values
    return replace(pinned, dtype="float32") if pinned.dtype is None and rendering.exact else pinned


def _shown_alone(focus: Focus, preview: ShowPreview | None) -> ShowPreview | None:
    """Return a preview that leaves the padding out."""
    if preview is None:
        return None
    show = preview

    def cut(pixels: NDArray[np.uint8]) -> None:
        height = max(1, round(pixels.shape[0] * focus.shown.height / focus.seen.height))
        width = max(1, round(pixels.shape[1] * focus.shown.width / focus.seen.width))
        show(pixels[:height, :width])

    return cut


def _hashes(additions: JsonObject) -> list[tuple[str, str]]:
    """Return name and SHA-256 of all that was added: lists of LoRAs and embeddings, and the VAE."""
    told = [entry for value in additions.values() for entry in (value if isinstance(value, list) else [value])]
    return [(str(entry["name"]), str(entry["sha256"])) for entry in told if isinstance(entry, dict)]


def _without_nothing(values: JsonObject) -> JsonObject:
    return {name: value for name, value in values.items() if value is not None}
