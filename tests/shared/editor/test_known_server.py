"""What the server told last, from one start of an editor to the next."""

import sys
from pathlib import Path

import pytest

from fakes.models import FOR_PROMPTS
from fakes.scripted_client import real_welcome
from foveate_shared.connection.settings import Settings
from foveate_shared.editor.known_server import ask_program, load, save, text_of


def test_it_is_there_again_as_it_was_told(tmp_path):
    path, operations, models = tmp_path / "known", real_welcome().operations, FOR_PROMPTS
    save(path, operations, models)
    assert load(path) == (operations, models)


@pytest.mark.parametrize("text", ["", "{}\n{}\n", "nonsense\n", "[]\n[]\n[]\n"])
def test_what_cannot_be_understood_is_nothing(tmp_path, text):
    path = tmp_path / "known"
    assert load(path) == ((), ())
    path.write_text(text)
    assert load(path) == ((), ())


@pytest.fixture
def program(tmp_path):
    """Return what makes a server's program that says a text, and then ends with a status."""

    def make(text, status=0, seconds=0):
        (tmp_path / "said").write_text(text)
        script = tmp_path / "foveate.py"
        script.write_text(
            f"import sys, time\nassert sys.argv[1:] == ['plugins', 'tell'], sys.argv\ntime.sleep({seconds})\n"
            f"print(open({str(tmp_path / 'said')!r}).read(), end='')\nsys.exit({status})\n"
        )
        return Settings("me", server_command=(sys.executable, str(script), "serve", "--idle-exit-minutes", "30"))

    return make


def test_a_program_tells_what_its_server_would(program):
    operations = real_welcome().operations
    assert ask_program(program(text_of(operations, FOR_PROMPTS)), {}) == (operations, FOR_PROMPTS)


def test_a_program_that_does_not_know_it_tells_nothing(program):
    said = text_of(real_welcome().operations, FOR_PROMPTS)
    assert ask_program(program("usage: foveate"), {}) == ((), ())
    assert ask_program(program(said, status=2), {}) == ((), ())
    assert ask_program(program(said, seconds=60), {}, timeout=0.05) == ((), ())
    assert ask_program(Settings("me", server_command=("/nowhere/foveate", "serve")), {}) == ((), ())
    assert ask_program(Settings("me", server_command=("run-my-server",)), {}) == ((), ())


def test_a_person_without_a_home_is_told_nothing(program, monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    assert ask_program(program(text_of(real_welcome().operations, FOR_PROMPTS)), {}) == ((), ())


def test_nobody_asks_here_what_another_machine_has(program):
    elsewhere = Settings(
        "me",
        server_command=program(text_of(real_welcome().operations, FOR_PROMPTS)).server_command,
        remote_url="wss://a",
    )
    assert ask_program(elsewhere, {}) == ((), ())
