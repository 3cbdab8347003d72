"""Enabling touches one line of Krita's configuration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_server.plugins import kritarc
from foveate_shared.errors import ResourceError

BEFORE = "theme=dark\n\n[python]\nenable_other=true\n\n[MainWindow]\nenable_foveate=false\n"


def test_only_our_line_changes(tmp_path):
    path = tmp_path / "kritarc"
    path.write_text(BEFORE)
    assert not kritarc.is_enabled(path)
    kritarc.enable(path)
    assert kritarc.is_enabled(path)
    assert path.read_text() == BEFORE.replace("[python]\n", "[python]\nenable_foveate=true\n")
    kritarc.enable(path)
    kritarc.forget(path)
    assert path.read_text() == BEFORE
    assert not kritarc.is_enabled(path)


@pytest.mark.parametrize("before", ["", "a=1\n", "[python]\nenable_foveate=false\n", "[python]"])
def test_it_is_enabled_whatever_was_there(tmp_path, before):
    path = tmp_path / "kritarc"
    path.write_text(before)
    kritarc.enable(path)
    assert kritarc.is_enabled(path)


def test_a_file_that_is_missing_is_made(tmp_path):
    path = tmp_path / "config" / "kritarc"
    kritarc.forget(path)
    assert not path.exists()
    kritarc.enable(path)
    assert path.read_text() == "[python]\nenable_foveate=true\n"


def test_a_file_that_is_no_text_is_left_alone(tmp_path):
    path = tmp_path / "kritarc"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ResourceError, match="Python Plugin Manager"):
        kritarc.enable(path)
    assert path.read_bytes() == b"\xff\xfe\x00"


LINES = st.lists(
    st.sampled_from(
        ["", "[python]", "[other]", "enable_foveate=true", "enable_foveate=false", "enable_x=true", "k=v=w"]
    )
)


@given(lines=LINES)
def test_enabling_and_forgetting_leave_all_other_lines(tmp_path_factory, lines):
    path = tmp_path_factory.getbasetemp() / "kritarc"
    path.write_text("\n".join(lines) + "\n")
    kritarc.enable(path)
    assert kritarc.is_enabled(path)
    others = [line for line in path.read_text().splitlines() if line and not line.startswith(("enable_foveate", "[py"))]
    assert others == [line for line in lines if line and not line.startswith(("enable_foveate", "[py"))]
    kritarc.forget(path)
    assert not kritarc.is_enabled(path)


def test_what_fails_meanwhile_leaves_it_as_it_was(tmp_path):
    path = tmp_path / "kritarc"
    path.write_text(BEFORE)

    def fail():
        with kritarc.enabling(path):
            assert kritarc.is_enabled(path)
            raise ResourceError("No room.")

    with pytest.raises(ResourceError, match="No room"):
        fail()
    assert path.read_text() == BEFORE
    with kritarc.enabling(path):
        pass
    assert kritarc.is_enabled(path)
