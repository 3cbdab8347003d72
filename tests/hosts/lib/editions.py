"""Which editors are tested: those of Debian 13, or the newest that Debian has. Each edition is a chroot of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

VARIABLE = "FOVEATE_HOSTS_EDITORS"  # an edition's name

_LEAN_FILES = {
    "etc/dpkg/dpkg.cfg.d/01lean": "force-unsafe-io\n"
    + "".join(f"path-exclude /usr/share/{name}/*\n" for name in ("doc", "man", "help", "locale")),
    "etc/apt/apt.conf.d/01lean": 'APT::Install-Recommends "false";\nAPT::Keep-Downloaded-Packages "false";\n',
    "usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n",  # no service is started
}
# A mirror's word on what is in an unstable suite may be older than it says it may be.
_UNSTABLE_FILES = {**_LEAN_FILES, "etc/apt/apt.conf.d/02unstable": 'Acquire::Check-Valid-Until "false";\n'}
_SCREEN = ("xvfb", "xauth", "xdotool", "imagemagick")
_GIMP = ("gimp", "gir1.2-gimp-3.0", "python3-gi")
_READERS = ("libimage-exiftool-perl",)  # of what a picture's file says, for test_metadata.py
_BLENDER = ("blender", "python3-numpy", "libgl1-mesa-dri")  # Debian's blender does not depend on numpy


@dataclass(frozen=True)
class Edition:
    """Some editors of one time, and how a chroot with them is made."""

    name: str
    editors: Mapping[str, str]  # how the version of each begins
    suite: str
    packages: tuple[str, ...]
    later_suite: str = ""  # from which `later_packages` are taken
    later_packages: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=lambda: _LEAN_FILES)
    without: tuple[str, ...] = ()  # words in the names of tests that need what the edition has not
    needs_mounts: bool = False  # /proc and /dev: GTK's loader of icons runs in a sandbox of its own, which wants them


_EDITIONS = (
    Edition(
        "debian-13",
        {"krita": "5.2", "gimp": "3.0", "blender": "4.3"},
        "trixie",
        # Without PyQt5, which is only recommended, Krita has no Python at all. The browser is for the status page.
        (
            *_SCREEN,
            "python3-websockets",
            "krita",
            "python3-pyqt5",
            *_GIMP,
            *_BLENDER,
            *_READERS,
            "chromium-headless-shell",
        ),
    ),
    # From here on without python3-websockets: with it, a bundle whose own copy is broken would still work.
    Edition(
        "newest",
        {"krita": "5.3", "gimp": "3.2", "blender": "5.2"},
        "sid",
        # Blender's own start imports cattr and requests.
        (*_SCREEN, "krita", "python3-pyqt5", *_GIMP, *_BLENDER, "python3-cattr", "python3-requests"),
        files=_UNSTABLE_FILES,
        without=("status_page", "blender_module", "as_a_module", "test_metadata"),
        needs_mounts=True,
    ),
    Edition(
        "krita-6",
        {"krita": "6."},
        "sid",
        (*_SCREEN, "libgl1-mesa-dri"),
        "experimental",
        ("krita", "python3-pyqt6", "qt6-svg-plugins"),
        files=_UNSTABLE_FILES,
        without=("status_page", "as_a_module", "gimp", "blender", "two_editors", "test_metadata"),
        needs_mounts=True,
    ),
)


def chosen_edition() -> Edition:
    """Return the edition that is tested. Raises ValueError where there is none of that name."""
    return edition_called(os.environ.get(VARIABLE) or _EDITIONS[0].name)


def edition_called(name: str) -> Edition:
    """Return an edition. Raises ValueError where there is none of that name."""
    for edition in _EDITIONS:
        if edition.name == name:
            return edition
    known = ", ".join(edition.name for edition in _EDITIONS)
    raise ValueError(f"There are no editors called {name!r}; {VARIABLE} may be {known}.")
