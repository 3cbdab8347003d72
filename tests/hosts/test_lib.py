"""The tests' own tools: programs in the chroot, the screen, and the server outside."""

from __future__ import annotations

import subprocess
import textwrap

import pytest

from foveate_shared.connection.running_server import find_server
from foveate_shared.errors import ConnectionLostError
from hosts.lib import building, editors_table
from hosts.lib.blender_module import bpy_version
from hosts.lib.editions import VARIABLE, chosen_edition
from hosts.lib.servers import DETERMINISTIC
from hosts.lib.waiting import wait_until

SAYS = {"krita": "krita", "gimp": "Program version", "blender": "Blender"}  # before an editor's version
ASK_HEALTH = textwrap.dedent(
    """
    import json, sys, urllib.request
    fields = json.load(open(sys.argv[1]))
    url = fields["url"].replace("ws:", "http:") + "/healthz"
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + fields["token"]})
    print(urllib.request.urlopen(request).status)
    """
)


def test_a_program_runs_in_its_folder_and_sees_nothing_of_ours(chroot, monkeypatch):
    monkeypatch.setenv("SECRET_OF_OURS", "1")
    folder = chroot.folder("run")
    done = chroot.run(["sh", "-c", "pwd; echo $HOME $X; env"], folder=folder, env={"X": 3}).check()
    assert done.output.splitlines()[:2] == [folder.inside, f"{folder.inside} 3"]
    assert "SECRET_OF_OURS" not in done.output


def test_a_failure_shows_what_the_program_said(chroot):
    done = chroot.run(["sh", "-c", "echo alas >&2; exit 7"], folder=chroot.folder("run"))
    with pytest.raises(AssertionError, match="ended with 7, not 0:\nalas"):
        done.check()


def test_a_program_that_does_not_end_is_ended(chroot):
    folder = chroot.folder("run")
    with pytest.raises(AssertionError, match=r"did not end within 0\.5 s:\nbusy"):
        chroot.run(["sh", "-c", "echo busy; sleep 100; echo done"], folder=folder, timeout=0.5)


def test_what_was_left_running_is_found(chroot):
    folder = chroot.folder("run")
    before = chroot.left_running()
    with chroot.running(["sleep", "100"], folder=folder) as program:
        # By its number: a program of an earlier test that was just killed may still be listed.
        wait_until(lambda: program.process.pid in chroot.left_running().keys() - before.keys(), 20, "the program")
        wait_until(lambda: chroot.left_running().get(program.process.pid) == "sleep 100", 20, "its command")
    assert program.process.pid not in chroot.left_running()


@pytest.mark.parametrize("missing", ["root", "debootstrap"])
def test_where_the_editors_cannot_be_had_it_is_said_why(missing, monkeypatch, tmp_path):
    monkeypatch.delenv(building.READY_VARIABLE, raising=False)
    monkeypatch.setenv(building.CACHE_VARIABLE, str(tmp_path))
    if missing == "root":
        monkeypatch.setattr("os.geteuid", lambda: 1000)
    else:
        monkeypatch.setattr("os.geteuid", lambda: 0)
        monkeypatch.setenv("PATH", str(tmp_path))  # nor apt
    with pytest.raises(building.UnavailableError, match=missing):
        building.provide_chroot(chosen_edition())


def test_a_screen_shows_windows_and_can_be_kept(chroot, start_screen):
    screen = start_screen(size=(320, 200))
    other = start_screen(size=(320, 200))
    assert screen.display != other.display
    command = ["display", "-title", "picture", "-size", "64x64", "xc:red"]
    with chroot.running(command, folder=screen.folder, env=screen.environment):
        assert screen.wait_for_window("picture")
        assert not other.windows("picture")
    picture = screen.screenshot("lib-screen")
    assert picture.read_bytes()[:4] == b"\x89PNG"
    picture.unlink()


def test_the_editors_are_those_of_the_edition(chroot, start_screen, edition):
    screen = start_screen()  # without one, Krita does not even tell its version
    for editor, version in edition.editors.items():
        done = chroot.run([editor, "--version"], folder=screen.folder, env=screen.environment)
        assert f"{SAYS[editor]} {version}" in done.check().output


def test_the_page_about_the_editors_counts_the_last_run_of_each_test(tmp_path):
    report = """<testsuites><testsuite timestamp="2026-11-{day}T10:00:00+00:00">{cases}</testsuite></testsuites>"""
    case = '<testcase classname="tests.hosts.{}" name="{}">{}</testcase>'
    first = [
        case.format("test_krita", "test_a", "<failure/>"),
        case.format("test_krita", "test_b", "<error/>"),
        case.format("test_failing_model", "test_c[krita-kill]", "<skipped/>"),
        case.format("test_two_editors", "test_d", ""),
    ]
    (tmp_path / "all.xml").write_text(report.format(day=28, cases="".join(first)))
    (tmp_path / "again.xml").write_text(report.format(day=29, cases=case.format("test_krita", "test_a", "")))
    names = [
        "test_krita::test_a",
        "test_krita::test_b",
        "test_krita::test_new",
        "test_failing_model::test_c[krita-kill]",
    ]
    runs = editors_table.read_reports(tmp_path, [*names, "test_two_editors::test_d"])
    written = editors_table.page({"newest": runs}, {"newest": {"krita": "5.3.4"}})
    assert "| Krita | 5.3.4 | 2026-11-28 | 1 | 1 | 1 | 1 |" in written
    assert "tools | newest | 2026-11-28 | 1 | 0 | 0 | 0 |" in written
    assert written.count("`test_krita::test_") == 1
    assert "- newest: `test_krita::test_b`" in written


def test_editors_that_nobody_knows_are_refused(monkeypatch):
    monkeypatch.setenv(VARIABLE, "oldest")
    with pytest.raises(ValueError, match=r"'oldest'.* may be debian-13, newest, krita-6"):
        chosen_edition()


def test_a_server_outside_is_reached_from_inside(chroot, start_server):
    folder = chroot.folder("server")
    server = start_server((folder / "state").outside, (folder / "run/server.json").outside, DETERMINISTIC)
    first = server.wait_until_ready()
    command = ["python3", "-c", ASK_HEALTH, (folder / "run/server.json").inside]
    assert chroot.run(command, folder=folder).check().output.strip() == "200"
    assert server.restart().pid != first.pid
    assert chroot.run(command, folder=folder).check().output.strip() == "200"


def test_a_program_inside_starts_a_server_outside(chroot, make_launcher):
    launcher = make_launcher(DETERMINISTIC)
    runtime_file = launcher.folder / "run/server.json"
    env = {"FOVEATE_RUNTIME_FILE": runtime_file.inside}
    with chroot.running(launcher.command, folder=launcher.folder, env=env) as script:
        address = find_server_soon(runtime_file.outside)
        assert address.is_loopback
        (server,) = launcher.servers
        assert script.is_running
        server.stop()
        assert script.wait(60).status == 0


def find_server_soon(path):
    def look():
        try:
            return find_server(path)
        except ConnectionLostError:
            return None

    return wait_until(look, 60, "the server")


def test_a_warmed_home_is_a_copy(chroot, start_screen, make_home):
    screen = start_screen()
    first = make_home("krita", screen)
    database = first.outside / ".local/share/krita/resourcecache.sqlite"
    assert database.stat().st_size > 1 << 20
    database.unlink()
    assert (make_home("krita", screen).outside / ".local/share/krita/resourcecache.sqlite").exists()


def test_blender_as_a_module_is_there(bpy_python):
    command = [bpy_python, "-c", "import bpy; print(bpy.app.version_string)"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith(bpy_version())
