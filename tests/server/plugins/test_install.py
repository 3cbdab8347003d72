"""Installing into places as editors make them, with a Blender that is a script."""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

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
    assert written.server_command == written.installed_command == COMMAND
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
    now = ("/elsewhere/foveate", "serve")
    install(place, now, machine)
    assert not (place.package / "old_module.py").exists()
    assert settings.load(place.settings) == replace(mine, server_command=now, installed_command=now)
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


@pytest.fixture
def forbid(monkeypatch):
    """Let nobody write files of a name, root neither."""
    really = os.open

    def forbid(name):
        def maybe(path, *arguments, **options):
            if Path(path).name.startswith((name, f".{name}.")):
                raise PermissionError(13, "Permission denied", str(path))
            return really(path, *arguments, **options)

        monkeypatch.setattr("os.open", maybe)

    return forbid


@pytest.fixture
def krita(machine):
    (machine.home / STARTED["krita"]).mkdir(parents=True)
    (place,) = places_for("krita", machine)
    install(place, COMMAND, machine)
    return place


def tree(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["settings.json", "kritarc"])
def test_what_may_not_be_written_is_noticed_before_anything_is_replaced(krita, machine, forbid, name):
    (krita.package / "mark").write_text("")
    before = tree(machine.home)
    forbid(name)
    with pytest.raises(ResourceError, match=r"Permission denied\. Give yourself the right to write .* and its folder"):
        install(krita, ("/elsewhere/foveate", "serve"), machine)
    assert tree(machine.home) == before


def test_a_first_installation_that_fails_leaves_no_settings(machine, monkeypatch):
    (machine.home / STARTED["krita"]).mkdir(parents=True)
    (place,) = places_for("krita", machine)
    before = tree(machine.home)

    def fail(self, *_):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr("pathlib.Path.write_bytes", fail)
    with pytest.raises(ResourceError, match="Permission denied"):
        install(place, COMMAND, machine)
    assert tree(machine.home) == before


def test_what_fails_leaves_settings_and_what_krita_loads(krita, machine, monkeypatch):
    kritarc.forget(krita.kritarc)
    krita.settings.write_text("{")
    before = tree(machine.home)

    def fail(self, *_):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr("pathlib.Path.write_bytes", fail)
    with pytest.raises(ResourceError, match=r"Permission denied.*Close the editor, and give yourself the right"):
        install(krita, COMMAND, machine)
    assert tree(machine.home) == before


def test_an_installation_does_not_make_another_client_of_the_editor(krita, machine):
    install(krita, COMMAND, machine)
    before = settings.load(krita.settings).client_id
    for damage in ("[]", krita.settings.read_text()[:-40]):
        krita.settings.write_text(damage)
        install(krita, COMMAND, machine)
        assert settings.load(krita.settings).client_id == before


def test_where_settings_go_that_cannot_be_read_is_said(krita, machine):
    krita.settings.write_text("[]")
    (old, again) = (install(krita, COMMAND, machine).old_settings for _ in range(2))
    assert old.read_text() == "[]"
    assert old.parent == krita.settings.parent
    assert again is None


def test_the_command_line_tells_of_settings_that_cannot_be_read(tmp_path, capsys):
    command = ["plugins", "install", "gimp", "--to", str(tmp_path / "plug-ins")]
    settings_file = tmp_path / "foveate.json"
    settings_file.write_text("{")
    assert main(command) == 0
    (old,) = tmp_path.glob("foveate.broken-*.json")
    said = capsys.readouterr().out
    assert f"The settings could not be read, and were made anew; the old ones are in {old}." in said
    assert "must be paired again" in said
    old.unlink()
    settings_file.write_text("{")
    assert main([*command, "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["installed"]
    (old,) = tmp_path.glob("foveate.broken-*.json")
    assert entry["old_settings"] == str(old)
    assert "must be paired again" in entry["note"]
    assert main([*command, "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["installed"]
    assert (entry["old_settings"], entry["note"]) == (None, "")


@pytest.fixture
def at_home(machine, krita, monkeypatch):
    """A Krita of the system's and one in a Flatpak, both with the plugin, for the command line; return the latter."""
    (machine.home / ".var/app/org.kde.krita").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(machine.home))
    monkeypatch.setenv("PATH", "")
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "FOVEATE_RUNTIME_FILE"):
        monkeypatch.delenv(name, raising=False)
    flatpak = places_for("krita", machine)[1]
    install(flatpak, COMMAND, machine)
    return flatpak


def test_what_was_removed_and_what_was_left_is_said(at_home, krita, forbid, capsys):
    forbid("kritarc")
    assert main(["plugins", "uninstall", "krita"]) == 1
    assert not krita.package.exists()
    assert not at_home.package.exists()
    said, complaint = capsys.readouterr()
    assert [line.partition(";")[0] for line in said.splitlines()] == ["Krita: removed", "Krita (Flatpak): removed"]
    for place in (krita, at_home):
        assert f"{place}: Krita's configuration is left as it was" in complaint
        assert f"Give yourself the right to write {place.kritarc} and its folder." in complaint
    assert main(["plugins", "uninstall", "krita", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["removed"] == []
    assert len(told["problems"]) == 2


def test_what_fails_in_one_editor_holds_up_no_other(at_home, krita, monkeypatch, capsys):
    rename = Path.rename

    def maybe(self, target):
        if krita.folder in self.parents:
            raise PermissionError(13, "Permission denied", str(self))
        return rename(self, target)

    monkeypatch.setattr("pathlib.Path.rename", maybe)
    assert main(["plugins", "install", "krita"]) == 1
    said, complaint = capsys.readouterr()
    assert said.startswith("Krita (Flatpak): installed")
    assert complaint.startswith(f"Krita: not installed; what was there is as before. {krita.folder}")
    assert main(["plugins", "uninstall", "krita", "--json"]) == 1
    said, complaint = capsys.readouterr()
    assert json.loads(said)["removed"] == [str(at_home.package)]
    assert complaint.startswith("Krita: not removed.")
    assert krita.package.exists()


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
    left = {place.settings, place.settings.with_suffix(".client-id")}
    assert {path for path in place.folder.rglob("*") if path.is_file()} == left


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
    assert not place.settings.exists()
    monkeypatch.delenv("BLENDER_FAILS")
    install(place, COMMAND, blender)
    monkeypatch.setenv("BLENDER_FAILS", "1")
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
