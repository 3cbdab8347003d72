"""Let an editor's own Python import the plugin, as the editor will: what it cannot import, it passes over silently."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from foveate_server.plugins import blender
from foveate_server.plugins.editor_places import CHOSEN, NATIVE, Machine, Place
from foveate_server.plugins.run_editor import run_editor
from foveate_shared.errors import reason_of

SECONDS = 180.0  # Krita's runner makes a database of all resources first
_MARK = "foveate-import:"  # before what a trial found out
_GIMP_REFUSES = "Foveate cannot be loaded: "  # what the plugin says where GIMP starts it
_TRIAL = """
def __main__(*_):
    import os, sys
    sys.path.insert(0, {folder!r})
    try:
        __import__({module!r})
        found = ""
    except BaseException as error:
        found = f"{{type(error).__name__}}: {{error}}".replace("\\n", " ")
    print({mark!r}, found, flush=True)
    os._exit(0)
"""
_GIMPRC = '(plug-in-path "${gimp_dir}/plug-ins")\n(module-path "")\n(check-updates no)\n'


@dataclass(frozen=True)
class ImportTrial:
    """What an editor's own Python made of the plugin."""

    problem: str = ""  # why it cannot be imported; empty where it can be
    untried: str = ""  # why nobody could find out; empty where that was tried


class _UntriedError(Exception):
    """The editor could not be asked: why."""


def try_import(place: Place, machine: Machine) -> ImportTrial:
    """Let the editor's own Python import the plugin.

    The editor is started without a window. Nothing is written but in a folder that is gone afterwards.
    """
    trials = {"krita": _in_krita, "gimp": _in_gimp, "blender": _in_blender}
    try:
        program = _program(place, machine)
        with tempfile.TemporaryDirectory(prefix="foveate-") as folder:
            return ImportTrial(problem=trials[place.host](place, machine, program, Path(folder)))
    except _UntriedError as reason:
        return ImportTrial(untried=str(reason))


def _program(place: Place, machine: Machine) -> Path:
    """Return the program of the editor that looks in this place. Raises _UntriedError."""
    if place.kind == CHOSEN:
        raise _UntriedError("nobody knows which one looks in a folder of your choice")
    if place.kind != NATIVE:
        raise _UntriedError("one in a sandbox sees nothing of what is tried out here")
    program = machine.program(place.host)
    if program is None:
        raise _UntriedError("its program was not found")
    version = machine.version_of([program])
    if place.release and not version.startswith(f"{place.release}."):
        raise _UntriedError(f"{program} is {f'version {version}' if version else 'of an unknown version'}")
    return Path(program)


def _in_krita(place: Place, machine: Machine, program: Path, folder: Path) -> str:
    runner = program.with_name(f"kritarunner{program.suffix}")
    trial = folder / "foveate_import.py"
    trial.write_text(_TRIAL.format(folder=str(place.package.parent), module="foveate", mark=_MARK), encoding="utf-8")
    environ = {"PYTHONPATH": str(folder), "QT_QPA_PLATFORM": "offscreen", **_homes(folder)}
    return _marked(_said([str(runner), "-s", trial.stem], machine, environ))


def _in_blender(_place: Place, machine: Machine, program: Path, folder: Path) -> str:
    trial = folder / "foveate_import.py"
    text = _TRIAL.format(folder="", module=f"bl_ext.{blender.REPOSITORY}.foveate", mark=_MARK)
    trial.write_text(f"{text}\n__main__()\n", encoding="utf-8")
    return _marked(_said([str(program), "--background", "--python", str(trial)], machine, {}))


def _in_gimp(place: Place, machine: Machine, program: Path, folder: Path) -> str:
    """Let a GIMP that has this plugin alone ask it for its procedures, as at its start."""
    shutil.copytree(place.package, folder / "plug-ins" / place.package.name)
    (folder / "gimprc").write_text(_GIMPRC, encoding="utf-8")
    console = program.with_name(program.name.replace("gimp", "gimp-console", 1))
    command = [str(console), "--no-interface", "--no-data", "--no-fonts", "--quit"]
    said = _said(command, machine, {"GIMP3_DIRECTORY": str(folder), **_homes(folder)})
    found = folder / "pluginrc"
    if not found.exists():
        raise _UntriedError(f"{console} did not look for plugins")
    if "plug-in-foveate" in found.read_text(encoding="utf-8", errors="replace"):
        return ""
    reasons = [line.partition(_GIMP_REFUSES)[2] for line in said.splitlines() if _GIMP_REFUSES in line]
    return reasons[0] if reasons else "it offers nothing."


def _homes(folder: Path) -> Mapping[str, str]:
    """Return what lets an editor keep its files in a folder of the trial's."""
    return {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("CONFIG", "DATA", "CACHE", "STATE")}


def _said(command: Sequence[str], machine: Machine, own: Mapping[str, str]) -> str:
    """Return all that a program says. Raises _UntriedError where it cannot be run to its end."""
    try:
        done = run_editor(command, machine.environ, seconds=SECONDS, own=own)
    except OSError as error:
        raise _UntriedError(f"{command[0]} cannot be started: {reason_of(error)}") from error
    except subprocess.TimeoutExpired as error:
        raise _UntriedError(f"{command[0]} had not ended after {SECONDS:.0f} seconds") from error
    return f"{done.stdout}\n{done.stderr}"


def _marked(said: str) -> str:
    """Return what a trial found out. Raises _UntriedError where it did not come that far."""
    lines = [line for line in said.splitlines() if line.startswith(_MARK)]
    if not lines:
        raise _UntriedError(f"it said: {said.strip().splitlines()[-1]}" if said.strip() else "it said nothing")
    return lines[-1][len(_MARK) :].strip()
