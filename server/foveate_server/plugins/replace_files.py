"""Put files and folders into place, all of them or none: what was there before comes back where that fails."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from foveate_shared.connection.private_files import is_forbidden
from foveate_shared.errors import ErrorCode, ResourceError


def replace_all(contents: Mapping[Path, Mapping[str, bytes]], executables: frozenset[Path] = frozenset()) -> None:
    """Write each target anew: a folder with the files named, or one file, whose name is "".

    Everything is written beside its target before the first target is touched. `executables` are files that become
    programs. Raises ResourceError; all targets are as before then.
    """
    mark = secrets.token_hex(4)
    staged = {target: _beside(target, "new", mark) for target in contents}
    try:
        for target, files in contents.items():
            _write(staged[target], files, target, executables)
        with _moved_away(list(contents), mark):
            for target, new in staged.items():
                new.replace(target)
    except OSError as error:
        raise _impossible(error) from error
    finally:
        for new in staged.values():
            _remove(new)


def remove_all(targets: list[Path]) -> list[Path]:
    """Remove files and folders; return those that were there. Raises ResourceError; all are as before then."""
    present = [target for target in targets if target.exists()]
    try:
        with _moved_away(present, secrets.token_hex(4)):
            pass
    except OSError as error:
        raise _impossible(error) from error
    return present


@contextlib.contextmanager
def _moved_away(targets: list[Path], mark: str) -> Iterator[None]:
    """Rename the targets for the block; afterwards they are deleted, or back in place where the block failed."""
    moved: dict[Path, Path] = {}
    try:
        for target in targets:
            if target.exists() or target.is_symlink():
                moved[target] = target.rename(_beside(target, "old", mark))
        yield
    except BaseException:
        for target, old in moved.items():
            _remove(target)
            old.replace(target)
        raise
    for old in moved.values():
        _remove(old)


def _write(folder: Path, files: Mapping[str, bytes], target: Path, executables: frozenset[Path]) -> None:
    for name, data in files.items():
        path = folder / name if name else folder
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if target / name in executables:
            path.chmod(0o755)


def _beside(target: Path, what: str, mark: str) -> Path:
    return target.with_name(f".{target.name}.{what}-{mark}")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def _impossible(error: OSError) -> ResourceError:
    what = error.filename or "A file"
    return ResourceError(
        f"{what} cannot be written: {error.strerror or error}.",
        code=ErrorCode.STORAGE_FULL,
        remedy=f"Close the editor, and give yourself the right to write {what} and its folder."
        if is_forbidden(error)
        else "Close the editor, make room on the disk, and check that the folder may be written.",
    )
