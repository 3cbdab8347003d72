from __future__ import annotations

from pathlib import Path

import pytest

from foveate_server.models.download_progress import silent
from foveate_server.models.sources.local_file import FileSource
from foveate_shared.errors import CancelledJobError, ResourceError

DATA = b"weights" * 1000


def test_copies(make_entry, tmp_path: Path) -> None:
    original, folder = tmp_path / "net.pth", tmp_path / "staging"
    original.write_bytes(DATA)
    folder.mkdir()
    FileSource().fetch(make_entry("file", str(original), DATA), folder, silent)
    assert (folder / "net.pth").read_bytes() == DATA


def test_a_file_that_is_gone(make_entry, tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"net\.pth is gone"):
        FileSource().fetch(make_entry("file", str(tmp_path / "net.pth"), DATA), tmp_path, silent)


def test_a_cancel(make_entry, tmp_path: Path) -> None:
    original, folder = tmp_path / "net.pth", tmp_path / "staging"
    original.write_bytes(DATA)
    folder.mkdir()

    def cancel(done: int, total: int) -> None:
        raise CancelledJobError("cancelled")

    with pytest.raises(CancelledJobError):
        FileSource().fetch(make_entry("file", str(original), DATA), folder, cancel)
