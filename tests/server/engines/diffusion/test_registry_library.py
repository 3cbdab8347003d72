from __future__ import annotations

import pytest

from foveate_server.engines.diffusion.registry_library import RegisteredLibrary
from foveate_server.models.download_progress import silent
from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec
from foveate_server.models.registry import Registry
from foveate_shared.errors import InputError


def _entry(name: str, kind: str, *, folder: bool = False) -> ModelEntry:
    return ModelEntry(
        name=name,
        title=name,
        kind=kind,
        architecture="sd1",
        scale=1,
        license="",
        license_file=None,
        source=SourceSpec("file", {}),
        files=(ModelFile(f"/{name}.safetensors", "0" * 64, 5),),
        family="sd1",
        facts={"layout": "folder" if folder else "single", "prediction": "v"},
    )


@pytest.fixture
def library(tmp_path, monkeypatch) -> RegisteredLibrary:
    entries = [_entry("one", "diffusion"), _entry("two", "diffusion", folder=True), _entry("style", "lora")]
    registry = Registry(tmp_path, entries=entries)
    monkeypatch.setattr(registry, "folder", lambda name, progress: tmp_path / name)
    monkeypatch.setattr(registry, "config_folder", lambda name, progress: tmp_path / "config")
    return RegisteredLibrary(registry)


def test_a_checkpoint_is_what_inspection_found(library):
    checkpoint = library.checkpoint("one")
    assert (checkpoint.family, checkpoint.size, checkpoint.facts["prediction"]) == ("sd1", 5, "v")
    assert library.checkpoint(None).name == "one"


def test_a_single_file_comes_with_a_configuration_and_a_folder_alone(library, tmp_path):
    single, folder = library.files("one", silent), library.files("two", silent)
    assert (single.path, single.config) == (tmp_path / "one" / "one.safetensors", tmp_path / "config")
    assert (folder.path, folder.config) == (tmp_path / "two", None)


def test_additions_are_asked_for_by_their_kind(library, tmp_path):
    found = library.addition("style", "lora", silent)
    assert (found.fits, found.path) == (("sd1",), tmp_path / "style" / "style.safetensors")
    with pytest.raises(InputError, match="The model style is no VAE"):
        library.addition("style", "vae", silent)
    with pytest.raises(InputError, match="The model style is no checkpoint") as caught:
        library.files("style", silent)
    assert caught.value.info.remedy == "Choose one of one, two."
