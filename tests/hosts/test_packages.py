"""The plugins' packages and their installer, judged by the editors themselves."""

from __future__ import annotations

import sys
import tempfile

import pytest

from foveate_server.plugins import install as installer
from foveate_server.plugins.bundle import write_bundle
from foveate_server.plugins.editor_import import ImportTrial, try_import
from foveate_server.plugins.editor_places import Machine, find_places
from foveate_shared.connection import settings
from hosts.lib.chroot import ENVIRONMENT

IMPORTER = "/usr/share/krita/pykrita/plugin_importer/plugin_importer.py"
# As its author runs it, and Krita: there, Krita's translations are among Python's own names.
IMPORT = (
    "import builtins, runpy, sys; builtins.i18n = str; del sys.argv[0]; "
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)
ASK_BLENDER = "import addon_utils; print('enabled:', addon_utils.check('bl_ext.user_default.foveate'))"
ASK_GIMP = """
from gi.repository import Gimp
print([name for name in Gimp.get_pdb().query_procedures(*[".*"] * 8) if "foveate" in name])
"""
# Stands for the program as a person outside would start it: packages are handed in, paths are the chroot's.
BLENDER = """#!{python}
import os, shutil, sys
words = sys.argv[1:]
for place, word in enumerate(words):
    if word.endswith(".zip"):
        words[place] = "{inside}/" + os.path.basename(shutil.copy(word, "{outside}"))
environment = ["HOME={inside}", "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"]
os.execvp("chroot", ["chroot", "{root}", "env", "-i", *environment, "blender", *words])
"""


def packed(chroot, host):
    """Put a plugin's package into a folder of the chroot; return the folder and the package's path in it."""
    folder = chroot.folder(host)
    return folder, folder / write_bundle(host, folder.outside).name


def test_kritas_own_importer_takes_the_package(chroot):
    folder, package = packed(chroot, "krita")
    (folder / "resources").outside.mkdir()
    command = ["python3", "-c", IMPORT, IMPORTER, package, folder / "resources"]
    assert "Imported plugin: Foveate" in chroot.run(command, folder=folder).check().output
    resources = (folder / "resources").outside
    assert (resources / "pykrita/foveate/websockets/sync/client.py").is_file()
    assert (resources / "pykrita/foveate.desktop").is_file()
    assert (resources / "actions/foveate.action").is_file()


def test_blender_finds_nothing_to_complain_about(chroot):
    folder, package = packed(chroot, "blender")
    said = chroot.run(["blender", "--command", "extension", "validate", package], folder=folder).check().output
    assert "Success" in said, said
    assert "warn" not in said.lower(), said


def test_blender_loads_what_was_installed(chroot, tmp_path):
    home = chroot.folder("home")
    program = tmp_path / "blender"
    program.write_text(
        BLENDER.format(python=sys.executable, inside=home.inside, outside=home.outside, root=chroot.root)
    )
    program.chmod(0o755)
    machine = Machine(home.outside, "linux", {"PATH": f"{tmp_path}:{ENVIRONMENT['PATH']}"})
    (place,) = find_places("blender", machine)
    installed = installer.install(place, ("foveate", "serve"), machine)
    assert installed.is_enabled
    asking = ["blender", "-b", "--python-exit-code", 7, "--python-expr", ASK_BLENDER]
    assert "enabled: (True, True)" in chroot.run(asking, folder=home).check().output
    written = settings.load(place.settings)
    assert installer.uninstall(place, machine)
    assert settings.load(place.settings) == written
    assert "enabled: (False, False)" in chroot.run(asking, folder=home).check().output


def test_gimp_loads_what_was_installed(chroot, start_screen, make_home):
    home = make_home("gimp", start_screen())
    machine = Machine(home.outside, "linux", {"PATH": ""})
    (place,) = find_places("gimp", machine)
    installer.install(place, ("foveate", "serve"), machine)
    asking = ["gimp-console", "-i", "--quit", "--batch-interpreter=python-fu-eval", "-b", ASK_GIMP]
    said = chroot.run(asking, folder=home).check().output
    assert "foveate" in said, said
    assert settings.load(place.settings).server_command == ("foveate", "serve")


def test_gimp_keeps_the_plugin_of_the_release_that_it_takes_over(chroot, edition, start_screen):
    if edition.editors["gimp"] == "3.0":
        pytest.skip("it is the first release that has the plugin")
    home = chroot.folder("home")
    before = home.outside / ".config/GIMP/3.0"
    before.mkdir(parents=True)
    (before / "gimprc").write_text('(config-version "3.0.4")\n')
    machine = Machine(home.outside, "linux", {"PATH": ""})
    (place,) = find_places("gimp", machine)
    installer.install(place, ("foveate", "serve"), machine)
    asking = ["gimp-console", "-i", "--quit", "--batch-interpreter=python-fu-eval", "-b", ASK_GIMP]
    said = chroot.run(asking, folder=home, env=start_screen().environment, timeout=300.0).check().output
    assert "plug-in-foveate-refocus" in said, said
    old, new = find_places("gimp", machine)
    assert new.release == edition.editors["gimp"]
    assert files_of(new.package) == files_of(old.package)
    assert settings.load(new.settings).server_command == ("foveate", "serve")


def files_of(package):
    """Return a plugin's files, without what Python keeps beside them."""
    found = {path.relative_to(package): path for path in package.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if "__pycache__" not in name.parts}


@pytest.mark.parametrize("host", ["krita", "gimp", "blender"])
def test_the_doctor_lets_the_editor_import_its_plugin(person, monkeypatch, host):
    monkeypatch.setattr(tempfile, "tempdir", str(person.home))  # the editor must see what the doctor puts there
    machine = Machine(person.home.outside, "linux", {"PATH": f"{person.programs}:{ENVIRONMENT['PATH']}"})
    person.foveate("plugins", "install", host)
    (place,) = find_places(host, machine)
    assert try_import(place, machine) == ImportTrial()
    (place.package / "_shared.py").write_text("raise ImportError('no such name in Qt')\n")
    assert "no such name in Qt" in try_import(place, machine).problem
