"""From the registry to a picture: checkpoints and additions as users add them, rendered by the worker's engine."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from foveate_server.engines.combined import create
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.engines.diffusion_request import DiffusionRequest, Prompt, Sampling, Weighted
from foveate_server.engines.values import Pinned
from foveate_server.models.adding.from_path import add_path
from foveate_server.models.adding.make_entry import AddOptions
from foveate_server.models.registry import Registry

KNOWN = {  # name -> family and side, which the tiny folders' own configuration says, FLUX.1's excepted
    "sd1": ("sd1", 256),
    "sd1-inpainting": ("sd1", 256),
    "sd2": ("sd2", 256),
    "sdxl": ("sdxl", 256),
    "sd3": ("sd3", 256),
    "flux1": ("flux1", 256),
    "file": ("sd1", 512),
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory, tiny) -> Registry:
    registry = Registry(tmp_path_factory.mktemp("cache"), offline=True)
    with quiet():
        for name in ("sd1", "sd1-inpainting", "sd2", "sdxl", "sd3", "flux1"):
            add_path(registry, tiny.folder(name), AddOptions(name=name))
        options = AddOptions(name="file", reference=str(tiny.config("sd1")))
        add_path(registry, tiny.single_file("sd1"), options)
    return registry


@pytest.fixture(scope="module")
def engine(registry):
    return create({"models_dir": str(registry.cache_dir), "offline": True, "device": "cpu", "threads": 2})


@pytest.mark.parametrize("name", KNOWN)
def test_a_checkpoint_that_was_added_renders(engine, registry, ticker, picture, name):
    facts = engine.diffusion_facts(name)
    assert (facts.family, facts.native_side) == KNOWN[name]
    request = DiffusionRequest(picture, None, name, Prompt("a face"), sampling=Sampling(2))
    result = engine.diffuse(request, ticker=ticker)
    assert result.facts == facts
    assert result.facts.sha256 == registry.entry(name).sha256
    assert result.images[0].shape == picture.shape
    assert np.isfinite(result.images[0]).all()


def test_additions_that_were_added_are_found_by_name(engine, registry, ticker, picture, tmp_path):
    layer = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_v"
    save_file(
        {f"{layer}.lora_A.weight": torch.ones(2, 768), f"{layer}.lora_B.weight": torch.ones(16, 2)},
        tmp_path / "l.safetensors",
    )
    save_file({"emb_params": torch.ones(2, 768)}, tmp_path / "w.safetensors")
    add_path(registry, tmp_path / "l.safetensors", AddOptions(name="soft-light"))
    add_path(registry, tmp_path / "w.safetensors", AddOptions(name="my-word"))
    request = DiffusionRequest(
        picture, None, "sd1", Prompt("a my-word face"), sampling=Sampling(2), pinned=Pinned("float32"),
        loras=(Weighted("soft-light", 0.5),), embeddings=("my-word",),
    )  # fmt: skip
    result = engine.diffuse(request, ticker=ticker)
    assert result.additions == {
        "loras": [{"name": "soft-light", "sha256": registry.entry("soft-light").sha256, "weight": 0.5}],
        "embeddings": [{"name": "my-word", "sha256": registry.entry("my-word").sha256}],
    }
