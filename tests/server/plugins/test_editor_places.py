"""Where editors look for plugins, on systems that these tests do not run on."""

from __future__ import annotations

from pathlib import Path

import pytest

from foveate_server.plugins.editor_places import (
    CHOSEN,
    FLATPAK,
    NATIVE,
    SNAP,
    TITLES,
    Machine,
    chosen_place,
    find_places,
)
from foveate_server.plugins.install import places_for
from foveate_shared.connection.settings import PLUGIN_FILES
from foveate_shared.errors import InputError

ROOT = Path(__file__).parents[3]

HOME_FILES = {
    "linux": {
        "krita": (".local/share/krita", ".local/share/krita/pykrita/foveate", ".config/kritarc"),
        "gimp": (".config/GIMP/3.0", ".config/GIMP/3.0/plug-ins/foveate", None),
        "blender": (".config/blender/4.3", ".config/blender/4.3/extensions/user_default/foveate", None),
    },
    "darwin": {
        "krita": (
            "Library/Application Support/krita",
            "Library/Application Support/krita/pykrita/foveate",
            "Library/Preferences/kritarc",
        ),
        "gimp": (
            "Library/Application Support/GIMP/3.0",
            "Library/Application Support/GIMP/3.0/plug-ins/foveate",
            None,
        ),
        "blender": (
            "Library/Application Support/Blender/4.3",
            "Library/Application Support/Blender/4.3/extensions/user_default/foveate",
            None,
        ),
    },
    "win32": {
        "krita": ("AppData/Roaming/krita", "AppData/Roaming/krita/pykrita/foveate", "AppData/Local/kritarc"),
        "gimp": ("AppData/Roaming/GIMP/3.0", "AppData/Roaming/GIMP/3.0/plug-ins/foveate", None),
        "blender": (
            "AppData/Roaming/Blender Foundation/Blender/4.3",
            "AppData/Roaming/Blender Foundation/Blender/4.3/extensions/user_default/foveate",
            None,
        ),
    },
}
CASES = [(platform, host) for platform, hosts in HOME_FILES.items() for host in hosts]


@pytest.mark.parametrize(("platform", "host"), CASES)
def test_an_editor_that_was_started_once_is_found(tmp_path, platform, host):
    machine = Machine(tmp_path, platform, {})
    assert find_places(host, machine) == []
    started, package, kritarc = HOME_FILES[platform][host]
    (tmp_path / started).mkdir(parents=True)
    (place,) = find_places(host, machine)
    assert (place.kind, place.package) == (NATIVE, tmp_path / package)
    assert place.kritarc == (tmp_path / kritarc if kritarc else None)
    assert place.runtime_file.is_absolute()


def test_the_environment_moves_folders(tmp_path):
    environ = {"XDG_DATA_HOME": str(tmp_path / "d"), "XDG_CONFIG_HOME": str(tmp_path / "c")}
    (tmp_path / "d/krita").mkdir(parents=True)
    (tmp_path / "c/GIMP/3.0").mkdir(parents=True)
    machine = Machine(tmp_path / "home", "linux", environ)
    (krita,) = find_places("krita", machine)
    assert (krita.folder, krita.kritarc) == (tmp_path / "d/krita", tmp_path / "c/kritarc")
    (gimp,) = find_places("gimp", machine)
    assert gimp.settings == tmp_path / "c/GIMP/3.0/foveate.json"


def test_all_releases_that_are_new_enough_are_found(machine):
    for name in ("2.10", "3.0", "3.2", "3.10", "other"):
        (machine.home / ".config/GIMP" / name).mkdir(parents=True)
    for name in ("3.6", "4.1", "4.2", "5.0", "4.5"):
        (machine.home / ".config/blender" / name).mkdir(parents=True)
    assert [place.release for place in find_places("gimp", machine)] == ["3.0", "3.2", "3.10"]
    assert [place.release for place in find_places("blender", machine)] == ["4.2", "4.5", "5.0"]


def test_flatpaks_are_found_beside_native_editors(machine):
    home = machine.home
    (home / ".local/share/krita").mkdir(parents=True)
    app = home / ".var/app/org.kde.krita"
    app.mkdir(parents=True)
    native, flatpak = find_places("krita", machine)
    assert (native.kind, flatpak.kind) == (NATIVE, FLATPAK)
    assert flatpak.package == app / "data/krita/pykrita/foveate"
    assert flatpak.kritarc == app / "config/kritarc"
    assert flatpak.settings == app / "data/krita/foveate/settings.json"
    assert flatpak.runtime_file == home_runtime_file()


def test_a_flatpak_that_was_never_started_is_asked_for_its_release(machine, tmp_path):
    (machine.home / ".var/app/org.gimp.GIMP").mkdir(parents=True)
    assert find_places("gimp", machine) == []
    machine = with_programs(machine, tmp_path, flatpak="GNU Image Manipulation Program version 3.2.6")
    (gimp,) = find_places("gimp", machine)
    assert (gimp.kind, gimp.folder) == (
        FLATPAK,
        machine.home / ".var/app/org.gimp.GIMP/config/GIMP/3.2/plug-ins",
    )


def home_runtime_file() -> Path:
    from foveate_shared.connection.running_server import default_runtime_file

    return default_runtime_file({}, "linux").absolute()


def test_a_snap_gets_a_runtime_file_that_it_can_see(machine):
    snap = machine.home / "snap/krita"
    snap.mkdir(parents=True)
    (place,) = find_places("krita", machine)
    assert place.kind == SNAP
    assert place.folder == snap / "current/.local/share/krita"
    assert place.runtime_file == snap / "common/foveate/server.json"
    (machine.home / "snap/blender").mkdir()  # is not confined, and keeps its files where the native one does
    assert find_places("blender", machine) == []


@pytest.mark.parametrize(
    ("host", "package", "settings"),
    [
        ("krita", "pykrita/foveate", "foveate/settings.json"),
        ("gimp", "foveate", "../foveate.json"),
        ("blender", "foveate", "../.user/folder/foveate/foveate.json"),
    ],
)
def test_a_chosen_folder_is_taken_as_it_is(tmp_path, host, package, settings):
    place = chosen_place(host, tmp_path / "folder")
    assert place.kind == CHOSEN
    assert place.package == tmp_path / "folder" / package
    assert place.settings == (tmp_path / "folder" / settings).resolve()


def with_programs(machine, folder, **said):
    """Return the machine with programs that tell their versions."""
    bin_ = folder / "bin"
    bin_.mkdir(exist_ok=True)
    for name, says in said.items():
        (bin_ / name).write_text(f"#!/bin/sh\necho {says}\n")
        (bin_ / name).chmod(0o755)
    return Machine(machine.home, "linux", {"PATH": str(bin_)})


def test_a_program_in_the_path_counts_as_installed(machine, tmp_path):
    machine = with_programs(machine, tmp_path, krita="krita 5.2.9", gimp="GIMP 3.0.4", blender="Blender 4.3.2")
    assert [place.release for host in ("krita", "gimp", "blender") for place in find_places(host, machine)] == [
        "",
        "3.0",
        "4.3",
    ]
    machine = with_programs(machine, tmp_path, gimp="GIMP 3.2.6", blender="Blender 3.6.1")
    assert [place.release for place in find_places("gimp", machine)] == ["3.2"]
    assert find_places("blender", machine) == []


@pytest.mark.parametrize(("host", "says"), [("gimp", "GIMP 3.2.6"), ("blender", "Blender 5.2.2")])
@pytest.mark.parametrize("found", ["3.0", "2.10"])
def test_no_folder_is_made_beside_an_older_one(machine, tmp_path, host, says, found):
    old = machine.config / {"gimp": "GIMP", "blender": "blender"}[host] / found
    old.mkdir(parents=True)
    machine = with_programs(machine, tmp_path, **{host: says})
    expected = ["3.0"] if (host, found) == ("gimp", "3.0") else []
    assert [place.release for place in find_places(host, machine)] == expected  # which the new release takes over
    if not expected:
        with pytest.raises(
            InputError, match=rf"was found, but no folder of a release that takes Foveate.*Start {TITLES[host]} once"
        ):
            places_for(host, machine)


@pytest.mark.parametrize("host", PLUGIN_FILES)
def test_the_documentation_names_the_settings_as_installer_and_plugin_do(host):
    rows = (ROOT / "docs/plugins.md").read_text("utf-8").splitlines()
    (row,) = (row for row in rows if row.startswith(f"| {TITLES[host]} |"))
    for text in (row, (ROOT / f"docs/{host}.md").read_text("utf-8")):
        assert f"`{PLUGIN_FILES[host]}`" in text
