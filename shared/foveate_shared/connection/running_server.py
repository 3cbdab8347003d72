"""Find the server that runs on this machine: it says in its runtime file where it is.

Machines that share a home share the path of that file: the first one that serves has it, and each of the others a file
of its own beside it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import ConnectionLostError, ErrorCode, FoveateError, RefusedError, reason_of
from ..i18n.sentence import Sentence
from .private_files import write_private
from .process_place import ProcessPlace, SharingMachine, birth_of, by_name_alone, of_this_host
from .proved_server import prove
from .server_address import ServerAddress
from .silence import silence

RUNTIME_FILE_VARIABLE = "FOVEATE_RUNTIME_FILE"  # in the environment, to choose another file
PROBE_TIMEOUT = 5.0  # seconds: the server answers from memory, whatever it computes


class NoServerRunsError(ConnectionLostError):
    """No server is said to run here, or the one that was listens no more; not one that merely cannot be reached."""


@dataclass(frozen=True)
class RunningServer:
    """What the runtime file holds."""

    url: str
    token: str = field(repr=False)
    pid: int
    version: str  # of the program, not of the protocol
    started: float  # seconds since the epoch
    fingerprint: str | None = None  # of the certificate, where the server uses TLS
    place: ProcessPlace | None = None  # where the pid counts; None: an older server did not say
    birth: int | None = None  # of the process, see process_place.birth_of; None: likewise, or nobody knows
    machine: str = ""  # the key of its SharingMachine; not in `place`, where older versions expect nothing more

    @property
    def is_here(self) -> bool:
        """Tell whether its pid counts here, too."""
        return self.place == ProcessPlace.here()

    @property
    def is_on_this_machine(self) -> bool:
        """Tell whether it runs on this machine since its last start, in whatever namespace of process numbers."""
        here = ProcessPlace.here()
        return self.place is not None and (self.place.host, self.place.boot) == (here.host, here.boot)

    def is_elsewhere(self, here: SharingMachine) -> bool:
        """Tell whether it is known to run on another machine than `here`."""
        return self.place is not None and SharingMachine(self.place.host, self.machine).is_another_than(here)

    @property
    def has_ended(self) -> bool:
        """Tell whether it is known to run no more; a pid of another place tells nothing."""
        if not self.is_here:
            return False
        is_another_s = self.birth is not None and birth_of(self.pid) not in {None, self.birth}
        return is_another_s or not is_alive(self.pid)

    @property
    def address(self) -> ServerAddress:
        """Return where to connect. Raises InputError where the file holds no address."""
        return ServerAddress(self.url, self.token, self.fingerprint, self.pid)


def default_runtime_file(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return where server and clients of this user meet.

    It depends on the user's home alone: an editor from the desktop's menu and a server from a terminal do not share
    much more of an environment.
    """
    if chosen := environ.get(RUNTIME_FILE_VARIABLE):
        return Path(chosen)
    home = Path.home()
    if platform == "win32":
        base = Path(environ.get("LOCALAPPDATA") or home / "AppData/Local") / "foveate"
    elif platform == "darwin":
        base = home / "Library/Application Support"
    else:
        base = Path(environ.get("HOST_XDG_DATA_HOME") or environ.get("XDG_DATA_HOME") or home / ".local/share")
    return base / "foveate" / "server.json"


def publish(path: Path, server: RunningServer) -> None:
    """Tell clients where the server is; to be called once it answers. Raises ResourceError."""
    other = read_runtime_file(path)
    is_shared = other is not None and other.is_elsewhere(SharingMachine.here())
    write_runtime_file(of_this_host(path) if is_shared else path, server)


def is_published(path: Path, server: RunningServer) -> bool:
    """Tell whether clients can still find the server: another program may delete or replace its file."""
    return any(read_runtime_file(file) == server for file in _files(path))


def withdraw(path: Path, server: RunningServer) -> None:
    """Remove what :func:`publish` wrote."""
    for file in _files(path):
        remove_runtime_file(file, server)


def _files(path: Path) -> tuple[Path, ...]:
    return tuple(dict.fromkeys((of_this_host(path), by_name_alone(path), path)))


def write_runtime_file(path: Path, server: RunningServer) -> None:
    """Write one file. Raises ResourceError."""
    write_private(path, json.dumps(asdict(server), indent=2) + "\n")


def read_runtime_file(path: Path) -> RunningServer | None:
    """Return what the file says, or None where there is none, or none that can be understood."""
    try:
        return _parse(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, AttributeError, KeyError, TypeError, FoveateError):
        return None


def _parse(fields: Mapping[str, Any]) -> RunningServer:
    """Return the server that `fields` describe. Raises one of many errors where they do not."""
    server = RunningServer(
        fields["url"],
        fields["token"],
        int(fields["pid"]),
        str(fields["version"]),
        float(fields["started"]),
        fields.get("fingerprint"),
        ProcessPlace(**fields["place"]) if fields.get("place") else None,
        fields.get("birth"),
        str(fields.get("machine", "")),
    )
    return replace(server, url=server.address.url)  # there is an address: it was checked


def remove_runtime_file(path: Path, server: RunningServer) -> None:
    """Remove the file, unless it speaks of another server by now."""
    if read_runtime_file(path) == server:
        with contextlib.suppress(OSError):
            path.unlink()


def find_server(path: Path | None = None) -> ServerAddress:
    """Return the address of the running server.

    Raises NoServerRunsError where none runs, ConnectionLostError with NO_SERVER where one cannot be reached, and with
    another code where one runs and cannot be used: it does not answer, is too old, or too busy. The file of a server
    that is known to have ended is removed; that of one which cannot be reached from here is not. Whoever listens where
    it was does not learn the token.
    """
    return find_running_server(path).address


def find_running_server(path: Path | None = None) -> RunningServer:
    """Return what the running server says of itself. Raises as :func:`find_server` does."""
    problem: ConnectionLostError = _no_server("No Foveate server is running.", NoServerRunsError)
    here = SharingMachine.here()
    for file, server in said_to_run(path or default_runtime_file()):
        found = _problem(file, server)
        if found is None:
            return server
        if not server.is_elsewhere(here):
            problem = found
    raise problem


def said_to_run(path: Path) -> list[tuple[Path, RunningServer]]:
    """Return the files that speak of a server, with what they say; this host's own first."""
    found = [(file, read_runtime_file(file)) for file in _files(path)]
    return [(file, server) for file, server in found if server is not None]


def _problem(file: Path, server: RunningServer) -> ConnectionLostError | None:
    """Return why there is no such server; None where it runs. Raises ConnectionLostError where it cannot be used."""
    has_ended = _no_server("The Foveate server has ended without a word.", NoServerRunsError)
    if server.has_ended:
        remove_runtime_file(file, server)
        return has_ended
    try:
        return None if _answers(server) else has_ended
    except ConnectionLostError as error:
        if error.info.code is not ErrorCode.NO_SERVER:
            raise
        return error


def in_sandbox(environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether this program sees no processes outside, and cannot start any: in a Flatpak or a confined Snap."""
    if environ.get("FLATPAK_ID"):
        return True
    snap = environ.get("SNAP")
    return bool(snap) and not _is_classic_snap(Path(str(snap)))


def _is_classic_snap(folder: Path) -> bool:
    """Tell whether a Snap is not confined: its description says so."""
    try:
        lines = (folder / "meta" / "snap.yaml").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    return any(line.replace(" ", "") == "confinement:classic" for line in lines)


def is_alive(pid: int) -> bool:
    """Tell whether a process may be running; True where that cannot be known."""
    if os.name != "posix" or in_sandbox():  # elsewhere the signal below would end it
        return True
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def _answers(server: RunningServer) -> bool:
    """Tell whether the server is there, and is the one. Raises ConnectionLostError where something else answers."""
    try:
        prove(server.address, PROBE_TIMEOUT).close()
    except ConnectionRefusedError:
        return False
    except TimeoutError as error:
        if server.is_on_this_machine:  # its pid may not count here: another one would be of no use all the same
            raise silence(server.address) from error
        raise _no_server("The Foveate server does not answer ({reason}).", reason=reason_of(error)) from error
    except (OSError, http.client.HTTPException) as error:
        raise _no_server("The Foveate server does not answer ({reason}).", reason=reason_of(error)) from error
    except RefusedError as error:  # another server has its port by now
        raise _no_server(error.info.message) from error
    return True


def _no_server(
    problem: str, kind: type[ConnectionLostError] = ConnectionLostError, /, **values: object
) -> ConnectionLostError:
    told = Sentence.made_of(problem, values)
    return kind(told, code=ErrorCode.NO_SERVER, remedy="Start it with `foveate serve`; its log tells more.")
