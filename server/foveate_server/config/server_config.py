"""The server's configuration: defaults, then the TOML file, then FOVEATE_* in the environment, then flags.

Loading creates nothing: folders come into being where they are first written to.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import platformdirs

from foveate_server.config import parse_values as values
from foveate_shared.connection.running_server import default_runtime_file
from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.wire.protocol import Limits

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

APP_NAME = "foveate"
ENVIRONMENT_PREFIX = "FOVEATE_"
PAIRING_PORT = 7317  # where a server for other machines listens unless told: clients remember it, so it must not change


Parser = Callable[[object], Any]


@dataclass(frozen=True)
class Rates:
    """How much of each the server takes before it refuses with `rate_limited`."""

    connections: Annotated[int, values.integer(1)] = 64  # websockets open at once
    messages_per_second: Annotated[float, values.number(1)] = 500.0  # control messages, per connection
    submits_per_minute: Annotated[float, values.number(1)] = 240.0  # per owner
    failed_logins_per_minute: Annotated[int, values.integer(1)] = 10  # per peer address


@dataclass(frozen=True)
class ServerConfig:
    """Everything that a person can set about a server. An annotation names the parser of its setting."""

    host: Annotated[str, values.text] = "127.0.0.1"  # a name or address to bind
    port: Annotated[int, values.integer(0, 65_535)] = 0  # 0: any free one; clients find it in the runtime file
    data_dir: Annotated[Path, values.path] = field(default_factory=lambda: platformdirs.user_data_path(APP_NAME))
    cache_dir: Annotated[Path, values.path] = field(
        default_factory=lambda: platformdirs.user_cache_path(APP_NAME)
    )  # models
    log_dir: Annotated[Path, values.path] = field(default_factory=lambda: platformdirs.user_log_path(APP_NAME))
    runtime_file: Annotated[Path, values.path] = field(  # address and token, for clients on this machine
        default_factory=default_runtime_file
    )
    spool_quota: Annotated[int, values.size] = 20 << 30  # bytes that jobs and results may take on disk
    result_days: Annotated[float, values.number(0.01)] = 7.0  # of running until a result that nobody acknowledged goes
    watchdog_seconds: Annotated[float, values.number(0.1)] = 120.0  # without a sign of life, a worker counts as hung
    cancel_grace: Annotated[float, values.number(0.0)] = 5.0  # seconds until a worker that ignores a cancel is replaced
    idle_release_seconds: Annotated[float, values.number(0.0)] = 120.0  # until an idle worker gives device memory back
    idle_exit_minutes: Annotated[float, values.number(0.0)] = 0.0  # without clients and jobs; 0: never
    allowed_origins: Annotated[tuple[str, ...], values.origins] = ()  # web pages that may talk to the server
    allowed_hosts: Annotated[
        tuple[str, ...], values.texts
    ] = ()  # further names in `Host`, apart from host and loopback
    tls_cert: Annotated[Path | None, values.path] = None
    tls_key: Annotated[Path | None, values.path] = None
    # "package.module:function" that returns the EngineSpec for a configuration: what renders. Tests name others.
    engine: Annotated[str, values.text] = "foveate_server.engines.engine_specs:suite_spec"
    device: Annotated[str, values.text] = "auto"  # "auto", "cpu", "cuda", "cuda:1", "mps", ...
    threads: Annotated[int, values.integer(0, 1024)] = 0  # of the CPU; 0: as many as it has cores
    offline: Annotated[bool, values.boolean] = False  # never fetch anything, not even models
    # What becomes of pictures made with a prompt that a classifier finds indecent: "flag" notes it, "blur" conceals
    # them, "refuse" fails the job. Off unless the owner of the server wants it: people work on their own machines.
    safety: Annotated[str, values.choice("off", "flag", "blur", "refuse")] = "off"
    presets_file: Annotated[Path, values.path] = field(  # styles of the owner's own, beside the packaged ones
        default_factory=lambda: platformdirs.user_config_path(APP_NAME) / "presets.toml"
    )
    limits: Limits = field(default_factory=Limits)
    rates: Rates = field(default_factory=Rates)

    @property
    def is_loopback(self) -> bool:
        """Tell whether only programs on this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def has_tls(self) -> bool:
        """Tell whether connections are encrypted."""
        return self.tls_cert is not None

    @property
    def spool_dir(self) -> Path:
        """Return the folder of jobs and results."""
        return self.data_dir / "spool"

    @property
    def tokens_file(self) -> Path:
        """Return the file of the named tokens' hashes."""
        return self.data_dir / "tokens.json"


def _annotated_parsers(settings: type) -> dict[str, Parser]:
    hints = get_type_hints(settings, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}


_SECTIONS: Mapping[str, Mapping[str, Parser]] = {
    # Limits belong to the protocol and are all whole numbers, so that shared code needs no parsers.
    "limits": {entry.name: values.integer(1) for entry in fields(Limits)},
    "rates": _annotated_parsers(Rates),
}
_PARSERS: Mapping[str, Parser] = {
    **_annotated_parsers(ServerConfig),
    **{f"{section}.{name}": parse for section, keys in _SECTIONS.items() for name, parse in keys.items()},
}


def default_config_file() -> Path:
    """Return where the TOML file lies unless told otherwise."""
    return platformdirs.user_config_path(APP_NAME) / "server.toml"


def load_config(
    *, file: Path | None = None, environment: Mapping[str, str], flags: Mapping[str, object] | None = None
) -> ServerConfig:
    """Return the configuration; later sources win: file, environment, flags.

    Keys are the fields of :class:`ServerConfig`; those of `limits` and `rates` are `limits.NAME` in flags, a table
    in the file, and FOVEATE_LIMITS_NAME in the environment. Flags that are None are not set. Without `file`,
    FOVEATE_CONFIG names it, or it is :func:`default_config_file`, which need not exist.

    Raises InputError with one sentence that names the source and the key.
    """
    settings: dict[str, Any] = {}
    settings.update(_from_file(file, environment))
    settings.update(_from_environment(environment))
    settings.update(_from_flags(flags or {}))
    return _assemble(settings)


def _assemble(settings: Mapping[str, Any]) -> ServerConfig:
    plain = {key: value for key, value in settings.items() if "." not in key}
    sections: dict[str, dict[str, Any]] = {section: {} for section in _SECTIONS}
    for key, value in settings.items():
        section, dot, name = key.partition(".")
        if dot:
            sections[section][name] = value
    config = ServerConfig(
        **plain, limits=replace(Limits(), **sections["limits"]), rates=replace(Rates(), **sections["rates"])
    )
    if (config.tls_cert is None) != (config.tls_key is None):
        raise InputError(
            "Only one of tls_cert and tls_key is set.", remedy="Set both, or neither, or use `foveate serve --pair`."
        )
    return config


def _from_file(file: Path | None, environment: Mapping[str, str]) -> dict[str, Any]:
    named = file or (Path(environment["FOVEATE_CONFIG"]) if environment.get("FOVEATE_CONFIG") else None)
    location = named or default_config_file()
    if named is None and not location.exists():
        return {}
    try:
        document = tomllib.loads(location.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(
            f"The configuration file {location} cannot be read: {reason}.",
            code=ErrorCode.INVALID_FILE,
            remedy="Check the path given by --config or FOVEATE_CONFIG, or remove the file.",
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"The configuration file {location} is not valid TOML: {error}.",
            code=ErrorCode.INVALID_FILE,
            remedy="Correct the named line.",
        ) from error
    return {key: _parse(f"{location}", key, value) for key, value in _flatten(document)}


def _flatten(document: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for key, value in document.items():
        if key in _SECTIONS and isinstance(value, dict):
            yield from ((f"{key}.{name}", entry) for name, entry in value.items())
        else:
            yield key, value


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    names = {key: ENVIRONMENT_PREFIX + key.replace(".", "_").upper() for key in _PARSERS}
    return {
        key: _parse(f"the environment variable {name}", key, environment[name])
        for key, name in names.items()
        if environment.get(name)  # empty means unset, as usual in shells
    }


def _from_flags(flags: Mapping[str, object]) -> dict[str, Any]:
    return {
        key: _parse(f"the flag --{key.replace('_', '-').replace('.', '-')}", key, value)
        for key, value in flags.items()
        if value is not None
    }


def _parse(source: str, key: str, value: object) -> Any:
    parse = _PARSERS.get(key)
    if parse is None:
        near = difflib.get_close_matches(key, _PARSERS, n=1)
        remedy = f"Did you mean `{near[0]}`?" if near else f"Known settings: {', '.join(sorted(_PARSERS))}."
        raise InputError(f"In {source}, the setting `{key}` is unknown.", remedy=remedy)
    try:
        return parse(value)
    except ValueError as error:
        raise InputError(f"In {source}, `{key}` must be {error}, not {value!r}.", remedy="Correct the value.") from None
