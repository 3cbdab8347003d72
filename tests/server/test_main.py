"""The command's entry, before the command line is there."""

import sys

import pytest

from foveate_server.__main__ import main


def test_ctrl_c_while_the_command_line_is_imported_is_one_word(monkeypatch, capsys: pytest.CaptureFixture[str]):
    class Interrupting:
        def find_spec(self, name, *_):
            if name == "foveate_server.cli.main":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "foveate_server.cli.main", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])
    assert main() == 130
    assert capsys.readouterr().err == "Cancelled.\n"
