"""What programs that are started from an editor or a shell see of its environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from foveate_shared.connection.clean_environment import clean_environment, virtual_environment


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").touch()
    return tmp_path / "venv"


def test_an_editors_own_python_is_not_another_programs() -> None:
    own = dict.fromkeys(("PYTHONHOME", "PYTHONPATH", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__"), "/an/editors/own")
    assert clean_environment({**own, "HOME": "/home/me"}) == {"HOME": "/home/me"}


def test_an_appimages_libraries_are_not_another_programs() -> None:
    environ = {
        "APPDIR": "/tmp/.mount_krita",
        "LD_LIBRARY_PATH": "/tmp/.mount_krita/usr/lib:/opt/lib",
        "QT_PLUGIN_PATH": "/tmp/.mount_krita/usr/plugins",
        "PATH": "/tmp/.mount_krita/usr/bin:/usr/bin:/bin",
    }
    assert clean_environment(environ) == {"LD_LIBRARY_PATH": "/opt/lib", "PATH": "/usr/bin:/bin"}


def test_a_shells_virtual_environment_is_left_out(venv: Path) -> None:
    environ = {"VIRTUAL_ENV": str(venv), "VIRTUAL_ENV_PROMPT": "venv", "PATH": f"{venv}/bin:/usr/bin::/bin"}
    assert clean_environment(environ) == {"PATH": "/usr/bin::/bin"}
    assert clean_environment({"PATH": f"/usr/bin:{venv}/bin"}) == {"PATH": "/usr/bin"}  # without its activation, too


def test_a_virtual_environment_is_known_by_its_variable_or_by_the_path(venv: Path) -> None:
    assert virtual_environment({"VIRTUAL_ENV": "/gone", "PATH": ""}) == "/gone"
    assert virtual_environment({"PATH": f"/usr/bin:{venv}/bin"}) == str(venv)
    assert virtual_environment({"PATH": "/usr/bin::/bin"}) == ""
    assert virtual_environment({}) == ""
