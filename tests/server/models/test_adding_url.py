from __future__ import annotations

from pathlib import Path

import pytest

from fakes import headers as made
from foveate_server.models.adding.from_anything import add
from foveate_server.models.adding.make_entry import AddOptions
from foveate_server.models.registry import Registry
from foveate_shared.errors import InputError, ResourceError


@pytest.fixture
def toy(tmp_path: Path) -> bytes:
    return made.write(tmp_path / "made.safetensors", {"emb_params": (200, 768)}, "F32").read_bytes()


@pytest.fixture
def registry(cache_dir: Path) -> Registry:
    return Registry(cache_dir, entries=[])


def test_an_address(registry: Registry, file_server, toy: bytes) -> None:
    file_server.files["/a/toy.safetensors?token=secret"] = toy
    entry = add(registry, f"{file_server.url}/a/toy.safetensors?token=secret")
    assert (entry.name, entry.kind, entry.source.kind) == ("toy", "embedding", "url")
    assert "secret" not in entry.files[0].path
    assert Registry(registry.cache_dir, offline=True, entries=[]).path("toy").read_bytes() == toy


def test_a_broken_download_goes_on_when_it_is_added_again(registry: Registry, file_server, toy: bytes) -> None:
    file_server.files["/toy.safetensors"] = toy
    file_server.break_after = [len(toy), len(toy), len(toy), 200_000, 100_000, 100_000]
    with pytest.raises(ResourceError):
        add(registry, f"{file_server.url}/toy.safetensors")
    add(registry, f"{file_server.url}/toy.safetensors")
    assert registry.path("toy").read_bytes() == toy
    assert file_server.requests[-1]["range"].startswith("bytes=3")


def test_what_is_not_for_us_is_refused(registry: Registry, file_server, tmp_path: Path) -> None:
    data = made.write(tmp_path / "x.safetensors", {"effnet_mapper.0.weight": (4, 4, 1, 1)}).read_bytes()
    file_server.files["/x.safetensors"] = data
    with pytest.raises(InputError, match="Stable Cascade"):
        add(registry, f"{file_server.url}/x.safetensors")
    assert registry.entries() == []
    with pytest.raises(ResourceError, match="404"):
        add(registry, f"{file_server.url}/none.safetensors")
    with pytest.raises(ResourceError, match="only https"):
        add(registry, "http://example.org/x.safetensors")


def test_an_address_cannot_be_noted_for_later(registry: Registry) -> None:
    with pytest.raises(InputError, match="only known when it was downloaded"):
        add(registry, "https://example.org/x.safetensors", AddOptions(later=True))


def test_what_is_neither_here_nor_a_name(registry: Registry) -> None:
    with pytest.raises(InputError, match="no file or folder nonesuch") as caught:
        add(registry, "nonesuch.safetensors")
    assert "organisation/name" in caught.value.info.remedy
