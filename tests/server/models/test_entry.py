from __future__ import annotations

import hashlib
from typing import Any

import pytest

from foveate_server.models.entry import check_name, entry_from_mapping, entry_to_mapping
from foveate_shared.errors import InputError

GOOD: dict[str, Any] = {
    "name": "x4",
    "title": "X4",
    "kind": "restore",
    "architecture": "rrdbnet",
    "scale": 4,
    "license": "MIT",
    "license_file": None,
    "source": {"kind": "url"},
    "files": [
        {"path": "https://example.org/a/x4.bin", "sha256": "0" * 64, "size": 5},
        {"path": "https://example.org/a/x4.param", "sha256": "1" * 64, "size": 6},
    ],
}


def test_mapping_round_trip() -> None:
    entry = entry_from_mapping(GOOD)
    assert entry_from_mapping(entry_to_mapping(entry)) == entry
    assert entry.sha256 == "0" * 64
    assert entry.size == 11
    assert [file.name for file in entry.files] == ["x4.bin", "x4.param"]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "paint"},
        {"scale": 0},
        {"scale": "many"},
        {"files": []},
        {"files": [GOOD["files"][0], GOOD["files"][0]]},
        {"files": [{"path": "a.bin", "sha256": "short", "size": 5}]},
        {"files": [{"path": "a.bin", "sha256": "0" * 64, "size": 0}]},
        {"files": [{"path": "a.bin"}]},
        {"source": {}},
        {"source": None},
        {"name": "../../etc"},
        {"name": 5},
    ],
)
def test_malformed_mapping_is_an_input_error(change: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        entry_from_mapping({**GOOD, **change})


@pytest.mark.parametrize("name", ["a", "gfpgan-v1.4", "4x_nomos8k", "0"])
def test_good_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", ".partial", ".", "..", "a/b", "a\\b", "A", "ü", "a" * 65, "a\n"])
def test_names_that_could_leave_the_cache_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name"):
        check_name(name)


def test_an_entry_of_an_older_version_still_loads() -> None:
    """What version 0.1.0 wrote into entry.json, word for word."""
    old = {
        "name": "my-swinir", "title": "My SwinIR.pth (SwinIR)", "kind": "restore", "architecture": "SwinIR",
        "scale": 2, "halo": 64, "operations": ["refocus", "faces", "upscale"], "license": "", "license_file": None,
        "source": {"kind": "file"},
        "files": [{"path": "/home/a/My SwinIR.pth", "sha256": "ab" * 32, "size": 5}],
    }  # fmt: skip
    entry = entry_from_mapping(old)
    assert (entry.kind, entry.family, entry.facts, entry.reference) == ("restore", "", {}, "")
    assert entry.sha256 == "ab" * 32
    assert entry.files[0].name == "My SwinIR.pth"
    assert entry_from_mapping(entry_to_mapping(entry)) == entry


def folder_entry(**change: Any) -> Any:
    files = [
        {"path": "/a/model_index.json", "sha256": "0" * 64, "size": 5},
        {"path": "/a/unet/config.json", "sha256": "1" * 64, "size": 6, "target": "unet/config.json"},
        {"path": "/a/vae/config.json", "sha256": "2" * 64, "size": 6, "target": "vae/config.json"},
    ]
    facts = {"layout": "folder"}
    return entry_from_mapping(
        {**GOOD, "kind": "diffusion", "family": "sdxl", "facts": facts, "files": files, "reference": "base", **change}
    )


def test_a_folder_keeps_its_paths_and_has_a_hash_of_its_own() -> None:
    entry = folder_entry()
    assert [file.name for file in entry.files] == ["model_index.json", "unet/config.json", "vae/config.json"]
    assert entry_from_mapping(entry_to_mapping(entry)) == entry
    lines = f"{'0' * 64}  model_index.json\n{'1' * 64}  unet/config.json\n{'2' * 64}  vae/config.json\n"
    assert entry.sha256 == hashlib.sha256(lines.encode()).hexdigest()
    turned = folder_entry(files=list(reversed(entry_to_mapping(entry)["files"])))
    assert turned.sha256 == entry.sha256


@pytest.mark.parametrize("target", ["../x", "/etc/passwd", "a/../../x", "a\\b", "c:x", "entry.json", ".", "a//..//b"])
def test_targets_that_could_leave_the_folder_are_refused(target: str) -> None:
    with pytest.raises(InputError, match="outside"):
        folder_entry(files=[{"path": "/a/x", "sha256": "0" * 64, "size": 5, "target": target}])


def test_an_unknown_family_is_malformed() -> None:
    with pytest.raises(InputError, match="family"):
        folder_entry(family="sd9")
