"""A plugin's package brings all it needs, names what it is made from, and is the same wherever it is made."""

from __future__ import annotations

import ast
import base64
import hashlib
import io
import json
import re
import shutil
import stat
import subprocess
import sys
import textwrap
import zipfile
from importlib import metadata

import pytest

from foveate_server.plugins import bundle_sources
from foveate_server.plugins.bundle import RECORD, make_bundle, write_bundle
from foveate_shared.errors import InputError, ResourceError

EDITORS_OWN = {  # what an editor's Python brings
    "krita": {"krita", "PyQt5", "PyQt6"},
    "gimp": {"gi"},
    "blender": {"bpy", "bpy_extras", "gpu", "gpu_extras", "mathutils", "numpy", "blf", "bl_ui"},
}
VENDORED = "websockets/"
DEEPEST = 3  # folders below the one in which an editor looks for plugins, the plugin's own included
# The plugin's package is entered without its __init__, which needs the editor. No site-packages: nothing else is there.
IMPORT_ALL = textwrap.dedent(
    """
    import importlib, json, pkgutil, sys, types
    plugin = types.ModuleType("plugin")
    plugin.__path__ = [sys.argv[1]]
    sys.modules["plugin"] = plugin
    shared = importlib.import_module("plugin.foveate_shared")
    for module in pkgutil.iter_modules(shared.__path__):
        importlib.import_module(f"{shared.__name__}.{module.name}")
    facade = importlib.import_module("plugin._shared")
    print(json.dumps({
        "client": facade.client.__file__,
        "connect": sys.modules[facade.client.__package__ + ".websockets_library"].connect.__module__,
        "others": [name for name in ("websockets", "foveate_shared") if name in sys.modules],
    }))
    """
)


def interpreter(name):
    """Return this Python, or one that plugins meet, where it is installed."""
    path = sys.executable if name == "this" else shutil.which(name)
    if not path or subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip(f"there is no {name}")
    return path


@pytest.mark.parametrize("name", ["this", "python3.10", "python3.13"])
def test_the_vendored_copies_are_in_use_and_enough(unpacked, name):
    command = [interpreter(name), "-I", "-S", "-B", "-W", "error", "-c", IMPORT_ALL, str(unpacked.package)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout)
    assert found["client"] == str(unpacked.package / "foveate_shared/connection/client.py")
    assert found["connect"] == "plugin.websockets.sync.client"
    assert found["others"] == []


def test_the_vendored_copies_win_over_installed_ones(unpacked):
    command = [sys.executable, "-B", "-c", IMPORT_ALL, str(unpacked.package)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert found["client"].startswith(str(unpacked.package))
    assert found["others"] == []


def test_nothing_but_the_standard_library_and_the_editor_is_imported(unpacked):
    allowed = set(sys.stdlib_module_names) | EDITORS_OWN[unpacked.bundle.host]
    for path in unpacked.package.rglob("*.py"):
        name = path.relative_to(unpacked.package).as_posix()
        if name.startswith(VENDORED):
            continue
        own = {"foveate_shared"} if name == "_shared.py" else set()  # in a checkout, where there is no bundle
        own |= {"websockets"} if name == "foveate_shared/connection/websockets_library.py" else set()
        assert imported(path) <= allowed | own, name


def imported(path):
    """Return the top-level names that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


def test_it_brings_websockets_as_it_was_released(unpacked):
    # What the library guards by itself; `make check` looks at all that is ours.
    assert metadata.metadata("websockets")["Requires-Python"] == ">=3.10"
    recorded = {str(path): path.hash.value for path in metadata.files("websockets") if path.hash}
    vendored = unpacked.package / VENDORED
    brought = [path for path in vendored.rglob("*") if path.is_file()]
    assert {path.suffix for path in brought} == {".py", ".typed"}
    for path in brought:
        digest = hashlib.sha256(path.read_bytes()).digest()
        name = f"websockets/{path.relative_to(vendored).as_posix()}"
        assert recorded[name] == re.sub("=*$", "", base64.urlsafe_b64encode(digest).decode())
    assert b"Redistribution" in (vendored.parent / "websockets.LICENSE").read_bytes()


def test_no_folder_lies_so_deep_that_gimp_does_not_copy_it(unpacked):
    depths = {path: len(path.relative_to(unpacked.package).parts) for path in unpacked.package.rglob("*.*")}
    deepest = max(depths, key=lambda path: depths[path])
    assert depths[deepest] <= DEEPEST, deepest  # the plugin's own folder stands for the file


def test_it_records_what_it_is_made_from(unpacked):
    record = json.loads((unpacked.package / RECORD).read_text())
    assert record["plugin"] == f"foveate-{unpacked.bundle.host}"
    assert record["version"] == metadata.version("foveate")
    assert record["vendored"] == {"websockets": metadata.version("websockets")}
    files = {path.relative_to(unpacked.package).as_posix(): path for path in unpacked.package.rglob("*")}
    digests = {n: hashlib.sha256(p.read_bytes()).hexdigest() for n, p in files.items() if p.is_file() and n != RECORD}
    assert record["files"] == digests
    assert "GNU GENERAL PUBLIC LICENSE" in (unpacked.package / "LICENSE").read_text()


def test_the_plugins_own_version_is_ours(unpacked):
    versions = {
        match[1]
        for path in (*unpacked.package.glob("*.py"), *unpacked.package.glob("*.toml"))
        for match in re.finditer(r'^(?:version|VERSION) = "(.+)"$', path.read_text("utf-8"), re.MULTILINE)
    }
    assert versions <= {metadata.version("foveate")}


def test_the_same_sources_give_the_same_bytes(unpacked, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    first = unpacked.bundle.to_zip()
    assert make_bundle(unpacked.bundle.host).to_zip() == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.testzip() is None
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert not [entry for entry in entries if "__pycache__" in entry.filename or "/." in entry.filename]


def test_only_gimps_program_is_one(unpacked):
    with zipfile.ZipFile(io.BytesIO(unpacked.bundle.to_zip())) as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist() if not entry.is_dir()}
    programs = [name for name, mode in modes.items() if mode & stat.S_IXUSR]
    assert programs == (["foveate/foveate.py"] if unpacked.bundle.host == "gimp" else [])


def test_krita_finds_its_parts(unpacked):
    if unpacked.bundle.host != "krita":
        pytest.skip("about Krita's own importer of plugins")
    with zipfile.ZipFile(io.BytesIO(unpacked.bundle.to_zip())) as archive:
        names = archive.namelist()
    assert {"foveate.desktop", "foveate/", "foveate/__init__.py", "foveate.action"} <= set(names)
    assert [name for name in names if name.endswith("/foveate/")] == []  # the importer takes the first one that ends so


def test_a_bundle_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match="--to"):
        write_bundle("gimp", tmp_path / "file" / "folder")
    path = write_bundle("gimp", tmp_path / "new" / "folder")
    assert list(path.parent.iterdir()) == [path]


def test_a_library_that_was_changed_does_not_go_into_a_plugin(tmp_path, monkeypatch):
    installed = metadata.distribution("websockets")
    shutil.copytree(str(installed.locate_file("websockets")), tmp_path / "websockets")
    shutil.copytree(installed._path, tmp_path / installed._path.name)
    changed = next(iter(metadata.Distribution.discover(name="websockets", path=[str(tmp_path)])))
    monkeypatch.setattr(bundle_sources.metadata, "distribution", lambda _: changed)
    assert bundle_sources.vendored_release().files
    with (tmp_path / "websockets/uri.py").open("a") as file:
        file.write("# changed\n")
    with pytest.raises(InputError, match="pip install --force-reinstall websockets"):
        bundle_sources.vendored_release()
