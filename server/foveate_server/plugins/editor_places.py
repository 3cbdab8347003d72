"""Where editors look for plugins: as the system's own package, in a Flatpak, in a Snap, on Windows and macOS."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from foveate_server.plugins.editor_version import version_of
from foveate_shared.connection.running_server import default_runtime_file
from foveate_shared.connection.settings import PLUGIN_FILES

NATIVE, FLATPAK, SNAP, CHOSEN = "native", "flatpak", "snap", "chosen"
TITLES = {"krita": "Krita", "gimp": "GIMP", "blender": "Blender"}
FLATPAKS = {"krita": "org.kde.krita", "gimp": "org.gimp.GIMP", "blender": "org.blender.Blender"}
CONFINED_SNAPS = ("krita", "gimp")  # Blender's is not, and so counts as native
BLENDER_REPOSITORY = "extensions/user_default"
OLDEST = {"gimp": (3, 0), "blender": (4, 2)}
_RELEASE = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True)
class Machine:
    """What decides where things are."""

    home: Path = field(default_factory=Path.home)
    platform: str = sys.platform
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    # What editors' programs told: each takes its time, so it is asked once.
    _versions: dict[tuple[str, ...], str] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def config(self) -> Path:
        """Return the folder of the user's configurations."""
        if self.platform == "win32":
            return Path(self.environ.get("APPDATA") or self.home / "AppData/Roaming")
        if self.platform == "darwin":
            return self.home / "Library/Application Support"
        return Path(self.environ.get("XDG_CONFIG_HOME") or self.home / ".config")

    @property
    def data(self) -> Path:
        """Return the folder of the user's data."""
        if self.platform in ("win32", "darwin"):
            return self.config
        return Path(self.environ.get("XDG_DATA_HOME") or self.home / ".local/share")

    @property
    def has_sandboxes(self) -> bool:
        """Tell whether editors may be in a Flatpak or a Snap here."""
        return self.platform not in ("win32", "darwin")

    def program(self, host: str) -> str | None:
        """Return the native editor's program, or None where it is not found."""
        if found := shutil.which(host, path=self.environ.get("PATH", "")):
            return found
        candidates = (path for pattern in self._patterns(host) for path in sorted(pattern[0].glob(pattern[1])))
        return next((str(path) for path in reversed(list(candidates))), None)

    def version_of(self, command: Sequence[str]) -> str:
        """Return the version that an editor's program tells; "" where it tells none."""
        key = tuple(command)
        if key not in self._versions:
            self._versions[key] = version_of(command, self.environ)
        return self._versions[key]

    def _patterns(self, host: str) -> list[tuple[Path, str]]:
        if self.platform == "darwin":
            return [(Path("/Applications"), f"{host}*.app/Contents/MacOS/{host}")]
        if self.platform != "win32":
            return []
        programs = Path(self.environ.get("PROGRAMFILES") or "C:/Program Files")
        within = {
            "krita": "Krita*/bin/krita.exe",
            "gimp": "GIMP 3*/bin/gimp-3*.exe",
            "blender": "Blender Foundation/Blender */blender.exe",
        }
        return [(programs, within[host])]


@dataclass(frozen=True)
class Place:
    """A folder in which one installation of an editor looks for plugins."""

    host: str
    kind: str  # NATIVE, FLATPAK, SNAP, or CHOSEN by the person
    folder: Path  # Krita's resources, GIMP's plug-ins, a repository of Blender's extensions
    settings: Path  # the plugin's settings file
    release: str = ""  # of the editor, as its folder is named; Krita's bears none
    kritarc: Path | None = None  # where Krita keeps what is enabled
    runtime_file: Path = field(default_factory=lambda: default_runtime_file().absolute())

    @property
    def needs_plain_shell(self) -> bool:
        """Tell whether the editor loads no plugin where it is started with a virtual environment active.

        Krita and GIMP take the Python that is first on the path; in a sandbox there is only their own.
        """
        return self.host in ("krita", "gimp") and self.kind in (NATIVE, CHOSEN)

    @property
    def package(self) -> Path:
        """Return the folder of the plugin's Python package."""
        return (self.folder / "pykrita" if self.host == "krita" else self.folder) / "foveate"

    @property
    def targets(self) -> Mapping[str, Path]:
        """Return what the plugin consists of: names in its zip file, and where they go; "" is all of it."""
        if self.host == "krita":
            return {
                "foveate": self.package,
                "foveate.desktop": self.folder / "pykrita/foveate.desktop",
                "foveate.action": self.folder / "actions/foveate.action",
            }
        return {"foveate" if self.host == "gimp" else "": self.package}

    def __str__(self) -> str:
        kind = {FLATPAK: " (Flatpak)", SNAP: " (Snap)", CHOSEN: " (folder of your choice)"}.get(self.kind, "")
        return f"{' '.join(filter(None, (TITLES[self.host], self.release)))}{kind}"


def chosen_place(host: str, folder: Path) -> Place:
    """Return the place that a person names: the folder is meant as :attr:`Place.folder`."""
    folder = folder.absolute()
    settings = {
        "krita": folder / PLUGIN_FILES["krita"],
        "gimp": folder.parent / PLUGIN_FILES["gimp"],
        "blender": _blender_settings(folder),
    }
    return Place(host, CHOSEN, folder, settings[host])


def find_places(host: str, machine: Machine) -> list[Place]:
    """Return where this user's installations of an editor look for plugins, maybe nowhere.

    An editor counts as installed where its program is found, or where it was started once and so has a folder.
    """
    finders = {"krita": _krita, "gimp": _gimp, "blender": _blender}
    return list(finders[host](machine))


def program_of(host: str, kind: str, machine: Machine) -> list[str] | None:
    """Return the command that starts an editor of a kind, or None where it is not found."""
    if kind == NATIVE:
        program, words = machine.program(host), []
    else:
        runner, name = {FLATPAK: ("flatpak", FLATPAKS[host]), SNAP: ("snap", host)}[kind]
        program, words = machine.program(runner), ["run", name]
    return [program, *words] if program else None


def _krita(machine: Machine) -> Iterator[Place]:
    folder, kritarc = machine.data / "krita", _kritarc(machine)
    if folder.is_dir() or kritarc.is_file() or machine.program("krita"):
        yield Place("krita", NATIVE, folder, folder / PLUGIN_FILES["krita"], kritarc=kritarc)
    for kind, data, config, runtime_file in _sandboxes("krita", machine):
        folder = data / "krita"
        kritarc = config / "kritarc"
        yield Place("krita", kind, folder, folder / PLUGIN_FILES["krita"], kritarc=kritarc, runtime_file=runtime_file)


def _kritarc(machine: Machine) -> Path:
    if machine.platform == "win32":
        return Path(machine.environ.get("LOCALAPPDATA") or machine.home / "AppData/Local") / "kritarc"
    if machine.platform == "darwin":
        return machine.home / "Library/Preferences/kritarc"
    return machine.config / "kritarc"


def _gimp(machine: Machine) -> Iterator[Place]:
    kinds = [(NATIVE, machine.config, _default_runtime_file(machine))]
    kinds += [(kind, config, file) for kind, _, config, file in _sandboxes("gimp", machine)]
    for kind, config, runtime_file in kinds:
        for folder in _folders("gimp", kind, config / "GIMP", machine):
            yield Place(
                "gimp", kind, folder / "plug-ins", folder / PLUGIN_FILES["gimp"], folder.name, runtime_file=runtime_file
            )


def _blender(machine: Machine) -> Iterator[Place]:
    native = machine.config / ("blender" if machine.has_sandboxes else _BLENDER_FOLDERS[machine.platform])
    kinds = [(NATIVE, native, _default_runtime_file(machine))]
    kinds += [(kind, config / "blender", file) for kind, _, config, file in _sandboxes("blender", machine)]
    for kind, parent, runtime_file in kinds:
        for folder in _folders("blender", kind, parent, machine):
            repository = folder / BLENDER_REPOSITORY
            yield Place(
                "blender", kind, repository, _blender_settings(repository), folder.name, runtime_file=runtime_file
            )


_BLENDER_FOLDERS = {"win32": "Blender Foundation/Blender", "darwin": "Blender"}


def _blender_settings(repository: Path) -> Path:
    """Return the file in the folder that Blender gives an extension for what it keeps over updates."""
    return repository.parent / ".user" / repository.name / "foveate" / PLUGIN_FILES["blender"]


def _folders(host: str, kind: str, parent: Path, machine: Machine) -> list[Path]:
    """Return the folders of the editor's releases that are new enough, oldest first.

    Where it was never started, that is the one that it will make. A folder of another release is never made beside
    those that there are: the editor takes an older one's settings over only while it has no folder itself.
    """
    releases = sorted((release, path) for path in parent.glob("*") if (release := _release(path.name)))
    if not releases and (program := program_of(host, kind, machine)):
        version = ".".join(machine.version_of(program).split(".")[:2])
        releases = [(release, parent / version)] if (release := _release(version)) else []
    return [path for release, path in releases if release >= OLDEST[host]]


def _release(text: str) -> tuple[int, int] | None:
    found = _RELEASE.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def _sandboxes(host: str, machine: Machine) -> Iterator[tuple[str, Path, Path, Path]]:
    """Return kind, data folder, configuration folder and runtime file of each sandbox that holds the editor."""
    if not machine.has_sandboxes:
        return
    flatpak = machine.home / ".var/app" / FLATPAKS[host]
    if flatpak.is_dir():
        yield FLATPAK, flatpak / "data", flatpak / "config", _default_runtime_file(machine)
    snap = machine.home / "snap" / host
    if host in CONFINED_SNAPS and snap.is_dir():
        home = snap / "current"
        # A Snap sees no hidden folder of the home, so the server must leave its word in the Snap's own.
        yield SNAP, home / ".local/share", home / ".config", snap / "common/foveate/server.json"


def _default_runtime_file(machine: Machine) -> Path:
    return default_runtime_file(machine.environ, machine.platform).absolute()
