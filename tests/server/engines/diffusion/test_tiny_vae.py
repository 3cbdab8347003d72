from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from fakes.previews import faithful_vae, random_vae, save_as_authors
from foveate_server.engines.diffusion import tiny_vae
from foveate_server.families.registry import families
from foveate_shared.errors import InputError

CPU = torch.device("cpu")
WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.mark.parametrize("channels", [4, 16])
@pytest.mark.parametrize("layout", ["diffusers", "half", "alone", "authors"])
@torch.inference_mode()
def test_it_decodes_as_diffusers_does(channels, layout, tmp_path):
    vae = random_vae(channels)
    vae.save_pretrained(tmp_path)
    path = tmp_path / WEIGHTS
    if layout == "half":
        vae.half().save_pretrained(tmp_path)
        vae.float()
    elif layout == "alone":
        (tmp_path / "config.json").unlink()
    elif layout == "authors":
        path = save_as_authors(vae, tmp_path / "anything.safetensors")
    latents = torch.randn(2, channels, 5, 7, generator=torch.Generator().manual_seed(1))
    made = tiny_vae.load(path, CPU).decode(latents)
    torch.testing.assert_close(made, vae.decode(latents).sample, rtol=0, atol=1e-6)


@torch.inference_mode()
def test_its_configuration_counts(tmp_path):
    vae = random_vae()
    vae.register_to_config(scaling_factor=0.5, shift_factor=0.25)
    vae.save_pretrained(tmp_path)
    latents = torch.ones(1, 4, 2, 2)
    made = tiny_vae.load(tmp_path / WEIGHTS, CPU).decode(latents)
    torch.testing.assert_close(made, vae.decode(latents / 0.5 + 0.25).sample, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", families())
@torch.inference_mode()
def test_its_colours_tell_which_latents_it_was_made_for(name, tmp_path):
    family = families()[name]
    alike = [other for other in families().values() if other.latent_channels == family.latent_channels]
    faithful_vae(family.latent_colors, family.latent_bias).save_pretrained(tmp_path)
    tiny = tiny_vae.load(tmp_path / WEIGHTS, CPU)
    told = {other.name for other in families().values() if tiny_vae.fits(tiny, other, alike)}
    assert told == {other.name for other in alike if other.latent_colors == family.latent_colors}


def test_what_is_told_to_be_for_one_family_is_believed_unless_its_shapes_say_otherwise(tmp_path):
    faithful_vae(families()["sdxl"].latent_colors).save_pretrained(tmp_path)
    tiny = tiny_vae.load(tmp_path / WEIGHTS, CPU)
    assert tiny_vae.fits(tiny, families()["sd1"], [families()["sd1"], families()["sd2"]])
    assert not tiny_vae.fits(tiny, families()["flux1"], [families()["flux1"]])


def test_broken_ones_are_told(tmp_path):
    vae = random_vae()
    vae.save_pretrained(tmp_path)
    state = load_file(tmp_path / WEIGHTS)
    lacking = {key: value for key, value in state.items() if not key.startswith("decoder.layers.4.")}
    save_file(lacking, tmp_path / "lacking.safetensors")
    with pytest.raises(InputError, match="it holds no small decoder"):
        tiny_vae.load(tmp_path / "lacking.safetensors", CPU)
    save_file({key: value * float("nan") for key, value in state.items()}, tmp_path / WEIGHTS)
    with pytest.raises(ValueError, match="no picture"):
        tiny_vae.load(tmp_path / WEIGHTS, CPU).decode(torch.zeros(1, 4, 2, 2))
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": "AutoencoderTiny", "act_fn": "none such"}))
    with pytest.raises(ValueError, match="none such"):
        tiny_vae.load(tmp_path / WEIGHTS, CPU)
