from __future__ import annotations

import pytest

from foveate_server.jobs.replayed_models import located
from foveate_server.models.catalog import Catalog
from foveate_server.models.client_listing import tell
from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec
from foveate_server.operations.parameters.roles import Roles
from foveate_server.operations.registry import operations
from foveate_shared.errors import ErrorCode, InputError

ROLES = Roles.of(operations()["compare"].parameters.schema)
HASHES = {name: digit * 64 for name, digit in (("tune", "a"), ("film", "b"), ("toy", "c"), ("eyes", "d"))}


def entry(name: str, sha256: str, kind: str) -> ModelEntry:
    source, files = SourceSpec("file", {}), (ModelFile("f.safetensors", sha256, 1),)
    return ModelEntry(name, name, kind, "sd1", 1, "", None, source, files, "sd1")


def catalog(entries) -> Catalog:
    return tell(entries, lambda _: True, lambda _: False)


SAME = [
    entry(name, HASHES[name], kind)
    for name, kind in (("tune", "diffusion"), ("film", "lora"), ("toy", "embedding"), ("eyes", "vae"))
]
OTHERWISE = [entry(f"my-{each.name}", each.sha256, each.kind) for each in SAME]
REPLAY = {
    "model": "tune",
    "prompt": "a Toy, toyed with, toy",
    "loras": [{"name": "film", "weight": 0.5}],
    "embeddings": ["toy"],
    "vae": "eyes",
    "variants": [{"label": "one", "loras": [{"name": "film"}]}],
    "pinned": {"threads": 2, "models": HASHES},
}


def test_the_same_names_stay():
    assert located(REPLAY, ROLES, catalog(SAME)) == REPLAY
    assert located(REPLAY, ROLES, catalog([*OTHERWISE, *SAME])) == REPLAY


def test_the_very_same_files_are_taken_under_the_names_that_they_have_here():
    assert located(REPLAY, ROLES, catalog(OTHERWISE)) == {
        "model": "my-tune",
        "prompt": "a my-toy, toyed with, my-toy",
        "loras": [{"name": "my-film", "weight": 0.5}],
        "embeddings": ["my-toy"],
        "vae": "my-eyes",
        "variants": [{"label": "one", "loras": [{"name": "my-film"}]}],
        "pinned": {"threads": 2, "models": {f"my-{name}": digest for name, digest in HASHES.items()}},
    }


def test_names_that_changed_places_are_told_apart():
    swapped = [entry("film", HASHES["toy"], "embedding"), entry("toy", HASHES["film"], "lora"), SAME[0], SAME[3]]
    found = located(REPLAY, ROLES, catalog(swapped))
    assert (found["loras"], found["embeddings"]) == ([{"name": "toy", "weight": 0.5}], ["film"])
    assert found["pinned"]["models"]["toy"] == HASHES["film"]


def test_all_that_is_missing_is_named_with_its_hash():
    with pytest.raises(InputError) as caught:
        located(REPLAY, ROLES, catalog([SAME[0], SAME[2], entry("film", "e" * 64, "lora")]))
    assert caught.value.info.code is ErrorCode.UNKNOWN_MODEL
    assert caught.value.info.message == (
        "The recipe needs what is not here: the VAE eyes (SHA-256 dddddddddddd), the LoRA film (SHA-256 bbbbbbbbbbbb)."
        " Here, film is another file (SHA-256 eeeeeeeeeeee)."
    )
    assert "foveate models add" in caught.value.info.remedy


@pytest.mark.parametrize("parameters", [{}, {"pinned": {"threads": 2}}, {"model": "tune", "pinned": {"models": {}}}])
def test_what_pins_no_model_stays(parameters: dict):
    assert located(parameters, ROLES, catalog(SAME)) == parameters


def test_where_no_files_are_known_nothing_is_looked_for():
    assert located(REPLAY, ROLES, Catalog()) == REPLAY
