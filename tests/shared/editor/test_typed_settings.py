"""The server as a person types it."""

import pytest

from foveate_shared.connection.settings import Settings
from foveate_shared.editor.typed_settings import command_or_installed, typed_address, typed_command, typed_server
from foveate_shared.errors import InputError

HERE = Settings("me", ("/a b/foveate", "serve"))
THERE = Settings("me", ("foveate", "serve"), remote_url="https://studio:7317", remote_token="t" * 32)
LINE = f"foveate://studio:7317?token={'t' * 32}&fingerprint=sha256:{'ab' * 32}"
NOWHERE = {"remote_url": "", "remote_token": "", "remote_fingerprint": ""}


def test_a_typed_command_is_read_as_a_shell_would():
    assert typed_command("'/a b/foveate' serve") == ("/a b/foveate", "serve")
    with pytest.raises(InputError, match="The command is not complete") as caught:
        typed_command("'/a b/foveate serve")
    assert caught.value.info.remedy == "Close the quotation mark."


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" studio:7317 ", "https://studio:7317"),
        ("[::1]:7", "https://[::1]:7"),
        ("ws://localhost:7",) * 2,
        ("studio",) * 2,
        ("", ""),
    ],
)
def test_an_address_without_a_scheme_is_an_encrypted_one(typed, address):
    assert typed_address(typed) == address


def test_the_command_as_it_is_shown_stays_as_it_was():
    said = typed_server(HERE, command="'/a b/foveate' serve", line=LINE, is_local=True)
    assert said == {"server_command": HERE.server_command, **NOWHERE}
    said = typed_server(THERE, command=" foveate serve --port 7 ", line="", is_local=True)
    assert said == {"server_command": ("foveate", "serve", "--port", "7"), **NOWHERE}
    with pytest.raises(InputError, match="command that starts the server is missing"):
        typed_server(HERE, command=" ", line="", is_local=True)


def test_no_command_is_the_installed_one():
    installed = Settings("me", ("mistyped",), installed_command=("/venv/bin/foveate", "serve"))
    said = typed_server(installed, command=" ", line="", is_local=True)
    assert said == {"server_command": installed.installed_command, **NOWHERE}
    assert command_or_installed(installed, "mine serve") == ("mine", "serve")


def test_another_machine_is_named_by_its_line():
    said = typed_server(HERE, command="", line=LINE, is_local=False)
    assert (said["remote_url"], said["remote_token"]) == ("https://studio:7317", "t" * 32)
    assert typed_server(THERE, command="", line=" ", is_local=False) == {}
    with pytest.raises(InputError, match="no line for the other machine") as caught:
        typed_server(HERE, command="", line="", is_local=False)
    assert "foveate serve --pair" in caught.value.info.remedy
