"""Plugins' packages, made once; and machines with homes of their own."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from foveate_server.plugins.bundle import Bundle, make_bundle
from foveate_server.plugins.bundle_sources import HOSTS
from foveate_server.plugins.editor_places import Machine


@dataclass(frozen=True)
class Unpacked:
    """A plugin's package, as an editor unpacks it."""

    bundle: Bundle
    folder: Path

    @property
    def package(self) -> Path:
        """The folder of the plugin's Python package."""
        return self.folder / self.bundle.package


@pytest.fixture(scope="session", params=HOSTS)
def unpacked(request, tmp_path_factory):
    bundle = make_bundle(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    with zipfile.ZipFile(io.BytesIO(bundle.to_zip())) as archive:
        archive.extractall(folder)
    return Unpacked(bundle, folder)


@pytest.fixture
def machine(tmp_path):
    """A Linux machine with an empty home, and no programs."""
    home = tmp_path / "home"
    home.mkdir()
    return Machine(home, "linux", {})
