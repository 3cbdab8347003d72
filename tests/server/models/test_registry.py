from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from foveate_server.models.registry import Registry
from foveate_shared.errors import ErrorCode, InputError, ResourceError

DATA = b"weights" * 1000


@pytest.fixture
def registry(cache_dir: Path, make_entry, file_server) -> Registry:
    file_server.files["/net.bin"] = DATA
    entry = make_entry("url", f"{file_server.url}/net.bin", DATA, name="net", license_file="realesrgan.txt")
    return Registry(cache_dir, entries=[entry])


def test_models_are_listed_without_fetching(registry: Registry, file_server) -> None:
    [info] = registry.catalog().listing
    assert (info.name, info.scale, info.available, info.license) == ("net", 4, False, "MIT")
    assert not file_server.requests


def test_path_fetches_once_and_keeps_the_licence(registry: Registry, file_server) -> None:
    path = registry.path("net")
    assert path.read_bytes() == DATA
    assert registry.pull("net") == path
    assert len(file_server.requests) == 1
    assert "Xintao Wang" in (path.parent / "NOTICE.txt").read_text()
    assert registry.catalog().listing[0].available


def test_two_threads_fetch_once(registry: Registry, file_server) -> None:
    threads = [threading.Thread(target=registry.path, args=("net",)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(file_server.requests) == 1


def test_a_file_with_another_hash_is_not_kept(registry: Registry, file_server, cache_dir: Path) -> None:
    file_server.files["/net.bin"] = DATA[::-1]
    with pytest.raises(ResourceError, match="SHA-256 differs") as caught:
        registry.path("net")
    assert caught.value.info.code is ErrorCode.MODEL_UNAVAILABLE
    assert not [path for path in cache_dir.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_a_damaged_file_is_fetched_again(registry: Registry, file_server) -> None:
    path = registry.path("net")
    path.write_bytes(DATA[::-1])
    assert registry.path("net").read_bytes() == DATA
    assert len(file_server.requests) == 2


def test_offline_is_a_sentence_with_a_remedy(cache_dir: Path, registry: Registry) -> None:
    offline = Registry(cache_dir, offline=True, entries=registry.entries())
    with pytest.raises(ResourceError, match="foveate models pull net") as caught:
        offline.path("net")
    assert caught.value.info.code is ErrorCode.OFFLINE
    registry.path("net")
    assert offline.path("net").read_bytes() == DATA


def test_an_unknown_name_suggests_the_nearest(registry: Registry) -> None:
    with pytest.raises(InputError, match="Did you mean net") as caught:
        registry.path("nets")
    assert caught.value.info.code is ErrorCode.UNKNOWN_MODEL
    with pytest.raises(InputError, match="Known models: net"):
        registry.entry("something-else")
    with pytest.raises(InputError, match="Known models: none"):  # as none can be chosen instead
        registry.entry("nets", wanted="diffusion")


def test_remove_forgets_the_files_of_an_embedded_model(registry: Registry) -> None:
    registry.path("net")
    assert registry.remove("net")
    assert not registry.catalog().listing[0].available
    assert not registry.remove("net")


def test_the_default_is_the_first_of_its_kind(cache_dir: Path) -> None:
    registry = Registry(cache_dir)
    assert registry.default().name == "realesrgan-x4plus"
    assert registry.default("detect").name == "centerface"
    assert registry.default("detect", "centerface").name == "centerface"
    with pytest.raises(InputError):
        Registry(cache_dir, entries=[]).default()


def test_a_detector_is_given_weights_of_its_own_architecture_whatever_was_chosen(cache_dir: Path, make_entry) -> None:
    finders = [
        replace(make_entry("url", f"https://example.org/{name}.bin", b"x", name=name), kind="detect", architecture=kind)
        for name, kind in (("faces", "centerface"), ("hands", "hands"), ("large-hands", "hands"))
    ]
    registry = Registry(cache_dir, entries=finders)
    registry.set_default("large-hands")
    assert registry.default("detect", "hands").name == "large-hands"
    assert registry.default("detect", "centerface").name == "faces"
    with pytest.raises(InputError, match="no model that can detect"):
        registry.default("detect", "feet")
