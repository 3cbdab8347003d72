from __future__ import annotations

import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from foveate_server.engines.diffusion.adapters import adapter_of
from foveate_server.engines.diffusion.checkpoint_traits import traits_of
from foveate_server.engines.diffusion.library import Checkpoint, Files
from foveate_server.engines.diffusion.load_pipeline import load
from foveate_server.engines.diffusion.precision import choose_placement
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.families.registry import families
from foveate_shared.errors import ErrorCode, InputError

CPU = torch.device("cpu")


def _load(files: Files, family: str = "sd1", **facts):
    adapter = adapter_of(families()[family])
    placement = choose_placement(adapter.family, CPU, "float32")
    return load(
        adapter, Checkpoint("mine", "", family, facts=facts), files, traits_of(adapter.family, facts), placement
    )


@pytest.fixture(scope="module")
def without_vae(tiny, tmp_path_factory):
    path = tmp_path_factory.mktemp("single") / "no-vae.safetensors"
    with quiet():
        state = load_file(tiny.single_file("sd1"))
    save_file({key: value for key, value in state.items() if not key.startswith("first_stage_model.")}, path)
    return path


LACKING = {"components": {"unet": {}, "text_encoder": {}}, "missing": ["vae"]}


def test_what_a_single_file_lacks_comes_from_its_reference(tiny, without_vae):
    denoiser = _load(Files(without_vae, tiny.folder("sd1")), **LACKING)
    own = load_file(tiny.folder("sd1") / "vae" / "diffusion_pytorch_model.safetensors")
    assert torch.equal(denoiser.vae.state_dict()["decoder.conv_in.weight"], own["decoder.conv_in.weight"].float())


def test_what_is_nowhere_is_named(tiny, without_vae):
    with quiet():
        config = tiny.config("sd1")
    with pytest.raises(InputError, match="The checkpoint mine cannot be loaded: it lacks vae") as caught:
        _load(Files(without_vae, config), **LACKING)
    assert caught.value.info.code is ErrorCode.INVALID_FILE
    with pytest.raises(InputError, match="the configuration of its family is not here"):
        _load(Files(without_vae), **LACKING)


@pytest.mark.parametrize("variant", ["fp16", "bf16"])
def test_parts_may_be_named_as_halves(tiny, tmp_path, variant):
    with quiet():
        shutil.copytree(tiny.folder("sd1"), tmp_path / "halves")
    for name in ("unet/diffusion_pytorch_model", "text_encoder/model"):
        path = tmp_path / "halves" / f"{name}.safetensors"
        path.rename(path.with_name(path.name.replace(".safetensors", f".{variant}.safetensors")))
    assert _load(Files(tmp_path / "halves")).network.config.cross_attention_dim == 768


@pytest.mark.parametrize("damage", ["cut", "gone", "pickle"])
def test_damaged_files_are_a_sentence(tiny, tmp_path, damage):
    with quiet():
        folder = tmp_path / "damaged"
        shutil.copytree(tiny.folder("sd1"), folder)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:1000])
    elif damage == "gone":
        weights.unlink()
    else:
        torch.save(load_file(weights), weights.with_suffix(".bin"))
        weights.unlink()
    with pytest.raises(InputError, match="The checkpoint mine cannot be loaded: "):
        _load(Files(folder))


def test_a_configuration_tells_the_prediction_where_inspection_does_not(tiny):
    with quiet():
        folder = tiny.folder("sd2")
    assert _load(Files(folder), "sd2").traits.prediction == "v"
    assert _load(Files(folder), "sd2", prediction="epsilon").traits.prediction == "epsilon"
