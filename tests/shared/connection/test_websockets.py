"""The shared package inside a plugin's bundle: under another name, with its own copy of the websocket library."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import websockets

import foveate_shared

PACKAGE = Path(foveate_shared.__file__).parent


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A plugin's folder that brings the shared package."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "plugin" / "foveate_shared", ignore=ignored)
    (tmp_path / "plugin" / "__init__.py").touch()
    return tmp_path


def run(bundle: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a Python that has neither site-packages nor this repository."""
    setup = f"import sys; sys.path.insert(0, {str(bundle)!r})\n"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", setup + code], capture_output=True, text=True, check=False, timeout=200
    )


def test_the_vendored_library_is_used(bundle: Path) -> None:
    source = Path(websockets.__file__).parent
    vendored = bundle / "plugin" / "websockets"
    shutil.copytree(source, vendored, ignore=shutil.ignore_patterns("__pycache__", "*.so", "legacy", "asyncio"))
    result = run(
        bundle,
        "import plugin.foveate_shared.jobs.job_flow, plugin.foveate_shared.connection.start_server\n"
        "import plugin.foveate_shared.connection.settings\n"
        "from plugin.foveate_shared.connection.client import Client, ConnectionState\n"
        "from plugin.foveate_shared.wire.protocol import Peer\n"
        "from plugin.foveate_shared.connection.server_address import ServerAddress\n"
        "from plugin.foveate_shared.connection.websocket import connect\n"
        "client = Client(ServerAddress('ws://127.0.0.1:1', 't'), 'c', Peer('p', '1'))\n"
        "states = []\n"
        "while ConnectionState.LOST not in states:\n"
        "    client.wait(10)\n"
        "    states += [event.state for event in client.poll()]\n"
        "client.close()\n"
        "print(connect.__module__, 'websockets' in sys.modules)\n",
    )
    assert result.stderr == ""
    assert result.stdout.split() == ["plugin.websockets.sync.client", "False"]


def test_a_bundle_without_it_says_what_to_install(bundle: Path) -> None:
    result = run(bundle, "import plugin.foveate_shared.connection.client")
    assert "Install the plugin's complete package again" in result.stderr


def test_the_wire_needs_no_library(bundle: Path) -> None:
    result = run(
        bundle, "import plugin.foveate_shared.connection.session, plugin.foveate_shared.wire.codec; print('fine')"
    )
    assert result.stdout == "fine\n"
