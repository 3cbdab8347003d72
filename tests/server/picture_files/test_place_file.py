"""A file comes into its place whole or not at all, and never over what must stay."""

import os

import pytest

from foveate_server.picture_files.place_file import placing
from foveate_shared.errors import InputError


def refuse(path):
    raise InputError(f"{path.name} must stay.")


def test_a_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "target.png", tmp_path / "link.png"
    target.write_text("old")
    link.symlink_to(target)
    with placing(link) as temporary:
        assert temporary.parent == target.parent
        temporary.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_link_to_what_is_not_there_yet_stays(tmp_path):
    (tmp_path / "link").symlink_to("target")
    with placing(tmp_path / "link") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def test_what_is_refused_in_the_end_stays_and_nothing_is_left_behind(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(InputError), placing(path, refuse) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_came_after_the_check_is_checked_too(tmp_path, monkeypatch):
    path, asked = tmp_path / "file", []

    def check(path):
        asked.append(path)
        if len(asked) == 2:
            refuse(path)

    def link_late(*paths, link=os.link):
        path.write_text("of another program")
        link(*paths)

    monkeypatch.setattr(os, "link", link_late)
    with pytest.raises(InputError, match="file must stay"), placing(path, check) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "of another program"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_system_without_links_does_as_well(tmp_path, monkeypatch):
    def refuse_link(*_):
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse_link)
    with placing(tmp_path / "file") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "file").read_text() == "new"
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]
