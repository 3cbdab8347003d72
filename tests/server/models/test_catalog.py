"""What jobs and clients ask of the models, and that no model is told with another's facts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from foveate_server.families.family import ADDS_DETAIL, FILLS
from foveate_server.models.catalog import Catalog, CatalogModel
from foveate_server.models.client_listing import tell
from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec
from foveate_server.models.find_by_hash import Pin
from foveate_server.models.model_requirement import ENLARGERS, checkpoints
from foveate_shared.errors import InputError


def entry(name: str, kind: str, family: str, digit: str, *, scale: int = 1, **facts) -> ModelEntry:
    files = (ModelFile("f.safetensors", digit * 64, 1),)
    return ModelEntry(name, name, kind, "a", scale, "", None, SourceSpec("file", {}), files, family, facts)


ENTRIES = [
    entry("sharp", "restore", "", "a", scale=4),
    entry("tune", "diffusion", "sd1", "b", steps=4),
    entry("mine", "diffusion", "flux1", "c", steps=8),
    entry("film", "lora", "sd1", "d"),
]
OPERATIONS = {"fill": (checkpoints(FILLS),), "upscale": (ENLARGERS, checkpoints(ADDS_DETAIL)), "copy": ()}


@pytest.fixture
def catalog() -> Catalog:
    return tell(ENTRIES, lambda _: True, lambda each: each.name == "mine").serving(OPERATIONS)


def names(infos) -> list[str]:
    return [info.name for info in infos]


def test_each_has_its_own_facts(catalog: Catalog):
    assert names(catalog.listing) == ["sharp", "mine", "tune", "film"]
    assert {name: model.facts.get("steps") for name, model in catalog.by_name.items()} == {
        "sharp": None,
        "mine": 8,
        "tune": 4,
        "film": None,
    }
    with pytest.raises(ValueError, match="tune would be told with the facts of mine"):
        CatalogModel(catalog.by_name["tune"].info, catalog.by_name["mine"].entry)


def test_the_default_of_a_kind_comes_first(catalog: Catalog):
    assert list(catalog.of_kind("diffusion")) == ["mine", "tune"]
    assert names(catalog.for_operation("upscale", "restore", "diffusion")) == ["sharp", "tune"]
    assert names(catalog.for_operation("fill", "restore", "diffusion")) == ["mine", "tune"]
    assert catalog.for_operation("fill", "restore") == []
    assert catalog.for_operation("copy", "restore", "diffusion") == []


def test_a_model_serves_the_operations_of_whose_requirements_it_meets_one(catalog: Catalog):
    assert {info.name: info.operations for info in catalog.listing} == {
        "sharp": ("upscale",),
        "mine": ("fill",),
        "tune": ("fill", "upscale"),
        "film": (),
    }
    assert {info.operations for info in catalog.serving({}).listing} == {()}
    assert catalog.by_name["mine"].facts == {"steps": 8}


def test_a_model_is_found_by_its_hash(catalog: Catalog):
    asked = Pin("model", "called otherwise", "b" * 64)
    assert catalog.by_hash([asked]) == {asked: "tune"}
    with pytest.raises(InputError, match=r"the LoRA film \(SHA-256 eeeeeeeeeeee\)"):
        catalog.by_hash([Pin("lora", "film", "e" * 64)])


def test_what_clients_are_told_may_change_but_not_of_whom(catalog: Catalog):
    told = catalog.told(lambda model: replace(model.info, title=f"{model.info.title} {model.facts.get('steps')}"))
    assert [info.title for info in told.listing] == ["sharp None", "mine 8", "tune 4", "film None"]
    with pytest.raises(ValueError, match="would be told with the facts of"):
        catalog.told(lambda model: replace(model.info, name="another"))


def test_models_without_files_have_neither_facts_nor_a_hash(catalog: Catalog):
    bare = Catalog(tuple(map(CatalogModel, catalog.listing)))
    assert bare.listing == catalog.listing
    assert (bare.has_files, catalog.has_files) == (False, True)
    assert bare.by_name["tune"].facts == {}
