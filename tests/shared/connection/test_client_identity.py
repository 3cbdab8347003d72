"""The id that a client's jobs belong to: it does not hang on its settings alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from foveate_shared.connection import client_identity


@pytest.fixture
def settings_path(tmp_path: Path) -> Path:
    return tmp_path / "foveate.json"


def test_it_is_kept_beside_the_settings_for_their_owner_alone(settings_path: Path) -> None:
    assert client_identity.known(settings_path, None) is None
    client_identity.keep(settings_path, "an-editor")
    (file,) = settings_path.parent.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    written = file.stat().st_mtime_ns, file.stat().st_ino
    client_identity.keep(settings_path, "an-editor")
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == written
    assert client_identity.known(settings_path, None) == "an-editor"


def test_what_was_kept_whole_counts_for_more_than_what_is_damaged(settings_path: Path) -> None:
    settings_path.write_text('{"version": 2, "client_id": "an-edit#r", ')
    assert client_identity.known(settings_path, settings_path) == "an-edit#r"
    client_identity.keep(settings_path, "an-editor")
    assert client_identity.known(settings_path, settings_path) == "an-editor"


@pytest.mark.parametrize("text", ["", '"client_id": ""', '"client_id": 3', f'"client_id": "{"x" * 129}"', '"client_id'])
def test_what_is_no_id_is_none(settings_path: Path, text: str) -> None:
    settings_path.write_text(text)
    assert client_identity.known(settings_path, settings_path) is None


def test_where_it_cannot_be_kept_the_settings_have_it_alone(
    settings_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("os.open", fail)
    client_identity.keep(settings_path, "an-editor")
    assert list(settings_path.parent.iterdir()) == []
