"""An installed wheel, without a checkout, builds the plugins too: the same ones."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from foveate_server.plugins.bundle import make_bundle
from foveate_server.plugins.bundle_sources import HOSTS

ROOT = Path(__file__).parents[3]
PARTS = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "THIRD_PARTY_NOTICES.md")


def run(*command, cwd, **environment):
    done = subprocess.run(
        [sys.executable, *map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_installed_wheel_builds_the_same_plugins(tmp_path):
    checkout, installed, built = tmp_path / "checkout", tmp_path / "installed", tmp_path / "built"
    for name in ("server", "shared", "plugins"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in PARTS:
        shutil.copy(ROOT / name, checkout / name)
    offline = ["--no-deps", "--no-index", "--disable-pip-version-check"]
    run("-m", "pip", "wheel", "-q", "--no-build-isolation", *offline, "-w", tmp_path, checkout, cwd=tmp_path)
    (wheel,) = tmp_path.glob("foveate-*.whl")
    run("-m", "pip", "install", "-q", "--no-compile", *offline, "--target", installed, wheel, cwd=tmp_path)
    shutil.rmtree(checkout)

    environment = {"PYTHONPATH": str(installed), "HOME": str(tmp_path)}
    where = run("-c", "import foveate_server.plugins as p; print(p.__file__)", cwd=tmp_path, **environment)
    assert where.startswith(str(installed))
    run("-m", "foveate_server", "plugins", "build", "--to", built, cwd=tmp_path, **environment)
    for host in HOSTS:
        bundle = make_bundle(host)
        assert (built / bundle.name).read_bytes() == bundle.to_zip()
