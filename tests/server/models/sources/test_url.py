from __future__ import annotations

from pathlib import Path

import pytest

from foveate_server.models.download_progress import silent
from foveate_server.models.sources.url import UrlSource
from foveate_shared.errors import CancelledJobError, ErrorCode, ResourceError

DATA = bytes(range(256)) * 4096  # 1 MiB
HALF = len(DATA) // 2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "staging"
    folder.mkdir()
    return folder


def test_fetches_a_file_and_reports_progress(file_server, make_entry, folder: Path) -> None:
    file_server.files["/a/model.bin"] = DATA
    seen: list[tuple[int, int]] = []
    entry = make_entry("url", f"{file_server.url}/a/model.bin", DATA)
    UrlSource().fetch(entry, folder, lambda done, total: seen.append((done, total)))
    assert (folder / "model.bin").read_bytes() == DATA
    assert [path.name for path in folder.iterdir()] == ["model.bin"]
    assert seen[-1] == (len(DATA), len(DATA))
    assert seen == sorted(seen)


def test_goes_on_where_the_connection_broke(file_server, make_entry, folder: Path) -> None:
    file_server.files["/model.bin"] = DATA
    file_server.break_after = [HALF]
    UrlSource().fetch(make_entry("url", f"{file_server.url}/model.bin", DATA), folder, silent)
    assert (folder / "model.bin").read_bytes() == DATA
    first, second = file_server.requests
    assert "range" not in first
    assert second["range"] == f"bytes={HALF}-"
    assert second["if-range"] == file_server.etag("/model.bin")


def test_goes_on_in_a_later_attempt(file_server, make_entry, folder: Path) -> None:
    file_server.files["/model.bin"] = DATA
    file_server.break_after = [100_000, 100_000, 100_000]  # of each, whole chunks of 64 KiB are kept
    entry = make_entry("url", f"{file_server.url}/model.bin", DATA)
    with pytest.raises(ResourceError) as caught:
        UrlSource().fetch(entry, folder, silent)
    assert caught.value.info.code is ErrorCode.OFFLINE
    UrlSource().fetch(entry, folder, silent)
    assert (folder / "model.bin").read_bytes() == DATA
    assert file_server.requests[-1]["range"] == f"bytes={3 << 16}-"


def test_begins_anew_where_the_file_has_changed(file_server, make_entry, folder: Path) -> None:
    file_server.files["/model.bin"] = DATA[::-1]
    file_server.break_after = [HALF, 0, 0]
    entry = make_entry("url", f"{file_server.url}/model.bin", DATA)
    with pytest.raises(ResourceError):
        UrlSource().fetch(entry, folder, silent)
    file_server.files["/model.bin"] = DATA
    UrlSource().fetch(entry, folder, silent)
    assert (folder / "model.bin").read_bytes() == DATA


def test_never_resumes_without_a_validator(file_server, make_entry, folder: Path) -> None:
    file_server.files["/model.bin"] = DATA
    file_server.has_etag = False
    file_server.break_after = [HALF]
    UrlSource().fetch(make_entry("url", f"{file_server.url}/model.bin", DATA), folder, silent)
    assert (folder / "model.bin").read_bytes() == DATA
    assert not any("range" in request for request in file_server.requests)


def test_a_cancel_keeps_what_arrived(file_server, make_entry, folder: Path) -> None:
    file_server.files["/model.bin"] = DATA

    def cancel(done: int, total: int) -> None:
        raise CancelledJobError("cancelled")

    entry = make_entry("url", f"{file_server.url}/model.bin", DATA)
    with pytest.raises(CancelledJobError):
        UrlSource().fetch(entry, folder, cancel)
    assert (folder / "model.bin.part").stat().st_size > 0
    assert not (folder / "model.bin").exists()


def test_stops_a_file_that_is_larger_than_expected(file_server, make_entry, folder: Path) -> None:
    file_server.files["/model.bin"] = DATA + DATA
    with pytest.raises(ResourceError, match="larger"):
        UrlSource().fetch(make_entry("url", f"{file_server.url}/model.bin", DATA), folder, silent)
    assert not (folder / "model.bin.part").exists()


def test_follows_redirects_but_not_to_plain_http(file_server, make_entry, folder: Path) -> None:
    file_server.files["/model.bin"] = DATA
    file_server.redirects = {"/here": "/model.bin", "/away": "http://example.org/model.bin"}
    UrlSource().fetch(make_entry("url", f"{file_server.url}/here", DATA), folder, silent)
    assert (folder / "here").read_bytes() == DATA
    with pytest.raises(ResourceError, match="only https"):
        UrlSource().fetch(make_entry("url", f"{file_server.url}/away", DATA), folder, silent)


@pytest.mark.parametrize("url", ["http://example.org/m.bin", "ftp://example.org/m.bin", "file:///etc/passwd"])
def test_refuses_anything_but_https(make_entry, folder: Path, url: str) -> None:
    with pytest.raises(ResourceError, match="only https"):
        UrlSource().fetch(make_entry("url", url, DATA), folder, silent)


def test_says_what_the_server_answered(file_server, make_entry, folder: Path) -> None:
    with pytest.raises(ResourceError, match="404") as caught:
        UrlSource().fetch(make_entry("url", f"{file_server.url}/none.bin", DATA), folder, silent)
    assert caught.value.info.code is ErrorCode.MODEL_UNAVAILABLE


def test_says_that_nothing_answers(make_entry, folder: Path) -> None:
    with pytest.raises(ResourceError, match="cannot be reached") as caught:
        UrlSource().fetch(make_entry("url", "http://127.0.0.1:9/model.bin", DATA), folder, silent)
    assert caught.value.info.code is ErrorCode.OFFLINE
