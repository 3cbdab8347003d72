"""Single files in their authors' keys become the very tensors that the same checkpoint has as a folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from fakes.ldm_keys import weights
from fakes.mmdit_keys import flux_state, sd3_state
from foveate_server.engines.diffusion import flux_keys
from foveate_server.engines.diffusion.adapters import adapter_of
from foveate_server.engines.diffusion.checkpoint_traits import traits_of
from foveate_server.engines.diffusion.library import Checkpoint, Files
from foveate_server.engines.diffusion.load_pipeline import load
from foveate_server.engines.diffusion.precision import choose_placement
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.families.registry import families
from foveate_shared.errors import ErrorCode, InputError

CPU = torch.device("cpu")
ENCODERS = ("cond_stage_model.", "conditioner.", "text_encoders.")


def _load(files: Files, name: str):
    family = name.partition("-")[0]
    adapter = adapter_of(families()[family])
    placement = choose_placement(adapter.family, CPU, "float32")
    return load(adapter, Checkpoint("mine", "", family), files, traits_of(adapter.family, {}), placement)


def _tensors(denoiser):
    return {
        f"{name}.{key}": value for name, part in denoiser.modules().items() for key, value in part.state_dict().items()
    }


@cache
def _tensors_of_folder(folder: Path, name: str):
    return _tensors(_load(Files(folder), name))


def _assert_same(denoiser, folder: Path, name: str, *, except_below: tuple[str, ...] = ()):
    mine, theirs = _tensors(denoiser), _tensors_of_folder(folder, name)
    theirs = (
        {key: value for key, value in theirs.items() if not key.startswith(except_below)} if except_below else theirs
    )
    assert set(mine) == set(theirs)
    assert [key for key, value in mine.items() if not torch.equal(value, theirs[key])] == []


@pytest.fixture
def sources(tiny):
    """Return a function for the folder, the single file and the configuration of a tiny checkpoint."""

    def get(name):
        with quiet():
            return tiny.folder(name), tiny.single_file(name), tiny.config(name)

    return get


@pytest.fixture
def rewritten(tmp_path, sources):
    """Return a function that writes a single file anew, its tensors changed."""

    def write(name, change):
        path = tmp_path / f"{name}-rewritten.safetensors"
        save_file({key: value.contiguous() for key, value in change(load_file(sources(name)[1])).items()}, path)
        return path

    return write


@pytest.mark.parametrize("name", ["sd1", "sd1-inpainting", "sd2", "sdxl", "sd3", "flux1", "flux1-fill"])
def test_every_tensor_is_that_of_the_folder(sources, name):
    folder, single, config = sources(name)
    denoiser = _load(Files(single, config), name)
    _assert_same(denoiser, folder, name)
    assert not any(value.is_meta for value in _tensors(denoiser).values())


@pytest.mark.parametrize("name", ["sd1", "sd2", "sdxl", "sd3", "flux1"])
@pytest.mark.parametrize("prefix", ["model.diffusion_model.", ""])
def test_the_network_alone_takes_all_else_from_a_folder(sources, rewritten, name, prefix):
    folder, _, _ = sources(name)
    only = "model.diffusion_model."
    path = rewritten(name, lambda state: {
        prefix + key.removeprefix(only): value for key, value in state.items() if key.startswith(only)
    })  # fmt: skip
    _assert_same(_load(Files(path, folder), name), folder, name)


@pytest.mark.parametrize("name", ["sd1", "sd3", "flux1"])
def test_a_network_in_the_keys_of_diffusers(tmp_path, sources, name):
    folder, _, _ = sources(name)
    network = weights(folder / ("unet" if name == "sd1" else "transformer"))
    save_file(network, tmp_path / "network.safetensors")
    _assert_same(_load(Files(tmp_path / "network.safetensors", folder), name), folder, name)


@pytest.mark.parametrize("name", ["sd2", "sd3", "flux1"])
def test_what_is_lacking_may_lie_in_folders_of_its_own(tmp_path, sources, rewritten, name):
    folder, _, config = sources(name)
    path = rewritten(name, lambda state: {key: value for key, value in state.items() if not key.startswith(ENCODERS)})
    encoders = [part.name for part in folder.iterdir() if part.name.startswith("text_encoder")]
    for part in encoders:
        shutil.copytree(folder / part, tmp_path / f"of-{part}" / part)
    parts = {part: tmp_path / f"of-{part}" for part in encoders}
    _assert_same(_load(Files(path, config, parts), name), folder, name)


def test_stable_diffusion_3_does_without_its_third_encoder(sources, rewritten):
    folder, _, config = sources("sd3")
    path = rewritten("sd3", lambda state: {key: value for key, value in state.items() if "t5xxl" not in key})
    denoiser = _load(Files(path, config), "sd3")
    assert denoiser.pipe.text_encoder_3 is None
    _assert_same(denoiser, folder, "sd3", except_below=("text_encoder_3.",))


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.bfloat16, torch.float32])
def test_weights_may_be_kept_in_other_precisions(sources, rewritten, dtype):
    _, _, config = sources("flux1")
    path = rewritten("flux1", lambda state: {key: value.to(dtype) for key, value in state.items()})
    expected = (
        load_file(sources("flux1")[1])["model.diffusion_model.double_blocks.0.img_mlp.0.weight"].to(dtype).float()
    )
    network = _load(Files(path, config), "flux1").network
    assert torch.equal(network.transformer_blocks[0].ff.net[0].proj.weight, expected)


@pytest.mark.parametrize(
    ("name", "gone", "said"),
    [
        ("sd1", "output_blocks.2.0", "its unet lacks 12 tensors, such as up_blocks.1.resnets.0.conv1.bias"),
        ("sd2", "resblocks.1.mlp.c_fc.weight", "its text_encoder lacks encoder.layers.1.mlp.fc1.weight"),
        ("sd3", "joint_blocks.1.x_block.mlp.fc1", "its transformer lacks 'joint_blocks.1.x_block.mlp.fc1.weight'"),
        ("sd3", "first_stage_model.decoder.conv_out", "its vae lacks 2 tensors, such as decoder.conv_out.bias"),
        ("flux1", "single_blocks.1.linear1.weight", "its transformer lacks 4 tensors, such as "),
        (
            "flux1",
            "t5xxl.transformer.encoder.block.1.layer.0.SelfAttention.q",
            "its text_encoder_2 lacks encoder.block.1.layer.0.SelfAttention.q.weight",
        ),
    ],
)
def test_tensors_that_are_gone_are_a_sentence(sources, rewritten, name, gone, said):
    path = rewritten(name, lambda state: {key: value for key, value in state.items() if gone not in key})
    with pytest.raises(InputError, match=f"The checkpoint mine cannot be loaded: {said}") as caught:
        _load(Files(path, sources(name)[2]), name)
    assert caught.value.info.code is ErrorCode.INVALID_FILE


def test_a_file_of_another_size_than_its_configuration_says_is_a_sentence(tmp_path, sources):
    _, single, config = sources("flux1")
    shutil.copytree(config, tmp_path / "config")
    described = json.loads((config / "transformer" / "config.json").read_text())
    (tmp_path / "config" / "transformer" / "config.json").write_text(json.dumps({**described, "num_layers": 3}))
    with pytest.raises(InputError, match="its transformer lacks 32 tensors"):
        _load(Files(single, tmp_path / "config"), "flux1")


# diffusers' converter knows FLUX.1 by rows of 3072; how many columns there are is all the same to it.
_WIDE = 3072


def test_flux_is_converted_as_diffusers_does_it():
    from diffusers.loaders.single_file_utils import convert_flux_transformer_checkpoint_to_diffusers as convert

    source = torch.Generator().manual_seed(2)
    single = {"linear1": 7, "linear2": 1, "modulation.lin": 3}
    double = {
        f"{stream}_{layer}": rows
        for stream in ("img", "txt")
        for layer, rows in {"mod.lin": 6, "attn.qkv": 3, "attn.proj": 1, "mlp.0": 4, "mlp.2": 1}.items()
    }
    rows = {
        **{f"{end}.{layer}_layer": 1 for end in ("time_in", "vector_in", "guidance_in") for layer in ("in", "out")},
        **{"img_in": 1, "txt_in": 1, "final_layer.linear": 1, "final_layer.adaLN_modulation.1": 2},
        **{f"double_blocks.{index}.{layer}": count for index in (0, 1) for layer, count in double.items()},
        **{f"single_blocks.{index}.{layer}": count for index in (0, 1) for layer, count in single.items()},
    }
    state = {
        f"{layer}.{kind}": torch.randn(count * _WIDE, *size, generator=source)
        for layer, count in rows.items()
        for kind, size in (("weight", (2,)), ("bias", ()))
    }
    norms = [f"double_blocks.{index}.{stream}_attn.norm" for index in (0, 1) for stream in ("img", "txt")]
    for norm in [*norms, "single_blocks.0.norm", "single_blocks.1.norm"]:
        state |= {f"{norm}.{kind}_norm.scale": torch.randn(128, generator=source) for kind in ("query", "key")}
    ours, theirs = flux_keys.to_diffusers(state), convert(dict(state))
    assert set(ours) == set(theirs)
    assert all(torch.equal(value, theirs[key]) for key, value in ours.items())


def test_full_size_files_have_the_names_and_shapes_of_the_full_networks():
    from diffusers import FluxTransformer2DModel, SD3Transformer2DModel
    from diffusers.loaders.single_file_utils import convert_sd3_transformer_checkpoint_to_diffusers

    with torch.device("meta"):
        flux = FluxTransformer2DModel(guidance_embeds=True).state_dict()
        medium = SD3Transformer2DModel(
            sample_size=128, num_layers=24, num_attention_heads=24, caption_projection_dim=1536, qk_norm="rms_norm",
            dual_attention_layers=tuple(range(13)), pos_embed_max_size=384,
        ).state_dict()  # fmt: skip
        converted = {
            "flux": (flux, flux_keys.to_diffusers(flux_state(flux))),
            "3.5 medium": (medium, convert_sd3_transformer_checkpoint_to_diffusers(sd3_state(medium))),
        }
    for ours, again in converted.values():
        assert {key: value.shape for key, value in again.items()} == {key: value.shape for key, value in ours.items()}


@pytest.mark.parametrize("model", ["sd2", "sd3", "flux1"])
def test_a_picture_from_a_single_file_is_that_of_the_folder(engine, ticker, picture, model):
    from foveate_server.engines.diffusion_request import DiffusionRequest, Prompt, Sampling
    from foveate_server.engines.values import Pinned

    request = DiffusionRequest(
        picture, None, model, Prompt("a face", "no fog"), sampling=Sampling(2), pinned=Pinned("float32")
    )
    folder = engine.diffuse(request, ticker=ticker).images[0]
    single = engine.diffuse(replace(request, model=f"{model}.single"), ticker=ticker).images[0]
    assert folder.tobytes() == single.tobytes()
