from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from foveate_server.config.server_config import ServerConfig
from foveate_server.net.named_tokens import Authenticator, add_token, list_tokens, new_token, revoke_token
from foveate_shared.errors import InputError, ServerError


@pytest.fixture
def config(tmp_path: Path) -> ServerConfig:
    return ServerConfig(data_dir=tmp_path / "data")


def bearer(token: str) -> str:
    return f"Bearer {token}"


def test_a_named_token_is_known_until_it_is_revoked(config: ServerConfig):
    authenticator = Authenticator(config.tokens_file, new_token())
    token = add_token(config, "tablet")
    assert authenticator.authenticate(bearer(token)) == "tablet"
    assert authenticator.knows("tablet")
    revoke_token(config, "tablet")
    assert authenticator.authenticate(bearer(token)) is None
    assert not authenticator.knows("tablet")


def test_the_local_token_needs_no_file(config: ServerConfig):
    token = new_token()
    authenticator = Authenticator(config.tokens_file, token)
    assert authenticator.authenticate(bearer(token)) == "local"
    assert authenticator.knows("local")
    assert not config.data_dir.exists()


@pytest.mark.parametrize("change", [str.upper, lambda t: t[:-1], lambda t: t + "a", lambda t: "", lambda t: "é" + t])
def test_anything_else_is_refused(config: ServerConfig, change):
    token = new_token()
    authenticator = Authenticator(config.tokens_file, token)
    assert authenticator.authenticate(bearer(change(token))) is None
    for header in (None, "", token, f"Basic {token}", f"Bearer{token}"):
        assert authenticator.authenticate(header) is None


def test_only_hashes_are_kept_and_the_file_is_private(config: ServerConfig):
    token = add_token(config, "tablet")
    text = config.tokens_file.read_text("utf-8")
    assert token not in text
    assert token.removeprefix("fvt_") not in text
    assert stat.S_IMODE(config.tokens_file.stat().st_mode) == 0o600
    assert [entry.name for entry in list_tokens(config)] == ["tablet"]


@pytest.mark.parametrize("name", ["", "local", "a b", "../x", "a" * 65, "é", "-x", "a\n"])
def test_bad_names_are_refused(config: ServerConfig, name: str):
    with pytest.raises(InputError, match="cannot be the name of a token"):
        add_token(config, name)
    assert list_tokens(config) == []


def test_names_are_unique_and_revoking_needs_one(config: ServerConfig):
    add_token(config, "tablet")
    with pytest.raises(InputError, match="already"):
        add_token(config, "tablet")
    with pytest.raises(InputError, match="There is no token named phone"):
        revoke_token(config, "phone")


def test_tokens_made_at_the_same_time_all_survive(config: ServerConfig):
    names = [f"client-{number}" for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda name: add_token(config, name), names))
    authenticator = Authenticator(config.tokens_file, new_token())
    assert [authenticator.authenticate(bearer(token)) for token in tokens] == names


@pytest.mark.parametrize("text", ["{", "[1]", '[{"name": "a"}]', "null"])
def test_a_damaged_file_lets_no_named_token_in_and_is_a_sentence_for_who_adds_one(config: ServerConfig, text: str):
    named, local = add_token(config, "tablet"), new_token()
    authenticator = Authenticator(config.tokens_file, local)
    assert authenticator.authenticate(bearer(named)) == "tablet"
    config.tokens_file.write_text(text)
    assert authenticator.authenticate(bearer(named)) is None
    assert authenticator.authenticate(bearer(local)) == "local"
    with pytest.raises(ServerError, match="cannot be read"):
        add_token(config, "phone")
    assert config.tokens_file.read_text() == text


def test_a_revoked_token_is_told_from_one_that_nobody_can_judge(config: ServerConfig):
    named = add_token(config, "tablet")
    add_token(config, "phone")
    authenticator = Authenticator(config.tokens_file, new_token())
    assert authenticator.revoked({"local", "tablet", "phone"}) == frozenset()
    revoke_token(config, "tablet")
    assert authenticator.revoked({"local", "tablet", "phone"}) == {"tablet"}
    assert authenticator.authenticate(bearer(named)) is None
    config.tokens_file.write_text("{")
    assert authenticator.revoked({"local", "tablet", "phone"}) == frozenset()
    config.tokens_file.unlink()
    assert authenticator.revoked({"local", "tablet", "phone"}) == {"tablet", "phone"}
