"""The real editors: `make test-hosts` runs what is here, the default suite never does."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from hosts.lib.blender_module import provide_bpy
from hosts.lib.building import UnavailableError, provide_chroot
from hosts.lib.chroot import Chroot, Folder
from hosts.lib.editions import Edition, chosen_edition
from hosts.lib.first_run import NewUser, new_user
from hosts.lib.homes import warm
from hosts.lib.screen import Screen, xvfb
from hosts.lib.servers import Launcher, Server, foveate_server, launcher
from hosts.lib.waiting import wait_until

HERE = Path(__file__).parent
ARTEFACTS = HERE.parents[1] / "build" / "hosts"
REQUIRED_VARIABLE = "FOVEATE_HOSTS_REQUIRED"  # where it is set, editors that cannot be had are a failure
END_SECONDS = 30.0  # for programs to end that were told to


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark everything beside this file; leave it out unless it was asked for by its mark, and the edition has it."""
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.hosts)
    left_out = ours
    if "hosts" in config.option.markexpr:
        without = chosen_edition().without
        left_out = [item for item in ours if any(word in item.nodeid.lower() for word in without)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def edition() -> Edition:
    """Which editors are tested."""
    return chosen_edition()


@pytest.fixture(scope="session")
def chroot(edition: Edition) -> Iterator[Chroot]:
    """Debian with the edition's editors, Xvfb, xdotool and ImageMagick, and ExifTool beside those of Debian 13."""
    made = Chroot(_or_skip(lambda: provide_chroot(edition)), uuid.uuid4().hex[:8], edition.needs_mounts)
    yield made
    try:
        wait_until(lambda: not made.left_running(), END_SECONDS, "the end of all programs")
    except AssertionError:
        left = made.left_running()
        for process in left:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        raise AssertionError(f"Programs were left running: {left}") from None
    finally:
        made.clean()


@pytest.fixture(scope="session")
def bpy_python() -> Path:
    """A Python outside the chroot that can import bpy."""
    return _or_skip(provide_bpy)


@pytest.fixture(scope="session")
def artefacts(edition: Edition) -> Path:
    """The folder for screenshots."""
    return ARTEFACTS / edition.name


@pytest.fixture(scope="module")
def stack() -> Iterator[ExitStack]:
    """What a module has started, ended with it."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def start_screen(chroot: Chroot, artefacts: Path, stack: ExitStack) -> Callable[..., Screen]:
    """See screen.xvfb; the screen stays until the module's tests have ended."""
    return lambda **options: stack.enter_context(xvfb(chroot, artefacts, **options))


@pytest.fixture
def person(chroot: Chroot) -> Iterator[NewUser]:
    """Somebody with an empty home, who has not installed the plugin yet."""
    with new_user(chroot) as person:
        yield person


@pytest.fixture(scope="module")
def make_home(chroot: Chroot) -> Callable[[str, Screen], Folder]:
    """Make a home in which an editor ("krita" or "gimp") was started before; see homes.warm."""
    return lambda editor, screen: warm(chroot, editor, chroot.folder(editor), screen)


@pytest.fixture(scope="module")
def start_server(stack: ExitStack) -> Callable[..., Server]:
    """See servers.foveate_server; the server stays until the module's tests have ended."""
    return lambda *arguments, **options: stack.enter_context(foveate_server(*arguments, **options))


@pytest.fixture(scope="module")
def make_launcher(chroot: Chroot, stack: ExitStack) -> Callable[..., Launcher]:
    """See servers.launcher; its servers stay until the module's tests have ended."""
    return lambda *arguments: stack.enter_context(launcher(chroot, *arguments))


def _or_skip(provide: Callable[[], Path]) -> Path:
    try:
        return provide()
    except UnavailableError as error:
        if os.environ.get(REQUIRED_VARIABLE):
            raise
        pytest.skip(str(error))
