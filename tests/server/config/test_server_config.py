from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from foveate_server.config.server_config import Rates, ServerConfig, load_config
from foveate_shared.errors import InputError
from foveate_shared.wire.protocol import Limits


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_defaults_are_loopback_and_create_nothing(home: Path):
    config = load_config(environment={})
    assert (config.host, config.port) == ("127.0.0.1", 0)
    assert config.is_loopback
    assert not config.has_tls
    assert config.limits == Limits()
    assert config.rates == Rates()
    assert config.spool_dir.is_relative_to(home)
    assert list(home.iterdir()) == []
    with pytest.raises(FrozenInstanceError):
        config.port = 1  # type: ignore[misc]


def test_flags_win_over_the_environment_and_that_over_the_file(home: Path):
    file = write(home / "server.toml", "port = 1\nthreads = 1\nresult_days = 1\n")
    environment = {"FOVEATE_THREADS": "2", "FOVEATE_RESULT_DAYS": "2", "FOVEATE_DEVICE": ""}
    config = load_config(file=file, environment=environment, flags={"result_days": 3, "device": None})
    assert (config.port, config.threads, config.result_days, config.device) == (1, 2, 3.0, "auto")


def test_the_file_may_be_named_by_the_environment(home: Path):
    file = write(home / "other.toml", 'allowed_origins = ["HTTPS://Example.org/"]\n[limits]\nmax_open_jobs = 3\n')
    config = load_config(environment={"FOVEATE_CONFIG": str(file), "FOVEATE_RATES_CONNECTIONS": "7"})
    assert config.allowed_origins == ("https://example.org",)
    assert config.limits.max_open_jobs == 3
    assert config.limits.max_chunk_bytes == Limits().max_chunk_bytes
    assert config.rates.connections == 7


@pytest.mark.parametrize(
    ("value", "expected"),
    [("500 MB", 500 << 20), ("20G", 20 << 30), ("1.5 kib", 1536), ("4096", 4096), (4096, 4096)],
)
def test_sizes(home: Path, value: object, expected: int):
    assert load_config(environment={}, flags={"spool_quota": value}).spool_quota == expected


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("192.168.0.2", False),
        ("10.0.0.7", False),
        ("pc", False),
    ],
)
def test_loopback(host: str, loopback: bool):
    assert ServerConfig(host=host).is_loopback is loopback


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"port": 65_536}, "In the flag --port, `port` must be a whole number from 0 to 65535, not 65536."),
        ({"port": True}, "`port` must be a whole number"),
        ({"port": "8o"}, "not '8o'"),
        ({"result_days": "nan"}, "`result_days` must be a number of at least 0.01"),
        ({"offline": "perhaps"}, "`offline` must be true or false"),
        ({"allowed_origins": "null"}, "web origins"),
        ({"allowed_origins": ["*"]}, "web origins"),
        ({"allowed_hosts": [1]}, "a list of texts"),
        ({"spool_quota": "much"}, "a size such as"),
        ({"data_dir": ""}, "`data_dir` must be a path"),
        ({"host": " "}, "`host` must be a text"),
        ({"limits.max_open_jobs": 0}, "--limits-max-open-jobs, `limits.max_open_jobs` must be a whole number"),
        ({"tls_cert": "cert.pem"}, "Only one of tls_cert and tls_key is set."),
    ],
)
def test_a_bad_value_is_one_sentence_that_names_source_and_key(home: Path, flags: dict[str, object], sentence: str):
    with pytest.raises(InputError) as caught:
        load_config(environment={}, flags=flags)
    assert sentence in caught.value.info.message
    assert "\n" not in caught.value.info.message
    assert caught.value.info.remedy


def test_a_bad_value_in_the_environment_names_the_variable(home: Path):
    with pytest.raises(InputError, match="In the environment variable FOVEATE_PORT, `port` must be"):
        load_config(environment={"FOVEATE_PORT": "x"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("prot = 1", "the setting `prot` is unknown. Did you mean `port`?"),
        ("[rates]\nconnection = 1", "Did you mean `rates.connections`?"),
        ("port = ", "is not valid TOML"),
        ("limits = 3", "the setting `limits` is unknown"),
        ("[server]\nport = 3", "the setting `server` is unknown"),
    ],
)
def test_a_bad_file_is_named(home: Path, text: str, sentence: str):
    file = write(home / "server.toml", text)
    with pytest.raises(InputError) as caught:
        load_config(file=file, environment={})
    assert sentence in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_named_file_must_exist(home: Path):
    with pytest.raises(InputError, match=r"missing\.toml cannot be read: No such file"):
        load_config(file=home / "missing.toml", environment={})


def test_a_file_that_is_no_text_is_refused(home: Path):
    (home / "server.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8"):
        load_config(file=home / "server.toml", environment={})


def test_every_setting_is_documented():
    documented = (Path(__file__).parents[3] / "docs" / "server.md").read_text("utf-8")
    keys = [field.name for field in fields(ServerConfig) if field.name not in {"limits", "rates"}]
    keys += [f"limits.{field.name}" for field in fields(Limits)] + [f"rates.{field.name}" for field in fields(Rates)]
    assert [key for key in keys if f"`{key}`" not in documented] == []


def test_the_safety_setting_is_off_unless_the_owner_wants_it(home: Path):
    assert load_config(environment={}).safety == "off"
    assert load_config(environment={"FOVEATE_SAFETY": "Refuse"}).safety == "refuse"
    with pytest.raises(InputError, match="`safety` must be one of off, flag, blur, refuse, not 'maybe'"):
        load_config(environment={"FOVEATE_SAFETY": "maybe"})
