"""The diffusion engine: checkpoints of every family that has an adapter, behind the Engine protocol's two calls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from foveate_server.engines import device_precision
from foveate_server.engines.contract import Ticker
from foveate_server.engines.diffusion.adapters import adapter_of
from foveate_server.engines.diffusion.apply_additions import FindAddition, Wardrobe, wanted_by
from foveate_server.engines.diffusion.background_load import Background, Waiting
from foveate_server.engines.diffusion.batched_variations import Made, Siblings, batch_for, key_of
from foveate_server.engines.diffusion.checkpoint_traits import Traits, traits_of, with_loras
from foveate_server.engines.diffusion.denoiser import PipelineDenoiser
from foveate_server.engines.diffusion.footprint import Footprint
from foveate_server.engines.diffusion.latent_canvas import LatentCanvas, canvas_for
from foveate_server.engines.diffusion.library import Checkpoint, Library
from foveate_server.engines.diffusion.load_pipeline import load
from foveate_server.engines.diffusion.loaded_checkpoints import Resident, Residents
from foveate_server.engines.diffusion.memory_plan import MemoryDemand, MemoryPlan, available_memory, plan, with_less
from foveate_server.engines.diffusion.precision import ComputePlacement, choose_placement, vae_dtype
from foveate_server.engines.diffusion.preview_decoders import Previewers
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.engines.diffusion.registry_library import RegisteredLibrary
from foveate_server.engines.diffusion.render import RenderPlan, Run
from foveate_server.engines.diffusion.schedulers import check_scheduler
from foveate_server.engines.diffusion_request import DiffusionFacts, DiffusionRequest, Pictures, Sampling, ShowPreview
from foveate_server.engines.kept_memory import KeptMemory
from foveate_server.engines.memory_share import memory_share, sharing
from foveate_server.engines.show_downloads import Fetching
from foveate_server.engines.values import Pinned
from foveate_server.families.registry import families
from foveate_server.models.registry import Registry
from foveate_shared.errors import ErrorCode, InputError, ResourceError
from foveate_shared.geometry import Extent
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JsonObject

_IMPORTING = 11.0  # seconds of a processor: what reads checkpoints and prompts is imported when it is first needed
_LOADING = 4e-9  # likewise, per byte of a checkpoint's files
_BUDGET_SHARE = 0.6  # of the device's memory, for the weights of all loaded checkpoints


def create(options: JsonObject, kept: KeptMemory | None = None) -> DiffusionEngine:
    """Return the engine for the worker's `options`. Raises ResourceError where the device is not there."""
    registry = Registry(Path(str(options["models_dir"])), offline=bool(options.get("offline", False)))
    device = device_precision.choose_device(str(options.get("device", "auto")))
    threads = int(str(options.get("threads", 0)))
    return DiffusionEngine(RegisteredLibrary(registry), device, threads=threads, kept=kept)


class DiffusionEngine:
    """Renders with checkpoints on one device; calls come one at a time."""

    def __init__(
        self,
        library: Library,
        device: torch.device,
        *,
        threads: int = 0,
        memory_budget: int | None = None,
        batches: bool | None = None,
        kept: KeptMemory | None = None,
    ) -> None:
        """`threads` 0 means all cores; `memory_budget` is how many bytes of weights may stay loaded.

        `batches` says whether variations are made at once: None where that saves time, which is not on a processor.
        `kept` is shared with whatever else runs on the device.
        """
        self._library = library
        self._device = device
        self._threads = threads
        budget = int(_BUDGET_SHARE * device_precision.total_memory(device)) if memory_budget is None else memory_budget
        self._residents = Residents(budget)
        self._kept = kept or KeptMemory()
        self._siblings = Siblings()
        self._batches = device.type != "cpu" if batches is None else batches
        self._has_loaded = False  # anything: what takes seconds to import has been
        self._loading: Background[PipelineDenoiser] = Background()
        self._previewers = Previewers(library, device)

    @property
    def loaded(self) -> list[PipelineDenoiser]:
        """Return the checkpoints that are in memory, the most recently used one first."""
        return [resident.denoiser for resident in self._residents.all()]

    def facts(self, model: str | None) -> DiffusionFacts:
        """See engines.contract.Engine.diffusion_facts."""
        checkpoint = self._library.checkpoint(model)
        adapter = _adapter(checkpoint)
        return self._facts(checkpoint, adapter, traits_of(adapter.family, checkpoint.facts))

    def diffuse(self, request: DiffusionRequest, *, ticker: Ticker, preview: ShowPreview | None = None) -> Pictures:
        """See engines.contract.Engine."""
        checkpoint = self._library.checkpoint(request.model)
        adapter = _adapter(checkpoint)
        traits = traits_of(adapter.family, checkpoint.facts)
        _check(request, adapter)
        placement = choose_placement(adapter.family, self._device, request.pinned.dtype)
        wanted = wanted_by(request, adapter.family, self._finder(ticker))
        run_traits = with_loras(traits, adapter.family, [lora.facts for lora, _ in wanted.loras])
        sampling = _sampling(request.sampling, adapter, run_traits)
        canvas = canvas_for(
            Extent(request.image.shape[1], request.image.shape[0]),
            request.tiling,
            native_side=request.pinned.tile or traits.native_side,
            strength=request.strength,
        )
        request = self._alone_where_no_batch(request)
        key = key_of(request, checkpoint.sha256, wanted.hashes()) if request.siblings else ""
        made = self._siblings.take(key, request.seeds[0]) if key else None
        with device_precision.reproducible(request.pinned.threads or self._threads) as threads:
            if request.strength <= 0:
                made = Made(request.seeds, tuple(request.image.copy() for _ in request.seeds))
            if made is None:
                loaded = self._loaded(checkpoint, traits, placement, ticker)
                decoding = vae_dtype(placement, exact=request.exact)
                chosen = self._plan(loaded, loaded.footprint.with_vae(decoding.itemsize), request, sampling, canvas)
                chosen.note(ticker)
                tiny = None if preview is None else self._previewers.for_family(adapter.family, ticker)

                def run(plan: MemoryPlan) -> Made:
                    def prepare() -> None:
                        loaded.settle(on_device=not plan.offloads)
                        loaded.wardrobe.wear(wanted, decoding)

                    prepare()
                    seeds = batch_for(request, plan.pictures)
                    shown = seeds.index(request.seeds[0])
                    options = run_traits.scheduler_options or {}
                    task = RenderPlan(replace(request, seeds=seeds), sampling, canvas, plan, shown, options)
                    with self._residents.in_use(loaded), self._kept.keep(max(0, plan.need - loaded.size)):
                        images = Run(loaded, task, ticker, preview, tiny, come_back=prepare).images()
                    return Made(seeds, tuple(images), plan.pictures if request.siblings else None)

                with torch.inference_mode(), quiet():
                    made = with_less(chosen, run, self._device, ticker)
                if key:
                    made = self._siblings.part(key, request.seeds[0], made)
        tile = None if canvas.tile is None else max(canvas.tile.width, canvas.tile.height)
        return Pictures(
            images=made.images,
            facts=self._facts(checkpoint, adapter, traits),
            sampling=sampling,
            device=device_precision.describe_device(self._device),
            pinned=Pinned(device_precision.dtype_name(placement.network), tile, threads, made.at_once),
            additions=wanted.hashes(),
        )

    def release(self) -> None:
        """See engines.contract.Engine."""
        self._residents.clear()
        self._siblings.clear()
        self._previewers.release()
        device_precision.empty_cache(self._device)

    def _facts(self, checkpoint: Checkpoint, adapter: type[PipelineDenoiser], traits: Traits) -> DiffusionFacts:
        family = adapter.family
        return DiffusionFacts(
            model=checkpoint.name,
            sha256=checkpoint.sha256,
            family=family.name,
            title=family.title,
            multiple=family.multiple,
            pixels=traits.native_side**2,
            native_side=traits.native_side,
            schedulers=family.schedulers,
            defaults=traits.defaults.to_json(),
            is_on_card=self._device.type != "cpu",
        )

    def _finder(self, ticker: Ticker) -> FindAddition:
        return lambda name, kind: self._library.addition(name, kind, Fetching(ticker, name))

    def _alone_where_no_batch(self, request: DiffusionRequest) -> DiffusionRequest:
        """Return the request without its siblings where they are not made together with it."""
        in_batch = self._batches and request.strength > 0 and len(request.seeds) == 1
        if in_batch and len(request.siblings) > 1 and request.seeds[0] in request.siblings:
            return request
        return replace(request, siblings=())

    def _loaded(self, checkpoint: Checkpoint, traits: Traits, placement: ComputePlacement, ticker: Ticker) -> Resident:
        """Return the checkpoint, loaded where it is not yet."""
        key = checkpoint.sha256, placement
        resident = self._residents.get(key)
        if resident is None:
            files = self._library.files(checkpoint.name, Fetching(ticker, checkpoint.name))
            stage = Sentence("Loading {checkpoint}", checkpoint=checkpoint.name)
            ticker.get_ready(stage, _LOADING * checkpoint.size + (0.0 if self._has_loaded else _IMPORTING))
            has_room = self._residents.make_room(checkpoint.size)
            device_precision.empty_cache(self._device)
            if not has_room or 0 < self._kept.size > available_memory(self._device) - checkpoint.size:
                raise _too_much_at_once(checkpoint)
            denoiser = self._loading.result(
                key, lambda: load(_adapter(checkpoint), checkpoint, files, traits, placement), Waiting(ticker, stage)
            )
            footprint = denoiser.footprint().with_vae(placement.vae.itemsize)
            resident = Resident(denoiser, Wardrobe(denoiser, files.config or files.path), footprint)
            self._residents.add(key, resident)
            self._has_loaded = True
        return resident

    def _plan(
        self,
        loaded: Resident,
        footprint: Footprint,
        request: DiffusionRequest,
        sampling: Sampling,
        canvas: LatentCanvas,
    ) -> MemoryPlan:
        """Return how the request fits into memory; other checkpoints leave where that is needed for it.

        Where no plan fits into a share of the memory, it is that of the plans for all of it which needs less.
        """
        wanted = len(request.siblings or request.seeds)
        job = MemoryDemand(
            picture=canvas.picture,
            pictures=min(wanted, request.pinned.pictures or wanted),
            guided=(sampling.guidance_scale or 0) > 1,
            tile=canvas.tile,
        )
        held = loaded.size if loaded.settled or self._device.type == "cpu" else 0

        def fitting() -> MemoryPlan:
            return plan(footprint, job, self._device, available_memory(self._device, held))

        try:
            return fitting()
        except ResourceError:
            if not self._residents.keep_only(loaded) and memory_share() == 1:
                raise
            device_precision.empty_cache(self._device)
        try:
            return fitting()
        except ResourceError:
            if memory_share() == 1:
                raise
        with sharing(1.0):
            fastest = fitting()
        return fastest.smaller or fastest


def _adapter(checkpoint: Checkpoint) -> type[PipelineDenoiser]:
    if checkpoint.family not in families():
        known = ", ".join(family.title for family in families().values())
        raise InputError(
            "{name} is a checkpoint of a family that Foveate has no adapter for.",
            code=ErrorCode.UNKNOWN_MODEL,
            remedy="Choose a checkpoint of {families}.",
            name=checkpoint.name,
            families=known,
        )
    return adapter_of(families()[checkpoint.family])


def _too_much_at_once(checkpoint: Checkpoint) -> ResourceError:
    return ResourceError(
        "There is no memory for {name} beside what is under way.",
        code=ErrorCode.OUT_OF_MEMORY,
        remedy="Try again once the other job has ended.",
        name=checkpoint.name,
    )


def _check(request: DiffusionRequest, adapter: type[PipelineDenoiser]) -> None:
    image, multiple = request.image, adapter.family.multiple
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.float32 or not image.size:
        raise ValueError(f"an engine takes (height, width, 3) in float32, not {image.shape} in {image.dtype}")
    height, width = image.shape[:2]
    if height % multiple or width % multiple:
        raise InputError(
            "The sides of the image, {width} x {height}, are no multiples of {multiple}.",
            width=width,
            height=height,
            multiple=multiple,
        )
    if request.mask is not None and request.mask.shape != (height, width):
        raise ValueError(f"a mask of {request.mask.shape} does not fit an image of {(height, width)}")
    if not request.seeds:
        raise ValueError("a request needs at least one seed")


def _sampling(wanted: Sampling, adapter: type[PipelineDenoiser], traits: Traits) -> Sampling:
    """Return `wanted` with the checkpoint's defaults where it leaves the choice. Raises InputError."""
    defaults, family = traits.defaults, adapter.family
    scheduler = check_scheduler(wanted.scheduler or defaults.scheduler, family.schedulers, family.title)
    steps = defaults.num_inference_steps if wanted.num_inference_steps is None else wanted.num_inference_steps
    guidance = defaults.guidance_scale if wanted.guidance_scale is None else wanted.guidance_scale
    if not 1 <= steps <= 1000:
        raise InputError("{number} steps cannot be run.", remedy="Choose between 1 and 1000.", number=steps)
    return Sampling(steps, guidance, scheduler)
