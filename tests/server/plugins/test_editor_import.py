"""The doctor lets each editor import its plugin: here scripts stand for them, in tests/hosts they do it."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from foveate_server.plugins import editor_import
from foveate_server.plugins.blender import program_for
from foveate_server.plugins.bundle_sources import HOSTS
from foveate_server.plugins.editor_import import ImportTrial, try_import
from foveate_server.plugins.editor_places import CHOSEN, FLATPAK, SNAP, chosen_place

FOLDERS = {"krita": ".local/share/krita", "gimp": ".config/GIMP/3.2/plug-ins", "blender": ".config/blender/5.2/user"}
VERSIONS = {"krita": "krita 6.0.4", "gimp": "GIMP 3.2.6", "blender": "Blender 5.2.2"}
# Each does with the plugin what the editor does. What it must not see of a terminal's environment ends it.
CLEAN = """#!{python} -S
import importlib, os, subprocess, sys
assert "VIRTUAL_ENV" not in os.environ
folder = {folder!r}
"""
PROGRAMS = {
    "kritarunner": """
sys.path.insert(0, os.environ["PYTHONPATH"])
importlib.import_module(sys.argv[2]).__main__([])
""",
    "gimp-console": """
home = os.environ["GIMP3_DIRECTORY"]
said = subprocess.run([sys.executable, home + "/plug-ins/foveate/foveate.py"], capture_output=True, text=True)
print("Welcome to GIMP", said.stderr)
open(home + "/pluginrc", "w").write("" if said.returncode else '(proc-def "plug-in-foveate-refocus"')
""",
    "blender": """
if "--version" in sys.argv:
    print("Blender 5.2.2")
    sys.exit()
import types
for name in ("bl_ext", "bl_ext.user_default"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [folder]
exec(open(sys.argv[3]).read(), {"__name__": "trial"})
""",
}
PLUGIN = "import sys\nsys.dont_write_bytecode = True\n"
BROKEN = PLUGIN + "sys.exit('Foveate cannot be loaded: no such name') if 'foveate.py' in sys.argv[0] else 0\n"


@pytest.fixture
def editor(machine, tmp_path):
    """Give a machine with an editor's programs, in a shell where a virtual environment is active."""

    def make(host, plugin):
        bin_, folder = tmp_path / "bin", machine.home / FOLDERS[host]
        bin_.mkdir()
        says = f"#!/bin/sh\necho {VERSIONS[host]}\n"
        texts = {host: says} | {
            name: CLEAN.format(python=sys.executable, folder=str(folder)) + text
            for name, text in PROGRAMS.items()
            if name.startswith(host)
        }
        for name, text in texts.items():
            (bin_ / name).write_text(text)
            (bin_ / name).chmod(0o755)
        release = VERSIONS[host].split()[1].rpartition(".")[0]
        place = replace(chosen_place(host, folder), kind="native", release=release)
        place.package.mkdir(parents=True)
        for name in ("__init__.py", "foveate.py"):
            (place.package / name).write_text(plugin)
        environ = {"PATH": f"{bin_}:/usr/bin:/bin", "VIRTUAL_ENV": "/somewhere"}
        return replace(machine, environ=environ), place

    return make


@pytest.mark.parametrize("host", HOSTS)
def test_a_plugin_that_can_be_imported_is_said_to(editor, host):
    machine, place = editor(host, PLUGIN)
    assert try_import(place, machine) == ImportTrial()


@pytest.mark.parametrize("host", HOSTS)
def test_what_python_says_of_one_that_cannot_is_told(editor, host):
    machine, place = editor(host, BROKEN + "raise ImportError('no such\\nname')\n")
    said = {"gimp": "no such name"}.get(host, "ImportError: no such name")
    assert try_import(place, machine) == ImportTrial(problem=said)


def test_a_plugin_of_which_gimp_gets_nothing_has_a_problem(editor):
    machine, place = editor("gimp", "raise RuntimeError\n")
    assert try_import(place, machine) == ImportTrial(problem="it offers nothing.")


@pytest.mark.parametrize("host", HOSTS)
def test_why_the_editor_was_not_asked_is_said(editor, host):
    machine, place = editor(host, PLUGIN)
    for kind, why in ((FLATPAK, "in a sandbox"), (SNAP, "in a sandbox"), (CHOSEN, "a folder of your choice")):
        assert why in try_import(replace(place, kind=kind), machine).untried
    assert try_import(place, replace(machine, environ={"PATH": ""})).untried == "its program was not found"
    folder = machine.home.parent / "bin"
    for program in folder.glob(f"{host}?*"):
        program.unlink()  # as in an AppImage, which has no program beside the editor's
    (folder / host).write_text("#!/bin/sh\necho Version 1.0\n")
    if host == "krita":  # whose folder bears no release
        place = replace(place, release="")
    why = "kritarunner cannot be started: " if host == "krita" else f"{folder / host} is version 1.0"
    assert why in try_import(place, machine).untried


@pytest.mark.parametrize("host", HOSTS)
def test_an_editor_that_does_not_end_is_not_waited_for(editor, host, monkeypatch):
    machine, place = editor(host, PLUGIN)
    machine.version_of([machine.program(host)])
    name = {"krita": "kritarunner", "gimp": "gimp-console", "blender": "blender"}[host]
    (machine.home.parent / "bin" / name).write_text("#!/bin/sh\nexec sleep 600\n")
    monkeypatch.setattr(editor_import, "SECONDS", 0.1)
    assert try_import(place, machine).untried.endswith("had not ended after 0 seconds")


def test_an_editor_is_asked_for_its_version_once(editor):
    machine, place = editor("blender", PLUGIN)
    program = machine.home.parent / "bin/blender"
    told = machine.home.parent / "asked"
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo asked >>{told} && echo Blender 5.2.2\n')
    trial = try_import(place, machine)
    assert trial == try_import(place, machine)
    assert trial.untried == "it said nothing"
    assert program_for(place, machine) == [str(program)]
    assert told.read_text() == "asked\n"
