from __future__ import annotations

import pytest

from foveate_server.models.hub_file_selection import select
from foveate_shared.errors import InputError

INDEX = {
    "_class_name": "StableDiffusion3Pipeline",
    "transformer": ["diffusers", "SD3Transformer2DModel"],
    "text_encoder_3": ["transformers", "T5EncoderModel"],
    "tokenizer_3": ["transformers", "T5TokenizerFast"],
    "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
    "image_encoder": [None, None],
    "force_zeros": True,
}
SHARDS = [f"text_encoder_3/model.fp16-0000{part}-of-00002.safetensors" for part in (1, 2)]
FILES = [
    "model_index.json",
    "LICENSE.md",
    "README.md",
    "sd3_medium.safetensors",
    "transformer/config.json",
    "transformer/diffusion_pytorch_model.safetensors",
    "transformer/diffusion_pytorch_model.bf16.safetensors",
    "text_encoder_3/config.json",
    "text_encoder_3/model-00001-of-00002.safetensors",
    "text_encoder_3/model-00002-of-00002.safetensors",
    "text_encoder_3/model.safetensors.index.json",
    "text_encoder_3/model.safetensors.index.fp16.json",
    *SHARDS,
    "tokenizer_3/spiece.model",
    "tokenizer_3/tokenizer.json",
    "safety_checker/model.safetensors",
    "image_encoder/model.safetensors",
    "transformer/old/diffusion_pytorch_model.safetensors",
    "text_encoder_3/flax_model.json",
    "text_encoder_3/openvino_model.bin",
]


def test_one_set_of_weights_for_each_component() -> None:
    chosen = select(FILES, INDEX, checker=False)
    assert chosen.weights == ("transformer/diffusion_pytorch_model.bf16.safetensors", *SHARDS)
    assert chosen.components["text_encoder_3"].others == (
        "text_encoder_3/config.json",
        "text_encoder_3/model.safetensors.index.fp16.json",
    )
    assert chosen.components["text_encoder_3"].variant == "fp16"
    assert chosen.components["tokenizer_3"].others == ("tokenizer_3/spiece.model", "tokenizer_3/tokenizer.json")
    assert chosen.root == ("LICENSE.md", "model_index.json")
    assert set(chosen.components) == {"transformer", "text_encoder_3", "tokenizer_3"}


def test_a_set_that_is_not_whole_is_not_taken() -> None:
    chosen = select([path for path in FILES if path != SHARDS[1]], INDEX, checker=False)
    assert chosen.components["text_encoder_3"].variant == ""
    assert len(chosen.components["text_encoder_3"].weights) == 2


def test_the_old_way_of_naming_shards() -> None:
    old = [f"transformer/diffusion_pytorch_model-0000{part}-of-00002.fp16.safetensors" for part in (1, 2)]
    chosen = select(["model_index.json", *old], INDEX, checker=False)
    assert chosen.weights == tuple(old)
    assert chosen.components["transformer"].variant == "fp16"


def test_a_safety_checker_is_taken_on_request() -> None:
    assert "safety_checker/model.safetensors" in select(FILES, INDEX, checker=True).weights


def test_configurations_alone() -> None:
    chosen = select(FILES, INDEX, checker=False, weights=False)
    assert chosen.weights == ()
    assert "tokenizer_3/spiece.model" in chosen.paths
    assert not any(".index." in path for path in chosen.paths)


def test_pickles_are_not_taken() -> None:
    with pytest.raises(InputError, match="transformer has its weights only as pickles"):
        select(["transformer/config.json", "transformer/diffusion_pytorch_model.bin"], INDEX, checker=False)
