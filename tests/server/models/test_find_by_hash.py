from __future__ import annotations

from pathlib import Path

import pytest

from fakes import headers as made
from foveate_server.models.adding.from_path import add_path
from foveate_server.models.adding.make_entry import AddOptions
from foveate_server.models.find_by_hash import Pin, local_names, pins_of
from foveate_server.models.registry import Registry
from foveate_shared.errors import ErrorCode, InputError

A, B, C = "a" * 64, "b" * 64, "c" * 64


def test_reads_what_a_recipe_was_made_with() -> None:
    recipe = {
        "model": {"name": "tune", "sha256": A},
        "additions": {
            "loras": [{"name": "film", "sha256": B, "weight": 0.5}, {"name": "broken"}],
            "embeddings": [],
            "vae": {"name": "vae", "sha256": C},
        },
    }
    assert pins_of(recipe) == [Pin("model", "tune", A), Pin("lora", "film", B), Pin("vae", "vae", C)]


def test_a_recipe_s_restorer_and_variants_are_pinned_too() -> None:
    tune, restorer, film = ({"name": name, "sha256": A} for name in ("tune", "photo", "film"))
    recipe = {"restorer": restorer, "variants": [{"model": tune}, {}, "?", {"model": tune, "additions": {"vae": film}}]}
    assert pins_of(recipe) == [Pin("restorer", "photo", A), Pin("model", "tune", A), Pin("vae", "film", A)]
    assert pins_of({"model": None, "loras": "x"}) == []


def test_finds_models_by_hash_and_names_what_is_missing(cache_dir: Path, tmp_path: Path) -> None:
    registry = Registry(cache_dir, entries=[])
    toy = made.write(tmp_path / "toy.safetensors", {"emb_params": (2, 768)})
    entry = add_path(registry, toy, AddOptions(name="called-otherwise"))
    there, gone = Pin("embedding", "toy", entry.sha256), Pin("lora", "film", B)
    assert local_names(registry.entries(), [there]) == {there: "called-otherwise"}
    with pytest.raises(InputError, match=r"not here: the LoRA film \(SHA-256 bbbbbbbbbbbb\), the model tune") as caught:
        local_names(registry.entries(), [gone, there, Pin("model", "tune", A)])
    assert caught.value.info.code is ErrorCode.UNKNOWN_MODEL


def test_says_where_another_file_has_the_name(cache_dir: Path, tmp_path: Path) -> None:
    registry = Registry(cache_dir, entries=[])
    toy = add_path(registry, made.write(tmp_path / "toy.safetensors", {"emb_params": (2, 768)}))
    wanted = rf"the embedding toy \(SHA-256 aaaaaaaaaaaa\)\. Here, toy is another file \(SHA-256 {toy.sha256[:12]}\)\."
    with pytest.raises(InputError, match=wanted):
        local_names(registry.entries(), [Pin("embedding", "toy", A)])
