from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from foveate_server.engines.contract import Ticker
from foveate_server.engines.diffusion.engine import DiffusionEngine
from foveate_server.engines.diffusion.library import Addition
from foveate_server.engines.diffusion_request import DiffusionRequest, Pictures, Prompt, Sampling, Weighted
from foveate_server.engines.values import Pinned
from foveate_shared.errors import InputError

LAYERS = "down_blocks.0.attentions.0.transformer_blocks.0.attn2"


@dataclass
class Studio:
    """Renders with the tiny checkpoints, and brings additions into the library."""

    engine: DiffusionEngine
    library: Any  # that of the fixture
    ticker: Ticker
    base: DiffusionRequest
    folder: Path

    def bring(self, name: str, state: dict[str, torch.Tensor], *fits: str, **facts: Any) -> None:
        path = self.folder / f"{name}.safetensors"
        save_file(state, path)
        self.library.additions[name] = Addition(name, f"hash of {name}", fits, path, facts)

    def render(self, **changes) -> Pictures:
        return self.engine.diffuse(replace(self.base, **changes), ticker=self.ticker)

    def fingerprint(self) -> str:
        """Return a hash of every weight of the checkpoint that was used last."""
        digest = hashlib.sha256()
        for name, module in sorted(self.engine.loaded[0].modules().items()):
            for key, value in sorted(module.state_dict().items()):
                digest.update(f"{name}.{key} {value.dtype} {tuple(value.shape)}".encode())
                digest.update(value.contiguous().view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()


@pytest.fixture
def studio(engine, library, ticker, picture, tmp_path) -> Studio:
    base = DiffusionRequest(
        picture, None, "sd1", Prompt("a face"), sampling=Sampling(2), pinned=Pinned("float32"), strength=1.0
    )
    return Studio(engine, library, ticker, base, tmp_path)


def _lora(width: int, *, prefix: str = f"unet.{LAYERS}.", rank: int = 2) -> dict[str, torch.Tensor]:
    """A LoRA in diffusers' format for the first cross attention, which sees texts of `width`."""
    rng = torch.Generator().manual_seed(3)
    down = torch.randn(rank, width, generator=rng) / width**0.5
    up = torch.randn(16, rank, generator=rng)
    return {f"{prefix}to_v.lora_A.weight": down * 4, f"{prefix}to_v.lora_B.weight": up}


def _kohya(state: dict[str, torch.Tensor], alpha: float) -> dict[str, torch.Tensor]:
    down, up = state.values()
    layer = "lora_unet_" + f"{LAYERS}.to_v".replace(".", "_")
    return {f"{layer}.lora_down.weight": down, f"{layer}.lora_up.weight": up, f"{layer}.alpha": torch.tensor(alpha)}


def test_loras_change_the_picture_and_leave_no_trace(studio):
    studio.bring("one", _lora(768))
    studio.bring("two", _kohya(_lora(768), alpha=2.0), "sd1")
    bare = studio.render()
    before = studio.fingerprint()
    one = studio.render(loras=(Weighted("one", 0.8),))
    two = studio.render(loras=(Weighted("two", 0.8),))
    both = studio.render(loras=(Weighted("one", 0.5), Weighted("two", 0.3)))
    after = studio.render()
    assert np.abs(one.images[0] - bare.images[0]).max() > 1e-3
    assert np.abs(one.images[0] - two.images[0]).max() < 1e-5  # the same weights, in the two formats
    assert np.abs(one.images[0] - both.images[0]).max() < 1e-5  # weights add up
    assert after.images[0].tobytes() == bare.images[0].tobytes()
    assert studio.fingerprint() == before
    assert both.additions == {
        "loras": [
            {"name": "one", "sha256": "hash of one", "weight": 0.5},
            {"name": "two", "sha256": "hash of two", "weight": 0.3},
        ]
    }


def test_a_lora_for_few_steps_says_how_a_run_goes(studio):
    """Steps, guidance and scheduler where the request says none, and the noise levels that it was taught."""
    studio.bring("plain", _lora(768), "sd1")
    studio.bring("fast", _lora(768), "sd1", variant="lightning", steps=2)
    open_ones = studio.render(loras=(Weighted("fast"),), sampling=Sampling())
    assert open_ones.sampling == Sampling(2, 1.0, "euler")
    said = Sampling(2, 1.0, "euler")
    fast, plain = (studio.render(loras=(Weighted(name),), sampling=said) for name in ("fast", "plain"))
    assert fast.images[0].tobytes() == open_ones.images[0].tobytes()
    assert np.abs(fast.images[0] - plain.images[0]).max() > 1e-3  # trailing steps


def test_a_lora_of_no_weight_is_none(studio):
    studio.bring("one", _lora(768))
    bare = studio.render()
    none = studio.render(loras=(Weighted("one", 0.0),))
    assert none.images[0].tobytes() == bare.images[0].tobytes()


@pytest.mark.parametrize(
    ("state", "fits", "sentence"),
    [
        (_lora(768), ["sdxl"], "one was made for Stable Diffusion XL, and the checkpoint is of Stable Diffusion 1.x"),
        (_lora(1024), [], "The LoRA one does not fit checkpoints of Stable Diffusion 1.x"),
        (_lora(768, prefix="transformer.blocks.0."), [], "The LoRA one has nothing for checkpoints of"),
        (
            {"x.hada_w1_a": torch.zeros(2, 2)},
            [],
            "one is a LyCORIS addition of the LoHa kind, which Foveate cannot use",
        ),
    ],
)
def test_a_lora_that_does_not_fit_is_a_sentence_and_leaves_no_trace(studio, state, fits, sentence):
    studio.bring("one", state, *fits)
    studio.bring("good", _lora(768))
    bare = studio.render()
    before = studio.fingerprint()
    with pytest.raises(InputError, match=sentence):
        studio.render(loras=(Weighted("good"), Weighted("one")))
    again = studio.render()
    assert studio.fingerprint() == before
    assert again.images[0].tobytes() == bare.images[0].tobytes()


def test_a_taught_word_counts_where_it_is_used(studio):
    vectors = torch.randn(3, 768, generator=torch.Generator().manual_seed(5))
    studio.bring("my-style", {"emb_params": vectors})
    studio.bring("diffusers", {"<my-style>": vectors})
    plain = studio.render(prompt=Prompt("a face, my-style"))
    before = studio.fingerprint()
    prompt = Prompt("a face, My-Style", "fog")
    taught = studio.render(prompt=prompt, embeddings=("my-style",))
    unused = studio.render(prompt=Prompt("a face"), embeddings=("my-style",))
    again = studio.render(prompt=Prompt("a face, my-style"))
    assert np.abs(taught.images[0] - plain.images[0]).max() > 1e-3
    assert taught.additions == {"embeddings": [{"name": "my-style", "sha256": "hash of my-style"}]}
    assert unused.additions == {}
    assert again.images[0].tobytes() == plain.images[0].tobytes()
    assert studio.fingerprint() == before


def test_both_encoders_of_sdxl_learn_a_word(studio):
    rng = torch.Generator().manual_seed(6)
    studio.bring("gaze", {"clip_l": torch.randn(2, 768, generator=rng), "clip_g": torch.randn(2, 1280, generator=rng)})
    plain = studio.render(model="sdxl", prompt=Prompt("a (gaze)1.3"))
    taught = studio.render(model="sdxl", prompt=Prompt("a (gaze)1.3"), embeddings=("gaze",))
    assert np.abs(taught.images[0] - plain.images[0]).max() > 1e-3


@pytest.mark.parametrize(
    ("model", "state", "sentence"),
    [
        ("sd1", {"emb_params": torch.zeros(1, 1024)}, "made for Stable Diffusion 2.x, .* Stable Diffusion 1.x"),
        ("sd2", {"emb_params": torch.zeros(1, 768)}, "made for Stable Diffusion 1.x, .* Stable Diffusion 2.x"),
        ("sdxl", {"emb_params": torch.zeros(1, 768)}, "made for Stable Diffusion 1.x, .* Stable Diffusion XL"),
        (
            "sd1",
            {"clip_l": torch.zeros(1, 768), "clip_g": torch.zeros(1, 1280)},
            "made for Stable Diffusion XL, .* Stable Diffusion 1.x",
        ),
    ],
)
def test_a_word_of_another_width_is_a_sentence(studio, model, state, sentence):
    studio.bring("word", state)
    with pytest.raises(InputError, match=sentence):
        studio.render(model=model, prompt=Prompt("a word"), embeddings=("word",))


def test_another_autoencoder_stands_in(studio, tiny):
    bare = studio.render()
    before = studio.fingerprint()
    own = tiny.folder("sd1") / "vae"
    studio.library.additions["own"] = Addition("own", "", ("sd1", "sd2"), own / "diffusion_pytorch_model.safetensors")
    same = studio.render(vae="own")
    assert same.images[0].tobytes() == bare.images[0].tobytes()
    studio.library.additions["xl"] = Addition("xl", "", (), tiny.folder("sdxl") / "vae")
    other = studio.render(vae="xl")
    assert np.abs(other.images[0] - bare.images[0]).max() > 1e-3
    studio.library.additions["wide"] = Addition("wide", "", (), tiny.folder("sd3") / "vae")
    with pytest.raises(InputError, match=r"The VAE wide does not fit checkpoints of Stable Diffusion 1.x"):
        studio.render(vae="wide")
    again = studio.render()
    assert again.images[0].tobytes() == bare.images[0].tobytes()
    assert studio.fingerprint() == before


def test_an_original_autoencoder_file_stands_in(studio, tiny):
    state = load_file(tiny.single_file("sd1"))
    prefix = "first_stage_model."
    studio.bring("original", {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}, "sd1")
    bare = studio.render()
    same = studio.render(vae="original")
    assert same.images[0].tobytes() == bare.images[0].tobytes()


@pytest.mark.parametrize("model", ["sd3", "flux1"])
def test_families_that_know_no_embeddings_say_so(studio, model):
    studio.bring("word", {"emb_params": torch.zeros(1, 768)})
    with pytest.raises(InputError, match="Embeddings do not work with"):
        studio.render(model=model, prompt=Prompt("a word"), embeddings=("word",), sampling=Sampling(1))
