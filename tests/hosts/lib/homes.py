"""Homes in which an editor was started once: what it makes then, such as Krita's database of resources, takes long."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock

from hosts.lib.building import LOCK_SECONDS
from hosts.lib.chroot import Chroot, Folder
from hosts.lib.screen import Screen

KEPT_IN = "/var/cache/foveate-homes"  # of the chroot
SECONDS = 180.0


def warm(chroot: Chroot, editor: str, folder: Folder, screen: Screen) -> Folder:
    """Fill `folder`, a home, with what the editor makes when it is started first; return it.

    The first call for an editor starts it, which takes its time; later ones copy.
    """
    kept = chroot.outside(f"{KEPT_IN}/{editor}")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(kept.with_suffix(".lock"), timeout=LOCK_SECONDS):
        if not kept.exists():
            _keep(chroot, editor, screen, kept)
    shutil.copytree(kept, folder.outside, dirs_exist_ok=True, symlinks=True)
    return folder


def _keep(chroot: Chroot, editor: str, screen: Screen, kept: Path) -> None:
    home = chroot.folder(f"warm-{editor}")
    _STARTS[editor](chroot, home, screen.environment)
    for log in home.outside.glob("*.log"):
        log.unlink()
    home.outside.rename(kept)


def _start_krita(chroot: Chroot, home: Folder, env: Mapping[str, str]) -> None:
    chroot.run(["convert", "-size", "8x8", "xc:red", "in.png"], folder=home).check()
    command = ["krita", "--nosplash", "in.png", "--export", "--export-filename", "out.png"]
    chroot.run(command, folder=home, env=env, timeout=SECONDS).check()
    for name in ("in.png", "out.png"):
        (home / name).outside.unlink()


def _start_gimp(chroot: Chroot, home: Folder, env: Mapping[str, str]) -> None:
    chroot.run(["gimp-console", "-i", "--quit"], folder=home, env=env, timeout=SECONDS).check()


_STARTS: Mapping[str, Callable[[Chroot, Folder, Mapping[str, str]], None]] = {
    "krita": _start_krita,
    "gimp": _start_gimp,
}
