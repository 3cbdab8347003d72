"""What diffusers itself writes is told by inspection, added, and found again with all that loading needs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from fakes.checkpoints import NAMES, TinyCheckpoints
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.models.adding.from_path import add_path
from foveate_server.models.adding.make_entry import AddOptions
from foveate_server.models.compatibility import misfit
from foveate_server.models.inspect_model import inspect_path
from foveate_server.models.registry import Registry
from foveate_server.models.training_size import trained_side

BASES = {
    "sd1": ("Stable Diffusion 1.x", [768], "epsilon"),
    "sd1-inpainting": ("Stable Diffusion 1.x inpainting", [768], "epsilon"),
    "sd2": ("Stable Diffusion 2.x", [1024], "v"),
    "sdxl": ("SDXL", [768, 1280], "epsilon"),
    "sd3": ("Stable Diffusion 3 Medium", [768, 1280], "flow"),
    "flux1": ("FLUX.1 dev", [768], "flow"),
}


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "cache", offline=True, entries=[])


@pytest.mark.parametrize("name", BASES)
def test_folders(tiny: TinyCheckpoints, name: str) -> None:
    assert name in NAMES
    with quiet():
        found = inspect_path(tiny.folder(name))
    base, widths, prediction = BASES[name]
    assert (found.kind, found.family) == ("diffusion", name.partition("-")[0])
    assert (found.facts["base"], found.facts["embedding_widths"], found.facts["prediction"]) == (
        base,
        widths,
        prediction,
    )
    assert (found.facts["missing"], found.facts["precision"]) == ([], "float16")
    assert trained_side(found.facts, 0) == 256


@pytest.mark.parametrize("name", ["sd1", "sdxl"])
def test_single_files_with_their_configuration(tiny: TinyCheckpoints, registry: Registry, name: str) -> None:
    with quiet():
        path, config = tiny.single_file(name), tiny.config(name)
    entry = add_path(registry, path, AddOptions(name="single", reference=str(config)))
    assert (entry.family, entry.facts["missing"]) == (name, [])
    found = registry.config_folder("single")
    assert found is not None
    wanted = {path.relative_to(config) for path in config.rglob("*") if path.is_file()}
    assert {path.relative_to(found) for path in found.rglob("*") if path.is_file()} == wanted
    assert registry.path("single").samefile(path)


def test_a_lora_as_peft_writes_it(tiny: TinyCheckpoints, registry: Registry, tmp_path: Path) -> None:
    from diffusers import StableDiffusionPipeline, UNet2DConditionModel
    from diffusers.utils import convert_state_dict_to_diffusers
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    with quiet():
        unet = UNet2DConditionModel.from_pretrained(tiny.folder("sd1"), subfolder="unet")
        unet.add_adapter(LoraConfig(r=3, lora_alpha=3, target_modules=["to_q", "to_k", "to_v", "to_out.0"]))
        layers = convert_state_dict_to_diffusers(get_peft_model_state_dict(unet))
        StableDiffusionPipeline.save_lora_weights(tmp_path / "film", unet_lora_layers=layers)
        checkpoints = {name: add_path(registry, tiny.folder(name)) for name in ("sd1", "sdxl")}
    lora = add_path(registry, tmp_path / "film")
    assert (lora.name, lora.kind, lora.family) == ("film", "lora", "sd1")
    assert (lora.facts["rank"], lora.facts["targets"], lora.facts["context_width"]) == (3, ["unet"], 768)
    assert misfit(lora, checkpoints["sd1"]) == ""
    assert "is for Stable Diffusion 1.x, and sdxl is Stable Diffusion XL" in misfit(lora, checkpoints["sdxl"])


def test_embeddings_against_a_checkpoint(tiny: TinyCheckpoints, registry: Registry, tmp_path: Path) -> None:
    with quiet():
        checkpoint = add_path(registry, tiny.folder("sdxl"))
    save_file({"clip_l": torch.zeros(2, 768), "clip_g": torch.zeros(2, 1280)}, tmp_path / "good.safetensors")
    save_file({"emb_params": torch.zeros(2, 768)}, tmp_path / "narrow.safetensors")
    assert misfit(add_path(registry, tmp_path / "good.safetensors"), checkpoint) == ""
    assert "is for Stable Diffusion 1.x" in misfit(add_path(registry, tmp_path / "narrow.safetensors"), checkpoint)
