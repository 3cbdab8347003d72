"""Let an editor's own Python import the plugin, as the editor will: what it cannot import, it passes over silently."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from foveate_server.plugins import blender
from foveate_server.plugins.editor_places import NATIVE, Machine, Place
from foveate_server.plugins.editor_version import version_of
from foveate_shared.connection.clean_environment import clean_environment

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


def import_problem(place: Place, machine: Machine) -> str | None:
    """Return why the editor's own Python cannot import the plugin: "" where it can, None where nobody can tell.

    The editor is started without a window. Nothing is written but in a folder that is gone afterwards.
    """
    program = machine.program(place.host)
    if place.kind != NATIVE or program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="foveate-") as folder:
        trials = {"krita": _in_krita, "gimp": _in_gimp, "blender": _in_blender}
        return trials[place.host](place, machine, Path(program), Path(folder))


def _in_krita(place: Place, machine: Machine, program: Path, folder: Path) -> str | None:
    runner = program.with_name(f"kritarunner{program.suffix}")
    trial = folder / "foveate_import.py"
    trial.write_text(_TRIAL.format(folder=str(place.package.parent), module="foveate", mark=_MARK), encoding="utf-8")
    environ = {"PYTHONPATH": str(folder), "QT_QPA_PLATFORM": "offscreen", **_homes(folder)}
    return _marked(_said([str(runner), "-s", trial.stem], machine, environ))


def _in_blender(place: Place, machine: Machine, _program: Path, folder: Path) -> str | None:
    program = blender.program_for(place, machine)
    if program is None:
        return None
    trial = folder / "foveate_import.py"
    text = _TRIAL.format(folder="", module=f"bl_ext.{blender.REPOSITORY}.foveate", mark=_MARK)
    trial.write_text(f"{text}\n__main__()\n", encoding="utf-8")
    return _marked(_said([*program, "--background", "--python", str(trial)], machine, {}))


def _in_gimp(place: Place, machine: Machine, program: Path, folder: Path) -> str | None:
    """Let a GIMP that has this plugin alone ask it for its procedures, as at its start."""
    if not version_of([str(program)]).startswith(f"{place.release}."):
        return None
    shutil.copytree(place.package, folder / "plug-ins" / place.package.name)
    (folder / "gimprc").write_text(_GIMPRC, encoding="utf-8")
    console = program.with_name(program.name.replace("gimp", "gimp-console", 1))
    command = [str(console), "--no-interface", "--no-data", "--no-fonts", "--quit"]
    said = _said(command, machine, {"GIMP3_DIRECTORY": str(folder), **_homes(folder)})
    found = folder / "pluginrc"
    if said is None or not found.exists():
        return None
    if "plug-in-foveate" in found.read_text(encoding="utf-8", errors="replace"):
        return ""
    reasons = [line.partition(_GIMP_REFUSES)[2] for line in said.splitlines() if _GIMP_REFUSES in line]
    return reasons[0] if reasons else "it offers nothing."


def _homes(folder: Path) -> Mapping[str, str]:
    """Return what lets an editor keep its files in a folder of the trial's."""
    return {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("CONFIG", "DATA", "CACHE", "STATE")}


def _said(command: Sequence[str], machine: Machine, environ: Mapping[str, str]) -> str | None:
    """Return all that a program says, or None where it cannot be run to its end."""
    try:
        done = subprocess.run(
            command,
            env={**clean_environment(machine.environ), **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace")


def _marked(said: str | None) -> str | None:
    """Return what a trial found out."""
    lines = [line for line in (said or "").splitlines() if line.startswith(_MARK)]
    return lines[-1][len(_MARK) :].strip() if lines else None
