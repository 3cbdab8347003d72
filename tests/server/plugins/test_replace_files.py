"""All of it or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from foveate_server.plugins.replace_files import remove_all, replace_all
from foveate_shared.errors import ResourceError


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_folders_and_files_are_replaced_as_a_whole(tmp_path):
    package, single = tmp_path / "a/package", tmp_path / "b/single.action"
    replace_all({package: {"old.py": b"1", "sub/x": b"2"}, single: {"": b"3"}})
    assert tree(tmp_path) == {"a/package/old.py": b"1", "a/package/sub/x": b"2", "b/single.action": b"3"}
    replace_all({package: {"new.py": b"4"}, single: {"": b"5"}}, frozenset({package / "new.py"}))
    assert tree(tmp_path) == {"a/package/new.py": b"4", "b/single.action": b"5"}
    assert (package / "new.py").stat().st_mode & 0o111
    assert not single.stat().st_mode & 0o111


@pytest.mark.parametrize("failing", range(4))
def test_a_failure_leaves_everything_as_it_was(tmp_path, monkeypatch, failing):
    first, second = tmp_path / "first", tmp_path / "second"
    replace_all({first: {"f": b"old"}, second: {"": b"old"}})
    rename, calls = Path.rename, []

    def maybe(self, target):
        calls.append(target)
        if len(calls) == failing + 1:
            raise PermissionError(13, "Permission denied", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", maybe)
    monkeypatch.setattr(Path, "replace", maybe)
    with pytest.raises(ResourceError, match="Close the editor"):
        replace_all({first: {"g": b"new"}, second: {"": b"new"}})
    assert tree(tmp_path) == {"first/f": b"old", "second": b"old"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "second"]


def test_what_cannot_be_staged_touches_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    target = tmp_path / "package"
    replace_all({target: {"f": b"old"}})
    with pytest.raises(ResourceError):
        replace_all({target: {"f": b"new"}, tmp_path / "file/below": {"": b"x"}})
    assert tree(target) == {"f": b"old"}


def test_removing_tells_what_was_there(tmp_path):
    package, single = tmp_path / "package", tmp_path / "single"
    replace_all({package: {"f": b""}})
    assert remove_all([package, single]) == [package]
    assert remove_all([package, single]) == []
    assert list(tmp_path.iterdir()) == []
