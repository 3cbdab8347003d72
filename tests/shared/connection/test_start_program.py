"""Which program a command means, and in which words it is said why it was not started."""

from __future__ import annotations

from pathlib import Path

import pytest

from foveate_shared.connection.start_program import why_not_started, with_program_found


def test_a_program_is_looked_for_on_the_path(tmp_path: Path) -> None:
    (tmp_path / "foveate").write_text("")
    (tmp_path / "foveate").chmod(0o755)
    found = with_program_found(["foveate", "serve"], {"PATH": f"/nowhere:{tmp_path}"})
    assert found == [str(tmp_path / "foveate"), "serve"]
    assert with_program_found(found, {"PATH": ""}) == found


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["foveate"], "there is no such program"),
        (["/nowhere/foveate"], "there is no such program"),
        ([], "there is no such program"),
        (["{folder}/text"], "it may not be executed"),
    ],
)
def test_why_a_program_is_not_started(tmp_path: Path, command: list[str], why: str) -> None:
    (tmp_path / "text").write_text("")
    with pytest.raises(OSError, match=r"\[Errno") as caught:
        with_program_found([word.format(folder=tmp_path) for word in command], {"PATH": str(tmp_path)})
    assert why_not_started(caught.value) == why


def test_any_other_reason_is_said_without_its_number() -> None:
    assert why_not_started(OSError(8, "Exec format error")) == "Exec format error"
    assert why_not_started(ValueError("embedded null byte")) == "embedded null byte"
