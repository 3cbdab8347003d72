"""Settings: kept, migrated, and never fatal."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_shared.connection import settings
from foveate_shared.connection.settings import Settings
from foveate_shared.errors import InputError, ResourceError
from foveate_shared.i18n.translations import Texts


def test_the_client_id_is_minted_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "settings.json"
    first = settings.load(path)
    assert settings.load(path) == first
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    saved = Settings(
        "id", ("python", "-m", "foveate"), "wss://studio:8765", "token", "ab" * 32, {"refocus": {"strength": 0.5}}
    )
    settings.save(path, saved)
    assert settings.load(path) == saved
    assert "token" not in repr(replace(saved, remote_token="token-value")).replace("remote_token", "")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"version": 99, "client_id": "x"}', '{"version": 1}', '{"version": 1, "client_id": 3}'],
)
def test_a_broken_file_is_set_aside(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    found, told = settings.load_or_replace(path)
    assert found.client_id
    (aside,) = tmp_path.glob("settings.broken-*.json")
    assert aside.read_text() == text
    assert told == aside
    assert settings.load_or_replace(path) == (found, None)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: text.index("prompts")],
        lambda text: text.replace('"version": 2', '"version": 99'),
        lambda text: text.replace(": ", " ", 1),
    ],
    ids=["truncated", "of a newer version", "no JSON"],
)
def test_who_the_client_is_is_read_from_damaged_settings(tmp_path: Path, damage: Callable[[str], str]) -> None:
    path = tmp_path / "settings.json"
    settings.save(path, Settings("an-editor", remote_token="secret"))
    path.write_text(damage(path.read_text()))
    found, aside = settings.load_or_replace(path)
    assert aside is not None
    assert (found.client_id, found.remote_token) == ("an-editor", "")


@pytest.mark.parametrize("gone", [None, b"", b"\xff\x00", b'{"client_id": "an-edi'])
def test_who_the_client_is_outlives_its_settings(tmp_path: Path, gone: bytes | None) -> None:
    path = tmp_path / "settings.json"
    before = settings.load(path)
    path.unlink() if gone is None else path.write_bytes(gone)
    assert settings.load(path).client_id == before.client_id
    settings.save(path, Settings("of-a-backup"))
    settings.load(path)
    path.unlink()
    assert settings.load(path).client_id == "of-a-backup"


def test_what_is_told_of_a_broken_file_is_said_in_any_language() -> None:
    told = settings.told_aside(Path("/old.json"))
    assert "the old ones are in /old.json." in told
    assert "die alten liegen in /old.json." in Texts("de").sentence(told)


@pytest.mark.parametrize(("failing", "number"), [("os.open", 28), ("os.open", 13), ("pathlib.Path.replace", 13)])
def test_where_new_settings_cannot_be_written_the_broken_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, number: int
) -> None:
    path = tmp_path / "settings.json"
    path.write_text("{")

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(failing, fail)
    remedy = "Make room" if number == 28 else f"Give yourself the right to write {path} and its folder"
    with pytest.raises(ResourceError, match=remedy):
        settings.load(path)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["{"]
    assert path.exists()


def test_what_is_not_known_is_ignored_and_what_lacks_has_its_default() -> None:
    assert settings.parse('{"version": 1, "client_id": "x", "from_the_future": 1}') == Settings("x")


def test_older_files_are_migrated_step_by_step() -> None:
    migrations = {
        1: lambda values: {**values, "client_id": values["client_id"] + "b"},
        2: lambda values: {**values, "client_id": values["client_id"] + "c"},
    }
    text = '{"version": 1, "client_id": "a"}'
    assert settings.parse(text, version=3, migrations=migrations).client_id == "abc"


def test_every_step_has_its_migration() -> None:
    assert set(settings.MIGRATIONS) == set(range(1, settings.VERSION))


def test_a_full_or_forbidden_disk_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match="cannot be written"):
        settings.save(tmp_path / "file" / "settings.json", Settings("x"))


def test_the_remote_address() -> None:
    assert Settings("x").remote is None
    remote = Settings("x", remote_url="wss://studio:8765", remote_token="t").remote
    assert remote is not None
    assert remote.fingerprint is None
    with pytest.raises(InputError, match="encrypted"):
        assert Settings("x", remote_url="ws://studio:8765", remote_token="t").remote


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists), st.data())
def test_whatever_stands_in_a_field_is_read_or_refused(value: object, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*Settings.__dataclass_fields__, "version"]))
    text = json.dumps({"version": 1, "client_id": "x", name: value})
    try:
        settings.parse(text)
    except ValueError:
        return


def test_settings_of_an_older_plugin_get_the_new_defaults() -> None:
    old = '{"version": 1, "client_id": "x", "server_command": ["foveate", "serve"], "defaults": {}}'
    assert settings.parse(old) == Settings("x")


def test_a_setting_that_is_not_kept_any_more_is_ignored() -> None:
    assert settings.parse('{"version": 2, "client_id": "x", "has_checkpoint": true}') == Settings("x")


@pytest.mark.parametrize(
    "field", ['"ask_first": "yes"', '"ask_first": 1', '"runtime_file": 3', '"language": null', '"defaults": []']
)
def test_a_setting_of_the_wrong_kind_is_none(field: str) -> None:
    with pytest.raises(ValueError, match=r"text|true or false"):
        settings.parse(f'{{"version": 1, "client_id": "x", {field}}}')


def test_prompts_are_kept_and_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    saved = Settings(
        "id", prompts=("a door", "a wall"), negative_prompts=("blurry",), defaults={"fill": {"prompt": "p"}}
    )
    settings.save(path, saved)
    assert settings.load(path) == saved
    assert not any(secret in repr(saved) for secret in ("a door", "blurry", "'p'"))


def test_settings_without_prompts_are_migrated() -> None:
    old = settings.parse('{"version": 1, "client_id": "x", "language": "de"}')
    assert old == Settings("x", language="de")
    with pytest.raises(ValueError, match="prompts is a list of texts"):
        settings.parse('{"version": 2, "client_id": "x", "prompts": [1]}')


@pytest.mark.parametrize(
    ("url", "is_elsewhere"),
    [
        ("", False),
        ("ws://localhost:7317", False),
        ("wss://[::1]:7317", False),
        ("wss://studio.example:7317", True),
        ("wss://10.0.0.7", True),
        ("wss://[", False),
    ],
)
def test_whether_the_server_is_on_another_machine(url: str, is_elsewhere: bool) -> None:
    assert Settings("me", remote_url=url).is_elsewhere == is_elsewhere


def test_who_only_looks_makes_and_replaces_nothing(tmp_path):
    path = tmp_path / "settings.json"
    assert settings.peek(path) is None
    path.write_text("{")
    assert settings.peek(path) is None
    assert [each.read_text() for each in tmp_path.iterdir()] == ["{"]
    path.unlink()
    made = settings.load(path)
    assert settings.peek(path) == made
