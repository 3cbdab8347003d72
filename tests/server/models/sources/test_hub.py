"""The hub's source against a hub of our own that speaks the hub's protocol, through the real client library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.hub import FakeHub, serving
from foveate_server.models.download_progress import silent
from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec
from foveate_server.models.sources.hub import HubSource
from foveate_server.models.sources.hub_client import HubClient
from foveate_shared.errors import CancelledJobError, ErrorCode, ResourceError

DATA = bytes(range(256)) * 4096  # 1 MiB
HALF = len(DATA) // 2
NAME = "someone/model"
FILES = {"unet/net.safetensors": DATA, "unet/config.json": b"{}", "vae/config.json": b'{"a": 1}'}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with serving() as hub:
        yield hub


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "staging"
    folder.mkdir()
    return folder


def entry_of(hub: FakeHub, *paths: str, revision: str | None = None) -> ModelEntry:
    repository = hub.repositories[NAME]
    files = tuple(ModelFile(path, "0" * 64, len(repository.files.get(path, b"x")), path) for path in paths)
    source = SourceSpec("hub", {"repository": NAME, "revision": revision or repository.commit})
    return ModelEntry("m", "M", "diffusion", "sd1", 1, "", None, source, files)


def fetch(hub: FakeHub, folder: Path, *paths: str, progress=silent, revision: str | None = None) -> None:
    HubSource(HubClient(hub.url)).fetch(entry_of(hub, *paths, revision=revision), folder, progress)


def test_keeps_the_folders_of_a_repository_and_counts_all_bytes(hub: FakeHub, folder: Path) -> None:
    hub.add(NAME, FILES)
    seen: list[tuple[int, int]] = []
    fetch(hub, folder, *FILES, progress=lambda done, total: seen.append((done, total)))
    for path, data in FILES.items():
        assert (folder / path).read_bytes() == data
    total = sum(map(len, FILES.values()))
    assert seen == sorted(seen)
    assert seen[-1] == (total, total)


class Counting:
    """A progress that also wants to hear of each file."""

    def __init__(self) -> None:
        self.files: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int) -> None:
        pass

    def file(self, number: int, count: int) -> None:
        self.files.append((number, count))


def test_tells_of_each_file(hub: FakeHub, folder: Path) -> None:
    hub.add(NAME, FILES)
    progress = Counting()
    fetch(hub, folder, *FILES, progress=progress)
    assert progress.files == [(1, 3), (2, 3), (3, 3)]


def test_goes_on_where_the_connection_broke(hub: FakeHub, folder: Path) -> None:
    hub.add(NAME, FILES)
    hub.break_after = [HALF]
    fetch(hub, folder, "unet/net.safetensors")
    assert (folder / "unet" / "net.safetensors").read_bytes() == DATA
    assert hub.ranges == ["", f"bytes={HALF}-"]
    assert hub.sent[f"{NAME}/unet/net.safetensors"] == len(DATA)


def test_goes_on_after_a_cancel(hub: FakeHub, folder: Path) -> None:
    hub.add(NAME, FILES)

    def cancel(done: int, total: int) -> None:
        if done >= HALF:
            raise CancelledJobError("cancelled")

    with pytest.raises(CancelledJobError):
        fetch(hub, folder, "unet/net.safetensors", progress=cancel)
    fetch(hub, folder, "unet/net.safetensors")
    assert (folder / "unet" / "net.safetensors").read_bytes() == DATA
    assert hub.ranges[-1] == f"bytes={HALF}-"


def test_what_is_there_is_not_fetched_again(hub: FakeHub, folder: Path) -> None:
    hub.add(NAME, FILES)
    fetch(hub, folder, *FILES)
    hub.sent.clear()
    fetch(hub, folder, *FILES)
    assert not hub.sent


def test_the_token_goes_to_the_hub_alone(hub: FakeHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add(NAME, FILES, private=True, readers=("hf_secret",))
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch(hub, folder, "unet/net.safetensors")
    assert (folder / "unet" / "net.safetensors").read_bytes() == DATA
    assert not hub.authorized_cdn


@pytest.mark.parametrize(
    ("options", "path", "revision", "words", "remedy"),
    [
        ({}, "none.json", None, "none.json is not in revision c0ffee", "moved"),
        ({}, "unet/config.json", "gone", "no revision gone", "page"),
        (
            {"gated": True},
            "unet/config.json",
            None,
            "agree to their terms first",
            "/someone/model, accept them there, run",
        ),
        ({"private": True}, "unet/config.json", None, "none of that name, or it is private", "hf auth login"),
    ],
)
def test_says_what_is_missing(hub: FakeHub, folder: Path, *, options, path, revision, words, remedy) -> None:
    hub.add(NAME, FILES, **options)
    with pytest.raises(ResourceError, match=words) as caught:
        fetch(hub, folder, path, revision=revision)
    assert caught.value.info.code is ErrorCode.MODEL_UNAVAILABLE
    assert remedy in caught.value.info.remedy


def test_a_login_without_the_right(hub: FakeHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add(NAME, FILES, gated=True, readers=("hf_other",))
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    with pytest.raises(ResourceError, match="agree to their terms"):
        fetch(hub, folder, "unet/config.json")


def test_says_that_the_hub_does_not_answer(hub: FakeHub, folder: Path) -> None:
    hub.add(NAME, FILES)
    with pytest.raises(ResourceError) as caught:
        HubSource(HubClient("http://127.0.0.1:9")).fetch(entry_of(hub, "unet/config.json"), folder, silent)
    assert caught.value.info.code is ErrorCode.OFFLINE
    with pytest.raises(ResourceError) as caught:
        HubClient("http://127.0.0.1:9").look_up(NAME)
    assert caught.value.info.code is ErrorCode.OFFLINE


def test_looks_up_a_repository(hub: FakeHub) -> None:
    hub.add(NAME, FILES, revisions=("main", "v2"), license="apache-2.0", gated=True)
    found = HubClient(hub.url).look_up(NAME, "v2")
    assert (found.commit, found.license, found.gated) == ("c0ffee" + "0" * 34, "apache-2.0", True)
    assert [file.path for file in found.files if file.sha256] == ["unet/net.safetensors"]
    with pytest.raises(ResourceError, match="no revision v3"):
        HubClient(hub.url).look_up(NAME, "v3")
    with pytest.raises(ResourceError, match="none of that name"):
        HubClient(hub.url).look_up("someone/else")
    with pytest.raises(ResourceError, match="no name of a repository"):
        HubClient(hub.url).look_up("some one/else")


def test_a_small_file_that_was_changed_on_the_way(hub: FakeHub) -> None:
    hub.add(NAME, FILES)
    hub.corrupt = {"vae/config.json"}
    client = HubClient(hub.url)
    repository = client.look_up(NAME)
    file = repository.file("vae/config.json")
    assert file is not None
    with pytest.raises(ResourceError, match="not what the hub has listed"):
        client.content(repository, file)
