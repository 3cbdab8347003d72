"""Installing into places as editors make them, with a Blender that is a script."""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipfile
from dataclasses import replace

import pytest

from foveate_server.cli.main import main
from foveate_server.plugins import kritarc
from foveate_server.plugins.editor_places import Machine, chosen_place, find_places
from foveate_server.plugins.install import install, places_for, uninstall
from foveate_shared.connection import settings
from foveate_shared.errors import InputError, ResourceError, ServerError

COMMAND = ("/somewhere/foveate", "serve")
STARTED = {
    "krita": ".local/share/krita",
    "gimp": ".config/GIMP/3.0",
    "blender": ".config/blender/4.3",
}
# Installs as Blender does: the zip file's contents in a folder named after the extension.
BLENDER = """#!{python}
import os, shutil, sys, zipfile
assert "VIRTUAL_ENV" not in os.environ
if "--version" in sys.argv:
    print("Blender 4.3.2")
elif os.environ.get("BLENDER_FAILS"):
    sys.exit("Error: refused")
elif "install-file" in sys.argv:
    assert sys.argv[-4:-1] == ["--repo", "user_default", "--enable"]
    zipfile.ZipFile(sys.argv[-1]).extractall({target!r})
    open({enabled!r}, "w").close()
elif "remove" in sys.argv:
    os.remove({enabled!r})
    shutil.rmtree({own!r}, ignore_errors=True)  # as Blender does
"""


@pytest.fixture(params=STARTED)
def place(request, machine):
    (machine.home / STARTED[request.param]).mkdir(parents=True)
    (place,) = places_for(request.param, machine)
    return place


@pytest.fixture
def blender(machine, tmp_path, monkeypatch):
    """A machine with a Blender in its path; the file `enabled` tells whether the extension is."""
    (machine.home / STARTED["blender"]).mkdir(parents=True)
    (place,) = places_for("blender", machine)
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    own, enabled = place.settings.parent, tmp_path / "enabled"
    text = BLENDER.format(python=sys.executable, target=str(place.package), own=str(own), enabled=str(enabled))
    (bin_ / "blender").write_text(text)
    (bin_ / "blender").chmod(0o755)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))  # of the shell; Blender sees nothing of it
    return Machine(machine.home, "linux", {"PATH": str(bin_)})


def test_a_plugin_is_installed_told_about_the_server_and_removed(place, machine):
    installed = install(place, COMMAND, machine)
    assert (place.package / "__init__.py").is_file()
    assert (place.package / "foveate_shared/connection/client.py").is_file()
    assert json.loads((place.package / "bundle.json").read_text())["version"] == installed.version
    assert installed.is_enabled == (place.host != "blender")  # without its program, Blender's must be enabled by hand
    assert ("Preferences > Add-ons" in installed.next_step) == (place.host == "blender")
    written = settings.load(place.settings)
    assert written.server_command == COMMAND
    assert written.runtime_file == str(place.runtime_file)
    assert uninstall(place, machine)
    assert not place.package.exists()
    assert not uninstall(place, machine)
    assert settings.load(place.settings) == written


def test_an_older_version_goes_as_a_whole_and_settings_stay(place, machine):
    install(place, COMMAND, machine)
    (place.package / "old_module.py").write_text("")
    mine = replace(settings.load(place.settings), language="de", remote_url="wss://studio:1", remote_token="t")
    settings.save(place.settings, mine)
    install(place, ("/elsewhere/foveate", "serve"), machine)
    assert not (place.package / "old_module.py").exists()
    assert settings.load(place.settings) == replace(mine, server_command=("/elsewhere/foveate", "serve"))
    assert [path for path in place.folder.rglob(".*") if "foveate" in path.name] == []


def test_what_fails_leaves_the_older_version(place, machine, monkeypatch):
    install(place, COMMAND, machine)
    (place.package / "mark").write_text("")

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", fail)
    with pytest.raises(ResourceError, match="No space left"):
        install(place, COMMAND, machine)
    assert (place.package / "mark").exists()


@pytest.mark.parametrize("host", STARTED)
def test_who_installs_from_a_virtual_environment_is_told_where_to_start_the_editor(machine, host):
    (machine.home / STARTED[host]).mkdir(parents=True)
    (place,) = places_for(host, machine)
    plain = install(place, COMMAND, machine).next_step
    active = install(place, COMMAND, replace(machine, environ={"VIRTUAL_ENV": "/work/venv"})).next_step
    assert ("from the desktop's menu" in plain) == (host != "blender")
    assert ("would load no plugin" in active) == (host != "blender")
    assert "virtual environment" not in plain


def test_krita_loads_it_and_knows_its_shortcuts(machine):
    (machine.home / STARTED["krita"]).mkdir(parents=True)
    (place,) = places_for("krita", machine)
    install(place, COMMAND, machine)
    assert (place.folder / "pykrita/foveate.desktop").is_file()
    assert (place.folder / "actions/foveate.action").is_file()
    assert kritarc.is_enabled(place.kritarc)
    uninstall(place, machine)
    assert not kritarc.is_enabled(place.kritarc)
    assert [path for path in place.folder.rglob("*") if path.is_file()] == [place.settings]


def test_gimps_program_may_be_executed(machine):
    (machine.home / STARTED["gimp"]).mkdir(parents=True)
    (place,) = places_for("gimp", machine)
    install(place, COMMAND, machine)
    assert os.access(place.package / "foveate.py", os.X_OK)


def test_blender_installs_and_enables_by_itself(blender, tmp_path):
    (place,) = find_places("blender", blender)
    assert install(place, COMMAND, blender).is_enabled
    assert (tmp_path / "enabled").exists()
    assert (place.package / "blender_manifest.toml").is_file()
    written = settings.load(place.settings)
    assert uninstall(place, blender)
    assert settings.load(place.settings) == written
    assert not (tmp_path / "enabled").exists()
    assert not place.package.exists()


def test_what_blender_refuses_is_told(blender, monkeypatch):
    (place,) = find_places("blender", blender)
    monkeypatch.setenv("BLENDER_FAILS", "1")
    with pytest.raises(ServerError, match=r"Error: refused.*Install from Disk"):
        install(place, COMMAND, blender)
    place.package.mkdir(parents=True)
    with pytest.raises(ServerError, match=r"Error: refused.*Uninstall it in Blender"):
        uninstall(place, blender)
    assert place.settings.exists()


def test_a_snap_is_told_its_own_runtime_file_and_how_to_start_the_server(machine):
    (machine.home / "snap/gimp/current/.config/GIMP/3.0").mkdir(parents=True)
    (place,) = places_for("gimp", machine)
    installed = install(place, COMMAND, machine)
    file = str(machine.home / "snap/gimp/common/foveate/server.json")
    found = settings.load(place.settings)
    assert found.runtime_file == file
    assert found.server_command == (*COMMAND, "--runtime-file", file)
    assert "sandbox" in installed.next_step


def test_an_editor_that_is_not_there_is_said_with_what_to_do(machine):
    with pytest.raises(InputError, match=r"Krita was not found\. Start Krita once"):
        places_for("krita", machine)


def test_the_command_line_installs_into_a_folder(tmp_path, capsys):
    assert main(["plugins", "install", "gimp", "--to", str(tmp_path / "plug-ins"), "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["installed"]
    assert entry["folder"] == str(tmp_path / "plug-ins/foveate")
    place = chosen_place("gimp", tmp_path / "plug-ins")
    command = settings.load(place.settings).server_command
    assert shutil.which(command[0])
    assert command[1:4] == ("-m", "foveate_server", "serve")
    assert main(["plugins", "uninstall", "gimp", "--to", str(tmp_path / "plug-ins")]) == 0
    assert "removed; its settings are kept" in capsys.readouterr().out


def test_the_command_line_builds_all(tmp_path, capsys):
    assert main(["plugins", "build", "--to", str(tmp_path / "new")]) == 0
    paths = capsys.readouterr().out.split()
    assert len(paths) == 3
    assert all(zipfile.is_zipfile(path) for path in paths)
    assert main(["plugins", "build", "paint", "--to", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "There is no plugin for paint. There are: krita, gimp, blender.\n"
