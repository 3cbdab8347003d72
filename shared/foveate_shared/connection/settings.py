"""A client's settings as a JSON file: versioned, private, written whole; a broken file is set aside, never fatal."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import ResourceError
from ..i18n.sentence import Sentence
from ..wire.protocol import JsonObject
from . import client_identity
from .private_files import unwritable, write_private
from .server_address import ServerAddress

VERSION = 2  # of the file's form
PLUGIN_FILES: Mapping[
    str, str
] = {  # of each editor's plugin: where installer and plugin meet, in a folder of the editor's
    "krita": "foveate/settings.json",  # in its resources
    "gimp": "foveate.json",  # in its folder, beside `plug-ins`
    "blender": "foveate.json",  # in the folder that it keeps for each extension, `.user/REPOSITORY/foveate`
}
_THIS_MACHINE = {None, "localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Settings:
    """What a client remembers. `client_id` is minted once and then kept, see client_identity: jobs belong to it."""

    client_id: str
    server_command: tuple[str, ...] = ("foveate", "serve")  # starts the server on this machine
    remote_url: str = ""  # of a server on another machine; empty: the one on this machine is used
    remote_token: str = field(default="", repr=False)
    remote_fingerprint: str = ""  # of its certificate; empty: the system's authorities vouch for it
    defaults: JsonObject = field(default_factory=dict, repr=False)  # parameters as last used, by operation
    runtime_file: str = ""  # where this machine's server says how to reach it; empty: where it does by default
    ask_first: bool = False  # results wait for a yes before they are applied
    installed_command: tuple[str, ...] = ()  # `server_command` as the installer wrote it; empty: nobody knows
    language: str = ""  # of the interface, such as "de"; empty: the system's
    prompts: tuple[str, ...] = field(
        default=(), repr=False
    )  # as used, the newest first, see foveate_shared.forms.prompt_history
    negative_prompts: tuple[str, ...] = field(default=(), repr=False)  # likewise

    @property
    def remote(self) -> ServerAddress | None:
        """Return the other machine's server, or None where none is set. Raises InputError where it is set wrongly."""
        if not self.remote_url:
            return None
        return ServerAddress(self.remote_url, self.remote_token, self.remote_fingerprint or None)

    @property
    def is_elsewhere(self) -> bool:
        """Tell whether the server is on another machine: one that an editor may not be allowed to talk to."""
        try:
            return urlsplit(self.remote_url).hostname not in _THIS_MACHINE
        except ValueError:  # the connection says what is wrong with it
            return False


Migration = Callable[[dict[str, Any]], dict[str, Any]]


def _with_prompts(values: dict[str, Any]) -> dict[str, Any]:
    """Version 1 knew no prompts: whatever stood under these names was somebody else's."""
    return {**values, "prompts": [], "negative_prompts": []}


MIGRATIONS: Mapping[int, Migration] = {1: _with_prompts}  # from the version that is the key to the next one


def peek(path: Path) -> Settings | None:
    """Return the settings in the file, or None where it holds none that can be understood; nothing is written."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def load(path: Path) -> Settings:
    """Return the settings in the file, as :func:`load_or_replace` does."""
    return load_or_replace(path)[0]


def load_or_replace(path: Path) -> tuple[Settings, Path | None]:
    """Return the settings in the file, and where old ones are that could not be read: see :func:`told_aside`.

    Where there is none, or none that can be understood (it is then renamed), new ones are written, with the client's id
    where that is known. Raises ResourceError where that is impossible; an old file is untouched then.
    """
    aside = None
    try:
        found = parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        pass
    except (OSError, ValueError):
        aside = _set_aside(path)
    else:
        client_identity.keep(path, found.client_id)
        return found, None
    settings = Settings(client_identity.known(path, aside) or str(uuid.uuid4()))
    try:
        save(path, settings)
    except ResourceError:
        if aside is not None:
            with contextlib.suppress(OSError):
                aside.replace(path)
        raise
    client_identity.keep(path, settings.client_id)
    return settings, aside


def told_aside(old: Path) -> Sentence:
    """Return what to tell a person whose settings :func:`load_or_replace` has replaced."""
    return Sentence(
        "The settings could not be read, and were made anew; the old ones are in {path}. A server on another machine "
        "must be paired again.",
        path=old,
    )


def save(path: Path, settings: Settings) -> None:
    """Write the settings. Raises ResourceError where that is impossible; the old file is untouched then."""
    write_private(path, json.dumps({"version": VERSION, **asdict(settings)}, indent=2, ensure_ascii=False) + "\n")


def parse(text: str, *, version: int = VERSION, migrations: Mapping[int, Migration] = MIGRATIONS) -> Settings:
    """Return the settings that `text` holds; what it lacks has its default, what is not known is ignored.

    Raises ValueError where it holds none, or is of a newer version.
    """
    values = json.loads(text)
    if not isinstance(values, dict):
        raise ValueError("settings are an object")  # noqa: TRY004 - the file's value is wrong, not a caller's type
    found = values.get("version")
    if not isinstance(found, int) or not 1 <= found <= version:
        raise ValueError(f"settings of version {found!r} are not known")
    for older in range(found, version):
        values = migrations[older](values)
    known = {entry.name: values[entry.name] for entry in fields(Settings) if entry.name in values}
    return _checked(known)


_LISTS = ("server_command", "installed_command", "prompts", "negative_prompts")  # of texts
_FLAG = "ask_first"
_NO_TEXTS = (*_LISTS, _FLAG, "defaults")


def _checked(values: dict[str, Any]) -> Settings:
    texts = {name: value for name, value in values.items() if name not in _NO_TEXTS}
    if not all(isinstance(value, str) for value in texts.values()) or not texts.get("client_id"):
        raise ValueError("a setting that must be a text is none")
    lists = {name: _texts(name, values[name]) for name in _LISTS if name in values}
    if not lists.get("server_command"):
        lists.pop("server_command", None)  # an empty command is none: the default
        values = {name: value for name, value in values.items() if name != "server_command"}
    if not isinstance(values.get(_FLAG, False), bool) or not isinstance(values.get("defaults", {}), dict):
        raise ValueError(f"{_FLAG} is true or false, and defaults are an object")  # noqa: TRY004 - as above
    return Settings(**{**values, **lists})


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"{name} is a list of texts")
    return tuple(value)


def _set_aside(path: Path) -> Path:
    """Rename a file that cannot be read, so that a person can look at it; return its new name. Raises ResourceError."""
    aside = path.with_name(f"{path.stem}.broken-{time.strftime('%Y%m%d-%H%M%S')}{path.suffix}")
    try:
        return path.replace(aside)
    except OSError as error:
        raise unwritable(path, error) from error
