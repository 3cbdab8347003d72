from __future__ import annotations

import errno
import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from filelock import FileLock

from foveate_server.models import cache as cache_module
from foveate_server.models.cache import Cache, is_intact, sha256_of, storage_errors
from foveate_server.models.download_progress import silent
from foveate_server.models.entry import ENTRY_FILE
from foveate_shared.errors import CancelledJobError, ErrorCode, ResourceError

DATA = b"weights"


@pytest.fixture
def entry(make_entry):
    return make_entry("url", "https://example.org/net.bin", DATA)


def test_publishing_makes_a_model_whole(cache_dir: Path, entry) -> None:
    cache = Cache(cache_dir)
    staging = cache.staging(entry)
    (staging / "net.bin").write_bytes(DATA)
    assert not cache.has(entry)
    cache.publish(entry, staging, describe=True)
    assert cache.has(entry)
    assert cache.added() == [entry]
    assert not staging.exists()


def test_a_broken_description_hides_no_other_model(cache_dir: Path, entry) -> None:
    cache = Cache(cache_dir)
    staging = cache.staging(entry)
    (staging / "net.bin").write_bytes(DATA)
    cache.publish(entry, staging, describe=True)
    (cache_dir / "broken").mkdir()
    (cache_dir / "broken" / "entry.json").write_text("{")
    (cache_dir / "liar").mkdir()
    shutil.copy(cache_dir / "model" / "entry.json", cache_dir / "liar")
    assert [found.name for found in cache.added()] == ["model"]


def test_a_description_that_did_not_change_is_not_read_again(cache_dir: Path, entry, monkeypatch) -> None:
    cache, read = Cache(cache_dir), []
    cache.record(entry)
    path = cache.folder(entry.name) / ENTRY_FILE
    original = cache_module.entry_from_mapping
    monkeypatch.setattr(cache_module, "entry_from_mapping", lambda data: read.append(data["name"]) or original(data))
    assert cache.added() == cache.added() == [entry]
    assert read == [entry.name] * 2, "what changed a moment ago may yet change unseen"
    monkeypatch.setattr(cache_module, "SETTLED_NANOSECONDS", 0)
    assert cache.added() == cache.added() == [entry]
    assert read == [entry.name] * 3
    path.write_text(path.read_text().replace(entry.title, "Another title"))
    assert [found.title for found in cache.added()] == ["Another title"]
    path.write_text("{")
    assert cache.added() == []
    cache.record(entry)
    assert cache.added() == [entry]
    cache.remove(entry.name)
    assert cache.added() == []


def test_remove(cache_dir: Path, entry) -> None:
    cache = Cache(cache_dir)
    (cache.staging(entry) / "net.bin").write_bytes(DATA)
    assert not cache.remove("model")
    assert not list((cache_dir / ".partial").iterdir())


def test_waiting_for_another_process_can_be_cancelled(cache_dir: Path, entry) -> None:
    (cache_dir / ".locks").mkdir(parents=True)

    def cancel(done: int, total: int) -> None:
        raise CancelledJobError("cancelled")

    with (
        FileLock(cache_dir / ".locks" / "model.lock"),
        pytest.raises(CancelledJobError),
        Cache(cache_dir).locked(entry, cancel),
    ):
        pass


def test_the_lock_is_free_again_after_an_error(cache_dir: Path, entry) -> None:
    cache = Cache(cache_dir)
    with pytest.raises(ValueError, match="once"), cache.locked(entry, silent):
        raise ValueError("once")
    with cache.locked(entry, silent):
        pass


def test_a_full_disk_is_told_before_the_download(cache_dir: Path, entry, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(100, 99, 1))
    with pytest.raises(ResourceError, match="too full") as caught:
        Cache(cache_dir).staging(entry)
    assert caught.value.info.code is ErrorCode.STORAGE_FULL


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, ErrorCode.STORAGE_FULL), (errno.EROFS, ErrorCode.MODEL_UNAVAILABLE)],
)
def test_errors_of_the_disk_become_sentences(number: int, code: ErrorCode, cache_dir: Path) -> None:
    with pytest.raises(ResourceError) as caught, storage_errors(cache_dir):
        raise OSError(number, "os")
    assert caught.value.info.code is code
    assert str(cache_dir) in caught.value.info.message


def test_intact_means_sizes_and_hashes(tmp_path: Path, entry) -> None:
    assert not is_intact(tmp_path, entry)
    (tmp_path / "net.bin").write_bytes(DATA)
    assert is_intact(tmp_path, entry)
    (tmp_path / "net.bin").write_bytes(DATA[::-1])
    assert not is_intact(tmp_path, entry)
    assert sha256_of(tmp_path / "net.bin") != entry.sha256


def test_what_did_not_change_is_not_read_again(cache_dir: Path, entry, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, read = Cache(cache_dir), []
    path = cache.staging(entry) / "net.bin"
    path.write_bytes(DATA)
    long_ago = path.stat().st_mtime - 60
    os.utime(path, (long_ago, long_ago))
    cache.publish(entry, path.parent, describe=True)
    original = cache_module.sha256_of
    monkeypatch.setattr(cache_module, "sha256_of", lambda path, heard: read.append(path.name) or original(path))
    assert cache.intact(entry)
    assert read == [], "it was verified before it was published"
    (cache_dir / ".verified" / entry.name).unlink()
    assert cache.intact(entry)
    assert cache.intact(entry)
    assert read == ["net.bin"]
    os.utime(cache.folder(entry.name) / "net.bin")
    assert cache.intact(entry)
    assert cache.intact(entry), "a file that changed a moment ago may yet change unseen: it is read each time"
    assert read == ["net.bin"] * 3
    (cache.folder(entry.name) / "net.bin").write_bytes(DATA[::-1])
    assert not cache.intact(entry)


def test_a_model_that_is_only_noted(cache_dir: Path, entry) -> None:
    cache = Cache(cache_dir)
    cache.record(entry)
    assert cache.added() == [entry]
    assert not cache.has(entry)
    assert not cache.intact(entry)
    assert cache.remove(entry.name)
    assert cache.added() == []


def test_a_long_verification_gives_signs_of_life(cache_dir: Path, entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "LONG_BYTES", len(DATA))
    (Cache(cache_dir).staging(entry) / "net.bin").write_bytes(DATA)
    seen: list[tuple[int, int]] = []
    assert is_intact(Cache(cache_dir).staging(entry), entry, lambda done, total: seen.append((done, total)))
    assert seen == [(len(DATA), len(DATA))]
