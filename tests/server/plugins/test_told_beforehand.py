"""What is told without a server is what the first one tells."""

from __future__ import annotations

import pytest

from fakes.models import MODELS
from foveate_server.cli.main import main
from foveate_server.operations.registry import operations
from foveate_server.plugins.told_beforehand import told_beforehand
from foveate_shared.editor import known_server

DETERMINISTIC = "foveate_server.engines.deterministic.engine:configured_spec"


@pytest.fixture
def engine(monkeypatch):
    monkeypatch.setenv("FOVEATE_ENGINE", DETERMINISTIC)


def test_it_has_all_operations_with_their_presets_and_models(engine):
    infos, models = told_beforehand()
    assert [each.name for each in infos] == list(operations())
    refocus = infos[0].properties
    assert {"photo", "portrait"} <= {each["name"] for each in refocus["preset"]["x-presets"]}
    assert models == MODELS


def test_the_program_says_it_as_plugins_keep_it(engine, capsys):
    assert main(["plugins", "tell"]) == 0
    assert known_server.read(capsys.readouterr().out) == told_beforehand()


def test_the_installer_leaves_it_beside_gimps_settings(engine, tmp_path, capsys):
    assert main(["plugins", "install", "gimp", "--to", str(tmp_path / "plug-ins"), "--quiet"]) == 0
    (path,) = tmp_path.rglob(known_server.FILE_NAME)
    assert known_server.load(path) == told_beforehand()
    assert path.with_name("foveate.json").is_file()
