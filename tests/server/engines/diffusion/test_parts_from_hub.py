"""What a single file lacks is fetched from its family's repository, once, and rendering then needs no network."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from fakes.hub import FakeHub, serving
from foveate_server.engines.diffusion.engine import DiffusionEngine
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.engines.diffusion.registry_library import RegisteredLibrary
from foveate_server.engines.diffusion_request import DiffusionRequest, Prompt, Sampling
from foveate_server.engines.values import Pinned
from foveate_server.models.adding.from_path import add_path
from foveate_server.models.entry import ModelEntry, SourceSpec
from foveate_server.models.registry import Registry, default_sources
from foveate_server.models.sources.hub import HubSource
from foveate_server.models.sources.hub_client import HubClient
from foveate_shared.errors import ErrorCode, ResourceError

FILES = {"flux1": ("config-flux1-dev", "FLUX.1 dev"), "sd3": ("config-sd3", "Stable Diffusion 3 Medium")}
KEPT = {  # what of the whole file the person has
    "flux1": ("model.diffusion_model.",),  # as most of FLUX.1's files are
    "sd3": ("model.diffusion_model.", "first_stage_model."),  # sd3_medium.safetensors
}


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    with serving() as state:
        yield state


@pytest.fixture
def registry_of(tmp_path, hub):
    """Return a function that opens the registry with the configuration of a family."""

    def opened(family: str, *, offline: bool = False) -> Registry:
        name, title = FILES[family]
        source = SourceSpec("hub", {"repository": "org/original"})
        config = ModelEntry(name, title, "config", family, 1, "", None, source, (), family=family)
        sources = {**default_sources(), "hub": HubSource(HubClient(hub.url))}
        return Registry(tmp_path / "cache", offline=offline, entries=[config], sources=sources)

    return opened


def _upload(hub: FakeHub, folder: Path, scratch: Path) -> None:
    """Put a folder on the hub; its T5 in pieces, as large ones are."""
    from transformers import T5EncoderModel

    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    part = next(name for name in ("text_encoder_3", "text_encoder_2") if (folder / name).is_dir())
    del files[f"{part}/model.safetensors"]
    with quiet():
        T5EncoderModel.from_pretrained(folder / part).save_pretrained(scratch / "t5", max_shard_size="1MB")
    files |= {f"{part}/{path.name}": path.read_bytes() for path in (scratch / "t5").iterdir()}
    assert any(path.startswith(f"{part}/model-00002-of-") for path in files)
    hub.add("org/original", files)


@pytest.fixture
def render(picture, ticker):
    """Return a function that renders with a model of a registry."""

    def with_model(registry: Registry, name: str):
        engine = DiffusionEngine(RegisteredLibrary(registry), torch.device("cpu"), threads=2)
        request = DiffusionRequest(
            picture, None, name, Prompt("a face"), sampling=Sampling(2), pinned=Pinned("float32"), seeds=(3,)
        )
        return engine.diffuse(request, ticker=ticker).images[0]

    return with_model


@pytest.fixture
def partial(tmp_path, tiny):
    """Return a function for the part of a single file that a person has, and the folder with all of it."""

    def write(family: str) -> tuple[Path, Path]:
        with quiet():
            state = load_file(tiny.single_file(family))
        path = tmp_path / "tune.safetensors"
        save_file({key: value for key, value in state.items() if key.startswith(KEPT[family])}, path)
        return path, tiny.folder(family)

    return write


@pytest.mark.parametrize("family", ["flux1", "sd3"])
def test_what_is_lacking_is_fetched_once(hub, registry_of, partial, render, family):
    path, folder = partial(family)
    _upload(hub, folder, path.parent)
    registry = registry_of(family)
    entry = add_path(registry, path)
    missing = entry.facts["missing"]
    assert registry.needs(entry.name) == [entry.reference, *(f"{entry.reference}.{part}" for part in missing)]
    registry.pull(entry.name)
    fetched = {path.split("/")[2] for path, count in hub.sent.items() if count and path.endswith(".safetensors")}
    assert fetched == set(missing)
    hub.repositories.clear()
    offline = registry_of(family, offline=True)
    assert [model.name for model in offline.catalog().listing] == ["tune"]
    whole = add_path(offline, folder)
    ours, folders = render(offline, "tune"), render(offline, whole.name)
    assert ours.shape == folders.shape
    # Stable Diffusion 3 does without T5, which makes another picture; FLUX.1 has all of its parts now.
    assert (ours.tobytes() == folders.tobytes()) == (family == "flux1")


def test_what_cannot_be_fetched_is_a_sentence(hub, registry_of, partial):
    path, folder = partial("flux1")
    registry = registry_of("flux1")
    entry = add_path(registry, path)
    with pytest.raises(ResourceError, match="org/original on the model hub"):
        registry.pull(entry.name)
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    hub.add("org/original", {path: data for path, data in files.items() if not path.startswith("vae/diff")})
    with pytest.raises(ResourceError, match="org/original on the model hub is not available: it has no vae") as caught:
        registry.pull(entry.name)
    assert "--config" in caught.value.info.remedy
    with pytest.raises(ResourceError, match="is not on this machine, and Foveate is set to stay offline") as caught:
        registry_of("flux1", offline=True).pull(entry.name)
    assert caught.value.info.code is ErrorCode.OFFLINE
    assert caught.value.info.remedy == "Fetch it once while online: foveate models pull config-flux1-dev.vae"
