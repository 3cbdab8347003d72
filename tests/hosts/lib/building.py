"""Make a Debian chroot with the editors in it, once; it is cached under the hash of what it is made from."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock

from hosts.lib.editions import Edition

CACHE_VARIABLE = "FOVEATE_HOSTS_CACHE"  # where chroots are kept
READY_VARIABLE = "FOVEATE_HOSTS_CHROOT"  # a chroot that is ready, to be used instead
LOCK_SECONDS = 1200.0
DEBIAN_URI_FORMAT = "$(CREATED_BY) $(COMPONENT) $(REPO_URI)"


class UnavailableError(Exception):
    """The editors cannot be had on this machine; the message says why."""


def cache_folder(edition: Edition) -> Path:
    """Return where what the tests in an edition's editors need is kept, for what it is made from."""
    base = os.environ.get(CACHE_VARIABLE) or Path.home() / ".cache/foveate/hosts"
    later = (edition.later_suite, edition.later_packages) if edition.later_suite else ()
    made_from = repr((edition.suite, edition.packages, sorted(edition.files.items()), *later))
    return Path(base) / hashlib.sha256(made_from.encode()).hexdigest()[:12]


def provide_chroot(edition: Edition) -> Path:
    """Return the folder of a chroot with the editors; make it where there is none. Raises UnavailableError."""
    if os.geteuid() != 0:
        raise UnavailableError("chroot needs root.")
    if ready := os.environ.get(READY_VARIABLE):
        return Path(ready)
    folder = cache_folder(edition) / "chroot"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock"), timeout=LOCK_SECONDS):
        if not folder.exists():
            _build(edition, folder)
    return folder


def _build(edition: Edition, folder: Path) -> None:
    """Make the chroot beside `folder`, and give it its name when it is complete."""
    _require_debootstrap(folder.parent)
    unfinished = folder.with_name("chroot.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    log = folder.with_name("build.log")
    log.unlink(missing_ok=True)
    _run(["debootstrap", "--variant=minbase", edition.suite, str(unfinished), mirror()], log)
    for name, text in edition.files.items():
        path = unfinished / name
        path.write_text(text)
        path.chmod(0o755 if text.startswith("#!") else 0o644)
    inside = ["chroot", str(unfinished), "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", "apt-get"]
    install = [*inside, "install", "-y", "--no-install-recommends"]
    _run([*install, *edition.packages], log)
    if edition.later_suite:
        later = unfinished / "etc/apt/sources.list.d/later.list"
        later.write_text(f"deb {mirror()} {edition.later_suite} main\n")
        _run([*inside, "update"], log)
        _run([*install, "--target-release", edition.later_suite, *edition.later_packages], log)
    _run([*inside, "clean"], log)
    if edition.needs_mounts:
        (unfinished / "etc/mtab").symlink_to("../proc/self/mounts")
    unfinished.rename(folder)


def _require_debootstrap(logs: Path) -> None:
    """Install debootstrap where it is missing."""
    if shutil.which("debootstrap"):
        return
    if not shutil.which("apt-get"):
        raise UnavailableError("debootstrap is missing, and there is no apt to install it with.")
    log = logs / "debootstrap.log"
    try:
        _run(["apt-get", "install", "-y", "debootstrap"], log)
    except UnavailableError:  # the lists of packages may be missing or old
        _run(["apt-get", "update"], log)
        _run(["apt-get", "install", "-y", "debootstrap"], log)


def mirror() -> str:
    """Return the address of the Debian archive that this machine's apt uses. Raises UnavailableError."""
    if not shutil.which("apt-get"):
        raise UnavailableError("There is no apt here whose mirror could be taken.")
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", DEBIAN_URI_FORMAT], capture_output=True, text=True, check=False
    ).stdout
    for line in listing.splitlines():
        created_by, component, uri = [*line.split(" ", 2), "", ""][:3]
        if created_by == "Packages" and component == "main" and uri.rstrip("/").endswith("/debian"):
            return uri
    raise UnavailableError("This machine's apt names no Debian archive.")


def _run(command: Sequence[str], log: Path) -> None:
    with log.open("ab") as output:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False).returncode
    if status:
        lines = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
        raise UnavailableError(f"`{command[0]}` failed: {lines[-1]} (more in {log})")
