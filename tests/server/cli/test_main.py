"""Bad usage and bad input: one sentence with a remedy on stderr, the right exit status, and nothing is written."""

import argparse
import json
import socket

import numpy as np
import pytest

from foveate_server.cli.main import build_parser, exit_status, main
from foveate_server.operations.registry import COMMANDS, operations
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.write import save
from foveate_shared.errors import ErrorCode, ErrorInfo, Fault
from foveate_shared.pixels import Channels


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOVEATE_RUNTIME_FILE", str(tmp_path / "no-server.json"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    save(Picture(np.full((20, 30, 3), 90, np.uint8), Channels.RGB), tmp_path / "in.png")
    (tmp_path / "token").write_text("fvt_0123456789012345678901234567")
    return tmp_path


def failing(arguments, capsys):
    """Run a command that must fail; return its status and its one line on stderr."""
    try:
        status = main(arguments)
    except SystemExit as exit_:
        status = exit_.code
    output = capsys.readouterr()
    assert output.out == ""
    lines = output.err.splitlines()
    assert len(lines) == 1, output.err
    assert "Traceback" not in output.err
    return status, lines[0]


BAD = {
    "no command": ([], 2, "--help"),
    "unknown command": (["sharpen"], 2, "invalid choice"),
    "no files": (["refocus"], 2, "required: FILE"),
    "no output": (["refocus", "in.png"], 2, "OUT is missing. Name the file to write"),
    "no place for several": (["refocus", "in.png", "in.png", "in.png"], 2, "Name a folder: --to FOLDER"),
    "a name and a kind": (["refocus", "in.png", "out.png", "--as", "jpg"], 2, "Leave out --as"),
    "a kind that is none": (["refocus", "in.png", "--to", "new", "--as", "doc"], 2, "--as doc is no kind"),
    "several variations of several": (["refocus", "in.png", "--to", "new", "--variations", "2"], 2, "for one picture"),
    "a pipe among several": (["refocus", "in.png", "-", "--to", "new"], 2, "A pipe is no picture of several."),
    "a file as folder": (["refocus", "in.png", "--to", "token"], 2, "token is a file."),
    "an empty folder": (["refocus", "folder.png", "--to", "new"], 2, "holds no picture"),
    "originals as results": (["refocus", "in.png", "--to", "."], 2, "would replace the picture"),
    "one name for two": (["refocus", "in.png", "sub/in.png", "--to", "new"], 2, "would both be new/in.png"),
    "a folder as suffix": (["refocus", "in.png", "--suffix", "/x"], 2, "Say that with --to."),
    "replay into a pipe": (["replay", "in.png", "--to", "-"], 2, "Name a file: --to FILE."),
    "json and a picture": (["refocus", "in.png", "-", "--json"], 2, "cannot both go to stdout"),
    "variations": (["refocus", "in.png", "out.png", "--variations", "0"], 2, "--variations must be at least 1."),
    "variations of a word": (["refocus", "in.png", "out.png", "--variations", "x"], 2, "must be a whole number"),
    "extension": (["fill", "in.png", "out.png", "--extend", "1,2"], 2, "Write 0,0,256,0."),
    "quality": (["refocus", "in.png", "out.jpg", "--quality", "0"], 2, "whole number from 1 to 100"),
    "missing input": (["refocus", "nothing.png", "out.png"], 2, "cannot be read"),
    "same file": (["refocus", "in.png", "in.png"], 2, "--force"),
    "output kind": (["refocus", "in.png", "out.gif"], 2, "End its name"),
    "output folder": (["refocus", "in.png", "missing/out.png"], 2, "does not exist"),
    "output is folder": (["refocus", "in.png", "folder.png"], 2, "is a folder"),
    "output unwritable": (["refocus", "in.png", "/proc/out.png"], 1, "Choose a folder that you may write to"),
    "output nameless": (["refocus", "in.png", ""], 2, "OUT does not say"),
    "rect": (["refocus", "in.png", "out.png", "--rect", "1,2"], 2, "X,Y,W,H"),
    "rect outside": (["refocus", "in.png", "out.png", "--rect", "25,0,10,10"], 2, "reaches out"),
    "rect and mask": (["refocus", "in.png", "out.png", "--rect", "0,0,1,1", "--mask", "in.png"], 2, "not allowed with"),
    "mask missing": (["refocus", "in.png", "out.png", "--mask", "nothing.png"], 2, "cannot be read"),
    "upscale region": (["upscale", "in.png", "out.png", "--rect", "0,0,9,9"], 2, "--in-place"),
    "server without token": (["refocus", "in.png", "out.png", "--server", "ws://127.0.0.1:1"], 2, "--token-file"),
    "token without server": (["refocus", "in.png", "out.png", "--token-file", "token"], 2, "need --server"),
    "token file": (["detect", "in.png", "--server", "ws://127.0.0.1:1", "--token-file", "none"], 2, "cannot be read"),
    "unencrypted": (["detect", "in.png", "--server", "ws://192.0.2.1:1", "--token-file", "token"], 2, "encrypted"),
    "token empty": (["detect", "in.png", "--server", "ws://127.0.0.1:1", "--token-file", "empty"], 2, "token add"),
    "no url": (["detect", "in.png", "--server", "studio", "--token-file", "token"], 2, "address is not one"),
    "pairing": (["detect", "in.png", "--pairing", "foveate://x"], 2, "not a pairing line"),
    "pairing file": (["detect", "in.png", "--pairing", "@none"], 2, "cannot be read"),
    "no recipe": (["replay", "in.png"], 2, "carries no recipe"),
    "no such result": (["replay", "nothing.png"], 2, "does not exist"),
    "no server": (["status"], 3, "foveate serve"),
    "no model named": (["models", "pull"], 2, "--embedded"),
    "unknown model": (["models", "pull", "nonesuch"], 2, "no model called"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_usage_is_one_sentence_with_a_remedy(case, folder, capsys):
    arguments, expected, words = BAD[case]
    (folder / "folder.png").mkdir()
    (folder / "empty").touch()
    before = sorted(path.name for path in folder.iterdir())
    status, line = failing(arguments, capsys)
    assert status == expected
    assert words in line
    assert sorted(path.name for path in folder.iterdir()) == before


def test_nobody_at_the_address_is_status_3(folder, capsys):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"ws://127.0.0.1:{free.getsockname()[1]}"
        arguments = ["refocus", "in.png", "out.png", "--server", url, "--token-file", "token", "--quiet"]
        status, line = failing(arguments, capsys)
    assert status == 3
    assert "no Foveate server" in line
    assert not (folder / "out.png").exists()


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--help"])
    assert exit_.value.code == 0
    text = capsys.readouterr().out
    for command in (
        "serve",
        "upscale",
        "refocus",
        "faces",
        "detect",
        "models",
        "jobs",
        "replay",
        "status",
        "stop",
        "token",
    ):
        assert f"    {command} " in text


@pytest.mark.parametrize("command", ["upscale", "refocus", "faces"])
def test_help_says_what_lossy_files_mean(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "encoded anew as a whole" in " ".join(capsys.readouterr().out.split())


def test_the_version_is_the_packages(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.startswith("foveate 0.")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (ErrorCode.WORKER_CRASHED, 1),
        (ErrorCode.OUT_OF_MEMORY, 1),
        (ErrorCode.CANCELLED, 1),
        (ErrorCode.OFFLINE, 1),
        (ErrorCode.INVALID_REGION, 2),
        (ErrorCode.UNKNOWN_MODEL, 2),
        (ErrorCode.NO_SERVER, 3),
        (ErrorCode.UNAUTHORIZED, 3),
        (ErrorCode.QUEUE_FULL, 3),
    ],
)
def test_exit_statuses(code, status):
    assert exit_status(ErrorInfo(code, "Something.", "", Fault.SERVER)) == status


@pytest.mark.parametrize("arguments", [["token", "add", "guest"], ["jobs", "--quiet"]])
def test_an_unusable_home_is_a_sentence(arguments, folder, capsys, monkeypatch):
    blocked = folder / "in.png" / "home"  # below a file: not even root can make it
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "FOVEATE_DATA_DIR"):
        monkeypatch.setenv(name, str(blocked))
    status, line = failing(arguments, capsys)
    assert status == 1
    assert f"{blocked}" in line
    assert "permissions" in line or "check that the folder may be written" in line


def test_a_bug_is_a_sentence_too(folder, capsys, monkeypatch):
    def explode(path):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("foveate_server.cli.edit_picture.read_input", explode)
    status, line = failing(["refocus", "in.png", "out.png"], capsys)
    assert status == 1
    assert "ZeroDivisionError: oh" in line
    assert "report it" in line


def test_an_interrupt_is_a_sentence_too(folder, capsys, monkeypatch):
    def interrupt(path):
        raise KeyboardInterrupt

    monkeypatch.setattr("foveate_server.cli.edit_picture.read_input", interrupt)
    assert failing(["refocus", "in.png", "out.png"], capsys) == (130, "Cancelled.")


def test_tokens_are_made_listed_and_revoked(folder, capsys, monkeypatch):
    monkeypatch.setenv("FOVEATE_DATA_DIR", str(folder / "data"))
    assert main(["token", "add", "laptop", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["name"] == "laptop"
    assert made["token"] not in (folder / "data" / "tokens.json").read_text()
    assert main(["token", "list", "--json"]) == 0
    assert [token["name"] for token in json.loads(capsys.readouterr().out)["tokens"]] == ["laptop"]
    assert main(["token", "revoke", "laptop", "--quiet"]) == 0
    status, line = failing(["token", "revoke", "laptop"], capsys)
    assert status == 2
    assert "laptop" in line


def test_models_are_listed_without_a_server(folder, capsys):
    assert main(["models", "list", "--json"]) == 0
    names = [model["name"] for model in json.loads(capsys.readouterr().out)["models"]]
    assert names[0] == "realesrgan-x4plus"


def test_every_part_of_the_command_line_has_a_run_function():
    for arguments in (
        ["jobs"],
        ["jobs", "cancel", "x"],
        ["jobs", "resume", "x", "in.png", "out.png"],
        ["models", "list"],
    ):
        assert callable(build_parser().parse_args(arguments).run)


def test_no_operation_can_be_called_as_a_command_is():
    commands = next(action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction))
    assert set(commands.choices) == COMMANDS | set(operations())
