from __future__ import annotations

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
    "halo": 64,
    "operations": ["upscale"],
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
        {"halo": -1},
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
