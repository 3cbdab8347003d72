"""Adding a model runs a program of its own: told are its lines, its end, and what goes wrong."""

import sys
import threading
import time

import pytest

from foveate_server.models.hub_file_selection import PICKLES
from foveate_shared.connection.settings import Settings
from foveate_shared.editor.add_model_program import (
    OLD_FORMATS,
    Adding,
    add_command,
    command_to_copy,
    is_old_format,
    why_not,
)
from foveate_shared.errors import InputError
from foveate_shared.i18n.translations import Texts

TELLS = """
import json, os, sys
assert "PYTHONHOME" not in os.environ
print("Fetching tune (4265 MB)", file=sys.stderr)
print("", file=sys.stderr)
print(json.dumps({"name": "tune", "title": "Tüne", "kind": "diffusion", "problem": "", "more": 1}))
"""
REFUSES = "import sys; print('This is no model. Choose another file.', file=sys.stderr); sys.exit(2)"
WAITS = "import sys, time; print('Fetching', file=sys.stderr, flush=True); time.sleep(600)"


def settings(*command, **values):
    return Settings("x", command or ("/opt/fov eate", "serve", "--port", "1"), **values)


def finished(program, **environ):
    running = Adding((sys.executable, "-c", program), environ)
    wait_until(lambda: not running.status.is_running)
    return running.status


def wait_until(is_so, seconds=200):
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        threading.Event().wait(0.01)


@pytest.mark.parametrize(
    ("what", "is_old"),
    [
        ("a.ckpt", True),
        (" b.PT ", True),
        ('"e.ckpt"', True),
        ("file:///f.pth", True),
        ("c.safetensors", False),
        ("d", False),
    ],
)
def test_files_that_may_hold_code_are_known_by_their_endings(what, is_old):
    assert is_old_format(what) is is_old


def test_they_are_those_that_the_server_asks_about():
    assert OLD_FORMATS == PICKLES


def test_the_recorded_program_is_asked():
    for typed in (" my tune.safetensors ", '"my tune.safetensors"'):
        assert add_command(settings(), typed) == (
            "/opt/fov eate", "models", "add", "my tune.safetensors", "--json",
        )  # fmt: skip
    module = settings("/usr/bin/python3", "-m", "foveate_server", "serve")
    assert add_command(module, "org/name", allow_pickle=True)[-3:] == ("org/name", "--allow-pickle", "--json")


@pytest.mark.parametrize("what", ["", "  ", "--help"])
def test_what_is_no_model_is_not_asked_for(what):
    with pytest.raises(InputError, match="No model was named"):
        add_command(settings(), what)


def test_a_command_of_another_kind_is_told():
    with pytest.raises(InputError, match="no `serve` in it"):
        add_command(settings("my-script"), "file")


@pytest.mark.skipif(sys.platform == "win32", reason="quotes of another shell")
def test_the_command_can_be_copied():
    assert command_to_copy(settings(), "file:///a%20b") == "'/opt/fov eate' models add '/a b'"
    assert command_to_copy(settings(), "a b") == "'/opt/fov eate' models add 'a b'"
    assert command_to_copy(settings()) == "'/opt/fov eate' models add FILE"
    remote = settings(remote_url="wss://studio:1")
    assert command_to_copy(remote, "org/name") == "foveate models add org/name"


def test_where_no_program_can_be_started():
    assert why_not(settings(), {}) == ""
    assert "terminal" in why_not(settings(), {"FLATPAK_ID": "org.kde.krita"})
    assert "another machine" in why_not(settings(remote_url="wss://studio:1"), {})


def test_a_model_is_added():
    status = finished(TELLS, PYTHONHOME="/nowhere")
    assert (status.name, status.title, status.kind, status.error) == ("tune", "Tüne", "diffusion", "")
    assert status.lines == ("Fetching tune (4265 MB)",)
    assert Texts("de").sentence(status.line) == "Lade tune (4265 MB)"


def test_a_refusal_is_a_sentence():
    assert finished(REFUSES).error == "This is no model. Choose another file."


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("import sys; sys.exit(3)", "The program ended with status 3, without a word."),
        ("print('no json')", "The program ended without telling which model it added."),
        ("print('[]')", "The program ended without telling which model it added."),
    ],
)
def test_a_program_that_says_nothing_useful(program, sentence):
    status = finished(program)
    assert (status.error, status.name) == (sentence, "")
    assert Texts("de").sentence(sentence) != sentence


def test_a_program_that_is_not_there():
    status = Adding(("/nowhere/foveate", "models")).status
    assert not status.is_running
    assert "cannot be started: /nowhere/foveate" in status.error


def test_a_person_may_stop_it():
    running = Adding((sys.executable, "-c", WAITS))
    wait_until(lambda: running.status.line == "Fetching")
    running.stop()
    wait_until(lambda: not running.status.is_running)
    assert running.status.error == "Cancelled."
    running.stop()
