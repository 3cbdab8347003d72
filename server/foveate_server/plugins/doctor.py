"""What is installed, what is wrong, and what to do about it: a report that can be shown to others."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foveate_server.plugins import bundle_sources, kritarc
from foveate_server.plugins.bundle import RECORD
from foveate_server.plugins.editor_import import try_import
from foveate_server.plugins.editor_places import NATIVE, TITLES, Machine, Place, find_places
from foveate_server.plugins.krita_binding import missing_binding
from foveate_server.plugins.terminal_alone import set_here_alone
from foveate_server.plugins.try_server import try_server
from foveate_shared.connection import settings
from foveate_shared.connection.clean_environment import clean_environment, virtual_environment
from foveate_shared.connection.private_files import is_forbidden, unwritable
from foveate_shared.connection.running_server import default_runtime_file, find_running_server, said_to_run
from foveate_shared.connection.settings import Settings
from foveate_shared.errors import FoveateError, reason_of
from foveate_shared.wire.protocol import Peer


@dataclass(frozen=True)
class DoctorFinding:
    """One line of the report, and what is wrong about it if anything is."""

    subject: str
    text: str
    problem: str = ""
    remedy: str = ""
    is_fault: bool = True  # the problem; False: only a warning, which the exit status does not count


TryServer = Callable[[Settings, str, Mapping[str, str]], Peer]  # see plugins.try_server


def examine(machine: Machine, try_server: TryServer = try_server) -> list[DoctorFinding]:
    """Look at this machine, try plugins in their editors, and their servers, which may run then. No more is changed."""
    tried = _TriedServers(try_server, machine.environ)
    findings = [
        DoctorFinding(
            "foveate", f"{bundle_sources.version()}, Python {platform.python_version()}, {platform.platform()}"
        )
    ]
    findings += _looked("terminal", _terminal(machine))
    findings += _looked("server", _server())
    findings += _looked("models", _weights())
    findings += _looked("package", _packages())
    for host in bundle_sources.HOSTS:
        findings += _looked(host, _host(host, machine, tried))
    return findings


def _looked(subject: str, look: Iterable[DoctorFinding]) -> Iterator[DoctorFinding]:
    """Yield what a look finds. That it cannot go on is a finding, too: a damaged file never costs the report."""
    try:
        yield from look
    except FoveateError as error:
        yield DoctorFinding(subject, "cannot be examined", error.info.message, error.info.remedy)
    except OSError as error:
        what = error.filename or "A file"
        remedy = f"Give yourself the right to read {what}." if is_forbidden(error) else "Check that file and its disk."
        yield DoctorFinding(subject, "cannot be examined", f"{what}: {reason_of(error)}.", remedy)


class _TriedServers:
    """The server of each plugin, tried once however many plugins use it."""

    def __init__(self, try_server: TryServer, environ: Mapping[str, str]) -> None:
        self._try_server = try_server
        self._environ = environ
        self._outcomes: dict[tuple[object, ...], Peer | FoveateError] = {}

    def reach(self, values: Settings, editor: str) -> Peer:
        """Return the server that has answered. Raises the FoveateError that says why none has."""
        key = (values.server_command, values.runtime_file, values.remote_url, values.remote_token)
        if key not in self._outcomes:
            try:
                self._outcomes[key] = self._try_server(values, editor, self._environ)
            except FoveateError as error:
                self._outcomes[key] = error
        outcome = self._outcomes[key]
        if isinstance(outcome, FoveateError):
            raise outcome
        return outcome


def report(findings: list[DoctorFinding], machine: Machine) -> str:
    """Return the findings as text, without the name of the home folder, which often is a person's."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.subject:10}{finding.text}")
        if finding.problem:
            lines.append(f"{'':10}! {finding.problem} {finding.remedy}".rstrip())
    return "\n".join(lines).replace(str(machine.home), "~")


def _terminal(machine: Machine) -> Iterator[DoctorFinding]:
    """Warn of what only this terminal knows: here all is tried with it, and an editor of the menu lacks it."""
    if machine.platform in ("win32", "darwin"):  # their sessions cannot be asked, and are set up elsewhere
        return
    alone = set_here_alone(machine.environ)
    if alone.names:
        knows = "does not know of it, and may look" if alone.is_sure else "may not know of it, and then looks"
        yield DoctorFinding(
            "terminal",
            f"sets {', '.join(alone.names)}",
            f"An editor that is started from the desktop's menu {knows} elsewhere.",
            "Set it for the whole session, such as in ~/.config/environment.d, or look again without it.",
            is_fault=False,
        )


def _server() -> Iterator[DoctorFinding]:
    path = default_runtime_file()
    said = [str(file) for file, _ in said_to_run(path)]
    try:
        running = find_running_server(path).version
    except FoveateError as error:
        if said:
            text = f"said to run, in {' and '.join(said)}"
            yield DoctorFinding("server", text, error.info.message, error.info.remedy)
        else:
            yield DoctorFinding("server", "does not run; clients start it where they may")
        return
    problem, remedy = "", ""
    if running != bundle_sources.version():
        problem = f"It is not version {bundle_sources.version()}."
        remedy = "Run `foveate stop`, so that the next client starts the new one."
    yield DoctorFinding("server", f"runs, version {running}", problem, remedy)


def _weights() -> Iterator[DoctorFinding]:
    try:
        from foveate_server.config.server_config import load_config  # noqa: PLC0415 - only where the server's parts are installed
        from foveate_server.models.manifest import embedded_entries  # noqa: PLC0415
        from foveate_server.models.registry import open_registry  # noqa: PLC0415
    except ModuleNotFoundError as error:
        remedy = "Run: pip install 'foveate[server]'"
        yield DoctorFinding("models", "unknown", f"The server's parts are missing ({error.name}).", remedy)
        return
    listing = open_registry(load_config(environment=os.environ)).catalog().listing
    available = {model.name for model in listing if model.available}
    embedded = [entry.name for entry in embedded_entries()]
    missing = [name for name in embedded if name not in available]
    later = f"; fetched at first use: {', '.join(missing)}" if missing else ""
    yield DoctorFinding("models", f"{len(available)} ready{later}")


def _packages() -> Iterator[DoctorFinding]:
    try:
        from foveate_server.installed_packages import left_out  # noqa: PLC0415 - as above
    except ModuleNotFoundError:
        return  # what `_weights` says of the server's parts says it all
    for point in left_out():
        package = point.package.partition(" ")[0]
        remedy = f"Bring the package up to date, or remove it: pip uninstall {package}"
        yield DoctorFinding("package", point.package, str(point), remedy)


def _host(host: str, machine: Machine, tried: _TriedServers) -> Iterator[DoctorFinding]:
    places = find_places(host, machine)
    if not places:
        yield DoctorFinding(host, "not found")
    for place in places:
        yield from _looked(host, _place(place, machine, tried))


def _place(place: Place, machine: Machine, tried: _TriedServers) -> Iterator[DoctorFinding]:
    version = _editor_version(place, machine)
    yield DoctorFinding(place.host, " ".join(filter(None, (str(place), version and f"version {version}"))))
    record = _record(place)
    if record is None:
        if place.package.exists():
            yield _wrong(place, "a plugin", "It is not one that `foveate plugins build` has made.")
        else:
            yield DoctorFinding("", "the plugin is not installed")
        return
    plugin = _plugin(place, record)
    yield plugin
    yield from _enabled(place)
    yield from _settings(place, machine, tried)
    yield from _unwritable(place)
    yield from _virtual_environment(place, machine)
    lacks_qt = list(_krita_binding(place, machine))
    yield from lacks_qt
    if not plugin.problem and not lacks_qt:
        yield from _import(place, machine)


def _plugin(place: Place, record: Mapping[str, Any]) -> DoctorFinding:
    text = f"plugin {record.get('version')} in {place.package}"
    changed = [name for name, digest in record.get("files", {}).items() if _digest(place.package / name) != digest]
    if changed:
        return _wrong(place, text, f"{len(changed)} of its files are missing or changed, such as {changed[0]}.")
    if record.get("version") != bundle_sources.version():
        return _wrong(place, text, f"It is not version {bundle_sources.version()}.")
    return DoctorFinding("", text)


def _enabled(place: Place) -> Iterator[DoctorFinding]:
    try:
        if place.kritarc and not kritarc.is_enabled(place.kritarc):
            yield _wrong(place, "not enabled", "Krita does not load it.")
    except FoveateError as error:
        yield DoctorFinding("", "not known whether it is enabled", error.info.message, error.info.remedy)
    program = place.package / "foveate.py"
    if place.host == "gimp" and os.name == "posix" and not os.access(program, os.X_OK):
        yield _wrong(place, "not a program", f"{program} may not be executed, so GIMP passes over it.")


def _settings(place: Place, machine: Machine, tried: _TriedServers) -> Iterator[DoctorFinding]:
    try:
        found = settings.parse(place.settings.read_text(encoding="utf-8"))
    except FileNotFoundError:
        yield _wrong(place, "no settings", f"{place.settings} is missing, so the plugin may not find the server.")
        return
    except (OSError, ValueError) as error:
        text, problem = "settings that cannot be read", f"{place.settings}: {reason_of(error)}."
        if is_forbidden(error):
            yield DoctorFinding("", text, problem, f"Give yourself the right to read {place.settings}.")
        else:
            yield _wrong(place, text, problem)
        return
    yield _remote(place, found, tried) if found.remote_url else _local(place, found, machine, tried)


def _unwritable(place: Place) -> Iterator[DoctorFinding]:
    """Say what neither an installation nor the plugin's own dialog, or Krita, could write. Nothing is left there."""
    for path in filter(None, (place.settings, place.kritarc and place.kritarc.resolve())):
        folder = next(folder for folder in path.parents if folder.is_dir())
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            info = unwritable(path, error).info
            yield DoctorFinding("", "settings that cannot be changed", info.message, info.remedy)


def _local(place: Place, found: Settings, machine: Machine, tried: _TriedServers) -> DoctorFinding:
    text, program = "uses this machine's server", found.server_command[0]
    if shutil.which(program, path=clean_environment(machine.environ).get("PATH", os.defpath)) is None:
        return _wrong(place, text, f"The program that starts it is not there: {program}.")
    if found.runtime_file != str(place.runtime_file):
        return _wrong(place, text, f"It looks for it in {found.runtime_file or 'no file'}.")
    return _tried(place, found, tried, text)


def _remote(place: Place, found: Settings, tried: _TriedServers) -> DoctorFinding:
    remedy = f"Enter it anew in the plugin's settings in {TITLES[place.host]}."
    try:
        address = found.remote
    except FoveateError as error:
        return DoctorFinding("", "uses a server on another machine", error.info.message, remedy)
    return _tried(place, found, tried, f"uses a server on another machine: {address.host if address else ''}")


def _tried(place: Place, found: Settings, tried: _TriedServers, text: str) -> DoctorFinding:
    try:
        server = tried.reach(found, place.host)
    except FoveateError as error:
        return DoctorFinding("", text, error.info.message, error.info.remedy)
    return DoctorFinding("", f"{text}, which answers: {server.name} {server.version}")


def _virtual_environment(place: Place, machine: Machine) -> Iterator[DoctorFinding]:
    """Warn of a shell from which the editor would load no plugin, without a word."""
    folder = virtual_environment(machine.environ)
    if folder and place.needs_plain_shell:
        title = TITLES[place.host]
        yield DoctorFinding(
            "",
            f"a virtual environment is active in this terminal: {folder}",
            f"{title} loads no plugin where it is started from here.",
            f"Start {title} from the desktop's menu, or say `deactivate` before.",
            is_fault=False,
        )


def _krita_binding(place: Place, machine: Machine) -> Iterator[DoctorFinding]:
    """Yield a finding where a distribution's Krita lacks its binding of Qt, and so runs no plugin."""
    program = (machine.program("krita") or "") if (place.host, place.kind) == ("krita", NATIVE) else ""
    if program.startswith("/usr/") and (binding := missing_binding()):
        remedy = f"Run: sudo apt install python3-{binding.lower()}"
        yield DoctorFinding("", f"no {binding}", "Krita cannot run Python plugins.", remedy)


def _import(place: Place, machine: Machine) -> Iterator[DoctorFinding]:
    trial, title = try_import(place, machine), TITLES[place.host]
    if trial.untried:
        yield DoctorFinding("", f"not tried in {title}: {trial.untried}")
    elif trial.problem:
        remedy = f"Bring Foveate up to date, and run: foveate plugins install {place.host}"
        yield DoctorFinding("", "cannot be imported", f"{title}'s Python says: {trial.problem.rstrip('.')}.", remedy)
    else:
        yield DoctorFinding("", f"{title} can import it")


def _editor_version(place: Place, machine: Machine) -> str:
    if place.kind != NATIVE:
        return ""
    program = machine.program(place.host)
    version = machine.version_of([program]) if program else ""
    return version if version.startswith(place.release) else ""


def _record(place: Place) -> dict[str, Any] | None:
    try:
        found = json.loads((place.package / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("files", {}), dict) else None


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _wrong(place: Place, text: str, problem: str) -> DoctorFinding:
    return DoctorFinding("", text, problem, f"Run: foveate plugins install {place.host}")
