"""The doctor says what is wrong, with a remedy, and gives nothing away."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from foveate_server.cli.main import main
from foveate_server.plugins.doctor import examine, report
from foveate_server.plugins.install import install, places_for
from foveate_shared.connection import settings
from foveate_shared.connection.running_server import RunningServer, write_runtime_file
from foveate_shared.errors import ServerError
from foveate_shared.wire.protocol import Peer

COMMAND = ("sh", "serve")


@pytest.fixture(autouse=True)
def runtime_file(tmp_path, monkeypatch):
    path = tmp_path / "run/server.json"
    monkeypatch.setenv("FOVEATE_RUNTIME_FILE", str(path))
    return path


@pytest.fixture
def session(tmp_path):
    """A desktop's session with all that the tests set: what only a terminal has is warned of."""
    folder = tmp_path / "session"
    folder.mkdir()
    (folder / "systemctl").write_text("#!/bin/sh\nexec /usr/bin/env\n")
    (folder / "systemctl").chmod(0o755)
    return folder


@pytest.fixture
def krita(machine, runtime_file):
    (machine.home / ".local/share/krita").mkdir(parents=True)
    (place,) = places_for("krita", replace_environ(machine, runtime_file))
    install(place, COMMAND, machine)
    return place


def replace_environ(machine, runtime_file):
    return replace(machine, environ={"FOVEATE_RUNTIME_FILE": str(runtime_file)})


@pytest.fixture
def look(machine, runtime_file, session):
    """Examine; return the problems with their remedies, and the report."""
    machine = replace_environ(machine, runtime_file)
    path = f"{session}{os.pathsep}{os.environ['PATH']}"

    def look(try_server=lambda *_: Peer("foveate", "9.9"), **environ):
        here = replace(machine, environ={**machine.environ, "PATH": path, **environ})
        findings = examine(here, try_server)
        return [f"{f.problem} {f.remedy}" for f in findings if f.problem], report(findings, machine)

    return look


def test_a_machine_without_editors_has_no_problem(look):
    problems, text = look()
    assert problems == []
    assert "krita     not found" in text


def test_a_good_installation_has_no_problem(krita, look):
    problems, text = look()
    assert problems == []
    assert "~/.local/share/krita/pykrita/foveate" in text
    assert str(krita.folder) not in text


def spoil_file(place):
    (place.package / "foveate_shared/connection/client.py").write_text("")


def remove_file(place):
    (place.package / "foveate_shared/connection/client.py").unlink()


def age(place):
    record = json.loads((place.package / "bundle.json").read_text())
    (place.package / "bundle.json").write_text(json.dumps({**record, "version": "0.0.1"}))


def disable(place):
    place.kritarc.write_text("[python]\nenable_foveate=false\n")


def lose_record(place):
    (place.package / "bundle.json").unlink()


def garble_record(place):
    (place.package / "bundle.json").write_text('{"files": []}')


def lose_settings(place):
    place.settings.unlink()


def garble_settings(place):
    place.settings.write_text("{")


def move_program(place):
    settings.save(place.settings, replace(settings.load(place.settings), server_command=("/gone/foveate",)))


def look_elsewhere(place):
    settings.save(place.settings, replace(settings.load(place.settings), runtime_file="/elsewhere/server.json"))


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (spoil_file, "1 of its files are missing or changed, such as foveate_shared/connection/client.py."),
        (remove_file, "1 of its files are missing or changed"),
        (age, "It is not version"),
        (disable, "Krita does not load it."),
        (lose_record, "It is not one that `foveate plugins build` has made."),
        (garble_record, "It is not one that `foveate plugins build` has made."),
        (lose_settings, "is missing, so the plugin may not find the server."),
        (garble_settings, "settings.json: Expecting property name"),
        (move_program, "The program that starts it is not there: /gone/foveate."),
        (look_elsewhere, "It looks for it in /elsewhere/server.json."),
    ],
)
def test_what_is_wrong_is_said_with_the_command_that_mends_it(krita, machine, look, spoil, problem):
    spoil(krita)
    (found,) = look()[0]
    assert problem in found
    assert found.endswith("Run: foveate plugins install krita")
    install(krita, COMMAND, machine)
    assert look()[0] == []


@pytest.fixture
def refuse(monkeypatch):
    """Let a function of the library refuse what `which` names, to root too."""

    def refuse(name, function, which):
        def maybe(what, *arguments, **options):
            if which(what):
                raise PermissionError(13, "Permission denied", str(what))
            return function(what, *arguments, **options)

        monkeypatch.setattr(name, maybe)

    return refuse


def test_settings_that_may_not_be_read_want_a_right_and_no_installation(krita, look, refuse):
    refuse("pathlib.Path.read_text", Path.read_text, lambda path: path == krita.settings)
    right = "~/.local/share/krita/foveate/settings.json"
    problems, text = look()
    assert problems == [
        f"{krita.settings}: Permission denied. Give yourself the right to read {krita.settings}.",
    ]
    assert f"! {right}: Permission denied. Give yourself the right to read {right}." in text


@pytest.mark.parametrize("name", ["settings", "kritarc"])
def test_settings_that_may_not_be_written_are_a_problem(krita, look, monkeypatch, name):
    path = getattr(krita, name)
    before = sorted(path.parent.iterdir())
    assert look()[0] == []
    assert sorted(path.parent.iterdir()) == before
    really = tempfile.TemporaryFile

    def maybe(**where):
        if where["dir"] == path.parent:
            raise PermissionError(13, "Permission denied", str(path.parent))
        return really(**where)

    monkeypatch.setattr("tempfile.TemporaryFile", maybe)
    (problem,), text = look()
    assert problem == (
        f"{path} cannot be written: Permission denied. Give yourself the right to write {path} and its folder."
    )
    assert "settings that cannot be changed" in text


def test_a_kritarc_that_may_not_be_read_wants_a_right(krita, look, refuse):
    refuse("pathlib.Path.read_text", Path.read_text, lambda path: path == krita.kritarc)
    assert f"Give yourself the right to read {krita.kritarc}." in look()[0][0]


def test_a_folder_that_may_not_be_entered_costs_no_report(krita, look, refuse):
    refuse("pathlib.Path.is_dir", Path.is_dir, lambda path: path.name == "org.gimp.GIMP")
    problems, text = look()
    assert len(problems) == 1
    assert "Give yourself the right to read" in problems[0]
    assert "~/.local/share/krita/pykrita/foveate" in text
    assert "blender   not found" in text


@pytest.fixture
def bare_home(tmp_path, monkeypatch, session):
    """A home without editors, for the command line."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(session))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", ("the setting `prot` is unknown.", "Did you mean `port`?")),
        ("port = ", ("is not valid TOML", "Correct the named line.")),
    ],
)
def test_a_damaged_server_toml_is_one_problem_of_the_report(bare_home, monkeypatch, capsys, text, said):
    problem, remedy = said
    monkeypatch.setenv("FOVEATE_CONFIG", str(bare_home / "server.toml"))
    (bare_home / "server.toml").write_text(text)
    assert main(["plugins", "doctor"]) == 1
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("!"))
    assert problem in line
    assert line.endswith(remedy)
    assert main(["plugins", "doctor", "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert {"foveate", "server", "models", "krita", "gimp", "blender"} <= {each["subject"] for each in findings}
    (wrong,) = (each for each in findings if each["problem"])
    assert (wrong["subject"], wrong["remedy"]) == ("models", remedy)


def test_a_configuration_that_cannot_be_read_is_no_end(krita, look):
    krita.kritarc.write_bytes(b"\xff")
    assert "Python Plugin Manager" in look()[0][0]


def test_gimps_program_must_be_one(machine, look, runtime_file):
    (machine.home / ".config/GIMP/3.0").mkdir(parents=True)
    (place,) = places_for("gimp", replace_environ(machine, runtime_file))
    install(place, COMMAND, machine)
    (place.package / "foveate.py").chmod(0o644)
    assert "may not be executed" in look()[0][0]


def test_a_server_is_vouched_for_once_it_has_answered(krita, look, session):
    asked = []

    def try_server(values, editor, environ):
        asked.append((values, editor, environ["PATH"]))
        return Peer("foveate", "9.9")

    problems, text = look(try_server)
    assert problems == []
    assert "uses this machine's server, which answers: foveate 9.9" in text
    assert asked == [(settings.load(krita.settings), "krita", f"{session}{os.pathsep}{os.environ['PATH']}")]


def test_why_a_server_does_not_answer_is_said_once_for_each_plugin(krita, machine, look, runtime_file):
    (machine.home / ".config/GIMP/3.0").mkdir(parents=True)
    (gimp,) = places_for("gimp", replace_environ(machine, runtime_file))
    install(gimp, COMMAND, machine)
    asked = []

    def fail(*arguments):
        asked.append(arguments)
        raise ServerError("The server ended at once: no card.", remedy="All that it said is in /log.")

    problems, _ = look(fail)
    assert problems == ["The server ended at once: no card. All that it said is in /log."] * 2
    assert len(asked) == 1


def test_a_program_that_a_shells_virtual_environment_has_is_not_there_for_an_editor(krita, look, tmp_path):
    folder = tmp_path / "venv/bin"
    folder.mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").touch()
    (folder / "foveate").write_text("#!/bin/sh\n")
    (folder / "foveate").chmod(0o755)
    settings.save(krita.settings, replace(settings.load(krita.settings), server_command=("foveate", "serve")))
    problems, _ = look(PATH=f"{folder}:{os.environ['PATH']}")
    assert "The program that starts it is not there: foveate. Run: foveate plugins install krita" in problems


def test_an_active_virtual_environment_is_a_warning(krita, machine, runtime_file, session):
    path = f"{session}{os.pathsep}{os.environ['PATH']}"
    environ = {"FOVEATE_RUNTIME_FILE": str(runtime_file), "PATH": path, "VIRTUAL_ENV": "/work/venv"}
    findings = examine(replace(machine, environ=environ), lambda *_: Peer("foveate", "9.9"))
    (warning,) = (finding for finding in findings if finding.problem)
    assert "/work/venv" in warning.text
    assert warning.problem == "Krita loads no plugin where it is started from here."
    assert "desktop's menu" in warning.remedy
    assert not warning.is_fault


def test_what_only_this_terminal_sets_is_a_warning(krita, machine, session):
    environ = {
        "PATH": str(session),
        "FOVEATE_DATA_DIR": "/elsewhere",
        "XDG_DATA_HOME": str(machine.data),
        "HOME": "/me",
    }

    def warned(**fields):
        findings = examine(replace(machine, environ=environ, **fields), lambda *_: Peer("foveate", "9.9"))
        return [finding for finding in findings if finding.subject == "terminal"]

    assert warned() == []
    (session / "systemctl").write_text("#!/bin/sh\necho FOVEATE_DATA_DIR=/other; echo HOME=/me\n")
    (warning,) = warned()
    assert warning.text == "sets FOVEATE_DATA_DIR, XDG_DATA_HOME"
    assert warning.problem.startswith("An editor that is started from the desktop's menu does not know of it")
    assert "for the whole session" in warning.remedy
    assert not warning.is_fault
    for unknown in ("#!/bin/sh\nexit 1\n", None):  # where nobody can tell, nothing is vouched for
        (session / "systemctl").write_text(unknown) if unknown else (session / "systemctl").unlink()
        (warning,) = warned()
        assert warning.text == "sets FOVEATE_DATA_DIR, XDG_DATA_HOME"
        assert "may not know of it" in warning.problem
    assert warned(platform="darwin") == []


def test_that_the_plugin_was_not_tried_in_its_editor_is_said_with_the_reason(krita, look):
    assert "not tried in Krita: its program was not found" in look(PATH="")[1]


def test_secrets_stay_secret(krita, look, runtime_file):
    remote = replace(settings.load(krita.settings), remote_url="wss://studio:7317", remote_token="fvt_secret")
    settings.save(krita.settings, remote)
    write_runtime_file(runtime_file, RunningServer("ws://127.0.0.1:9", "fvt_other", os.getpid(), "9.9.9", 1.0))
    problems, text = look()
    assert "uses a server on another machine: studio, which answers: foveate 9.9" in text
    assert "fvt_" not in text
    assert len(problems) == 1  # the server that is said to run does not
    assert runtime_file.exists()  # who is refused does not know why


def test_the_exit_status_tells_whether_something_is_wrong(bare_home, capsys):
    assert main(["plugins", "doctor", "--json"]) == 0
    (bare_home / ".config/GIMP/3.0/plug-ins/foveate").mkdir(parents=True)
    assert main(["plugins", "doctor"]) == 1
    assert "! It is not one that `foveate plugins build` has made." in capsys.readouterr().out
