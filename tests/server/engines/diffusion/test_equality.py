"""With a full mask our loop is diffusers' own img2img; with a checkpoint made for it, their inpainting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from foveate_server.engines.diffusion.denoising_loop import seeded_noise
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.engines.diffusion.schedulers import Schedule, build_scheduler
from foveate_server.engines.diffusion.tensors import to_tensor
from foveate_server.engines.diffusion_request import DiffusionRequest, Prompt, Sampling
from foveate_server.engines.values import Pinned

BOUND = 2e-4  # of a range of 1: float32 sums in other orders, over all steps
STEPS, STRENGTH, GUIDANCE, SEED = 6, 0.5, 5.0, 11
PROMPT = Prompt("a face of a person", "no fog")

IMG2IMG = {
    "sd1": "StableDiffusionImg2ImgPipeline",
    "sd2": "StableDiffusionImg2ImgPipeline",
    "sdxl": "StableDiffusionXLImg2ImgPipeline",
    "sd3": "StableDiffusion3Img2ImgPipeline",
    "flux1": "FluxImg2ImgPipeline",
}
UNET_SCHEDULERS = ("euler", "euler-ancestral", "dpm++2m", "dpm++2m-karras", "ddim", "lcm")


def test_every_family_has_its_reference():
    from foveate_server.families.registry import families

    assert set(IMG2IMG) == set(families())


@pytest.fixture
def both(engine, ticker, picture):
    """Return our picture and that of diffusers, (h, w, 3) each, for the same weights, noise, steps and scheduler."""

    def render(model: str, pipeline: str, scheduler: str, **more) -> tuple[np.ndarray, np.ndarray]:
        request = DiffusionRequest(
            picture,
            more.pop("mask", None),
            model,
            PROMPT,
            strength=more.pop("strength", STRENGTH),
            seeds=(SEED,),
            sampling=Sampling(STEPS, GUIDANCE, scheduler),
            pinned=Pinned("float32"),
        )
        ours = engine.diffuse(request, ticker=ticker).images[0]
        denoiser = engine.loaded[0]
        traits = denoiser.traits
        if "around" in more:
            more["masked_image_latents"] = denoiser.encode(to_tensor(more.pop("around"), denoiser.device))
        schedule = Schedule(scheduler, traits.prediction, STEPS, request.strength)
        with quiet(), torch.inference_mode():
            scheduled = build_scheduler(schedule, denoiser.pipe.scheduler.config)
            parts = {**denoiser.pipe.components, "scheduler": scheduled}
            theirs = _pipeline(pipeline, parts, denoiser)(
                **_arguments(model, denoiser, picture),
                strength=request.strength,
                num_inference_steps=STEPS,
                guidance_scale=GUIDANCE,
                generator=torch.Generator().manual_seed(SEED),
                output_type="np",
                **more,
            ).images[0]
        return ours, theirs

    return render


def _pipeline(name, parts, denoiser):
    import diffusers

    options = {"requires_safety_checker": False} if name.startswith("StableDiffusionI") else {}
    if name == "StableDiffusionXLImg2ImgPipeline":
        options["force_zeros_for_empty_prompt"] = denoiser.pipe.config.force_zeros_for_empty_prompt
    pipeline = getattr(diffusers, name)(**parts, **options)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _arguments(model, denoiser, picture):
    latents = denoiser.encode(to_tensor(picture, denoiser.device))
    arguments = {"prompt": PROMPT.positive, "image": latents}
    if model != "flux1":
        arguments["negative_prompt"] = PROMPT.negative
    if model in ("sd3", "flux1"):
        arguments |= {"height": picture.shape[0], "width": picture.shape[1]}
    return arguments


@pytest.mark.parametrize("model", ["sd2", "sdxl", "sd3", "flux1"])
def test_a_full_mask_is_diffusers_img2img(both, picture, model):
    scheduler = "flow-euler" if model in ("sd3", "flux1") else "dpm++2m-karras"
    ours, theirs = both(model, IMG2IMG[model], scheduler, mask=np.ones(picture.shape[:2], np.float32))
    assert np.abs(ours - theirs).max() < BOUND
    assert np.abs(ours - picture).max() > 100 * BOUND


@pytest.mark.parametrize("scheduler", UNET_SCHEDULERS)
def test_every_scheduler_is_diffusers_own(both, scheduler):
    ours, theirs = both("sd1", IMG2IMG["sd1"], scheduler)
    assert np.abs(ours - theirs).max() < BOUND


@pytest.mark.parametrize("scheduler", ["euler", "ddim", "dpm++2m"])
def test_every_scale_of_noise_knows_v_prediction(both, scheduler):
    ours, theirs = both("sd2", IMG2IMG["sd2"], scheduler)
    assert np.abs(ours - theirs).max() < BOUND


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_checkpoint_for_inpainting_is_diffusers_inpainting(both, picture, strength):
    mask = np.zeros(picture.shape[:2], np.float32)
    mask[16:48, 24:72] = 1
    around = picture * (1 - mask[..., None]) + 0.5 * mask[..., None]  # grey where it is to be filled
    ours, theirs = both(
        "sd1-inpainting",
        "StableDiffusionInpaintPipeline",
        "ddim",
        mask=mask,
        strength=strength,
        around=around,
        mask_image=torch.from_numpy(mask)[None, None],
        height=picture.shape[0],
        width=picture.shape[1],
    )
    assert np.abs(ours - theirs).max() < BOUND


def test_flux_fill_is_diffusers_own(engine, ticker, picture):
    from diffusers import FluxFillPipeline

    mask = np.zeros(picture.shape[:2], np.float32)
    mask[16:48, 24:72] = 1  # on the grid of latents: elsewhere its edge is soft there, and noised again
    request = DiffusionRequest(
        picture,
        mask,
        "flux1-fill",
        PROMPT,
        1.0,
        (SEED,),
        sampling=Sampling(3, 30.0, "flow-euler"),
        pinned=Pinned("float32"),
    )
    engine.diffuse(replace(request, sampling=Sampling(1)), ticker=ticker)  # loads
    vae = engine.loaded[0].vae
    with torch.no_grad():  # a posterior without spread: diffusers draws from it
        vae.encoder.conv_out.weight[16:], vae.encoder.conv_out.bias[16:] = 0, -30
    ours = engine.diffuse(request, ticker=ticker).images[0]
    noise = seeded_noise([SEED], (16, 8, 12), torch.device("cpu")).noise
    packed = noise.reshape(1, 16, 4, 2, 6, 2).permute(0, 2, 4, 1, 3, 5).reshape(1, 24, 64)
    with quiet(), torch.inference_mode():
        pipeline = FluxFillPipeline(**_without_images(engine.loaded[0].pipe.components))
        pipeline.set_progress_bar_config(disable=True)
        theirs = pipeline(
            prompt=PROMPT.positive,
            image=(to_tensor(picture, torch.device("cpu")) + 1) / 2,
            mask_image=torch.from_numpy(mask)[None, None],
            height=64,
            width=96,
            strength=1.0,
            num_inference_steps=3,
            guidance_scale=30.0,
            latents=packed,
            generator=torch.Generator().manual_seed(0),
            output_type="np",
        ).images[0]
    assert np.abs(ours - theirs).max() < BOUND


def _without_images(components):
    return {name: part for name, part in components.items() if name not in ("image_encoder", "feature_extractor")}


@pytest.mark.parametrize("model", ["sd1", "sdxl"])
def test_a_single_file_gives_the_bytes_of_the_folder(engine, ticker, picture, model):
    request = DiffusionRequest(picture, None, model, PROMPT, sampling=Sampling(3), pinned=Pinned("float32"))
    folder = engine.diffuse(request, ticker=ticker).images[0]
    single = engine.diffuse(replace(request, model=f"{model}.single"), ticker=ticker).images[0]
    assert folder.tobytes() == single.tobytes()
