"""`foveate plugins`: the plugins for Krita, GIMP and Blender."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from foveate_server.cli import options as shared

if TYPE_CHECKING:
    from foveate_server.plugins.editor_places import Place
    from foveate_shared.editor.known_server import Known
    from foveate_shared.errors import FoveateError

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

HOSTS = shared.EDITORS
_Done = TypeVar("_Done")


def add_to(commands: Commands) -> None:
    """Add the command and its parts."""
    parser = commands.add_parser("plugins", help="Foveate in Krita, GIMP and Blender", description="The plugins.")
    parts = parser.add_subparsers(metavar="PART", required=True)

    build = parts.add_parser(
        "build",
        help="write the plugins' packages",
        description="Write a zip file per plugin, to be installed by the editors' own means.",
    )
    build.add_argument("--to", metavar="DIR", type=Path, default=Path(), help="where to (default: the current folder)")
    build.add_argument("host", metavar="EDITOR", nargs="*", help=f"some of {', '.join(HOSTS)} (default: all)")
    build.set_defaults(run=run_build)

    install = parts.add_parser(
        "install", help="put a plugin into an editor", description="Put a plugin into each installation of an editor."
    )
    install.set_defaults(run=run_install)
    uninstall = parts.add_parser(
        "uninstall", help="take a plugin out", description="Take a plugin out of an editor; its settings are kept."
    )
    uninstall.set_defaults(run=run_uninstall)
    for part in (install, uninstall):
        part.add_argument("host", metavar="EDITOR", choices=HOSTS, help="krita, gimp or blender")
        part.add_argument(
            "--to",
            metavar="DIR",
            type=Path,
            help="Krita's folder of resources, GIMP's of plug-ins, or Blender's repository of extensions "
            "(default: wherever this user's editors are found)",
        )

    doctor = parts.add_parser(
        "doctor",
        help="what is installed, and what is wrong",
        description="Look for editors, plugins, server and models, start the server as a plugin would, and say what is "
        "wrong. The report may be shown: it holds no secrets. Exit status 1 where something is wrong.",
    )
    doctor.set_defaults(run=run_doctor)
    tell = parts.add_parser(
        "tell",
        help="what a server here would tell an editor, without one",
        description="Write operations and models as a server of this machine would tell them, for GIMP, which makes "
        "its menu before any server runs.",
    )
    tell.set_defaults(run=run_tell)
    for part in (build, install, uninstall, doctor):
        shared.add_output(part)


def run_build(options: argparse.Namespace) -> int:
    """Write the packages."""
    from foveate_server.cli.progress_display import print_json, print_line
    from foveate_server.plugins.bundle import write_bundle
    from foveate_shared.errors import InputError

    for host in options.host:
        if host not in HOSTS:
            raise InputError(f"There is no plugin for {host}.", remedy=f"There are: {', '.join(HOSTS)}.")
    paths = {host: str(write_bundle(host, options.to)) for host in options.host or HOSTS}
    if options.json:
        print_json({"bundles": paths})
    elif not options.quiet:
        for path in paths.values():
            print_line(path)
    return 0


def run_install(options: argparse.Namespace) -> int:
    """Install a plugin, in each place where that is possible."""
    from foveate_server.cli.open_client import server_command
    from foveate_server.cli.progress_display import print_json, print_line
    from foveate_server.plugins.editor_places import Machine
    from foveate_server.plugins.install import install, places_for
    from foveate_shared.connection.settings import told_aside

    machine = Machine()
    places = places_for(options.host, machine, options.to)
    known = _told_to(options.host)
    done, problems = _in_each(
        places,
        lambda place: install(place, server_command(), machine, known),
        "not installed; what was there is as before",
    )
    if options.json:
        entries = [
            {
                "folder": str(e.place.package),
                "version": e.version,
                "enabled": e.is_enabled,
                "next": e.next_step,
                "old_settings": e.old_settings and str(e.old_settings),
                "note": told_aside(e.old_settings) if e.old_settings else "",
            }
            for e in done.values()
        ]
        print_json({"installed": entries, "problems": list(map(str, problems))})
    elif not options.quiet:
        for entry in done.values():
            print_line(f"{entry.place}: installed {entry.version} in {entry.place.package}")
            if entry.old_settings:
                print_line(f"  {told_aside(entry.old_settings)}")
            print_line(f"  {entry.next_step}")
    _raise(problems)
    return 0


def _in_each(
    places: Sequence[Place], do: Callable[[Place], _Done], failed: str
) -> tuple[dict[Place, _Done], list[FoveateError]]:
    """Do it in each place, whatever becomes of the others; return what was done, and what went wrong."""
    from foveate_shared.errors import FoveateError, to_exception

    done: dict[Place, _Done] = {}
    problems: list[FoveateError] = []

    def attempt(place: Place) -> None:
        try:
            done[place] = do(place)
        except FoveateError as error:
            problems.append(to_exception(replace(error.info, message=f"{place}: {failed}. {error.info.message}")))

    for place in places:
        attempt(place)
    return done, problems


def _raise(problems: Sequence[FoveateError]) -> None:
    """Raise what went wrong, if anything did: all of it in one error, of the first one's kind."""
    from foveate_shared.errors import to_exception

    if problems:
        raise to_exception(replace(problems[0].info, message=" ".join(map(str, problems)), remedy=""))


def _told_to(host: str) -> Known | None:
    """Return what a server here would tell an editor that makes its menu before any runs; None where nobody knows."""
    from foveate_server.cli.server_parts import server_parts
    from foveate_shared.errors import FoveateError

    if host != "gimp":
        return None
    try:
        with server_parts():
            from foveate_server.plugins.told_beforehand import told_beforehand
        return told_beforehand()
    except FoveateError:  # it is told later: this is no reason not to install anything
        return None


def run_uninstall(options: argparse.Namespace) -> int:
    """Remove a plugin, from each place where that is possible."""
    from foveate_server.cli.progress_display import print_json, print_line
    from foveate_server.plugins.editor_places import Machine
    from foveate_server.plugins.install import LeftEnabledError, places_for, uninstall

    machine = Machine()
    left: list[FoveateError] = []

    def remove(place: Place) -> bool:
        try:
            return uninstall(place, machine)
        except LeftEnabledError as error:
            left.append(error)
            return error.was_there

    removed, failed = _in_each(places_for(options.host, machine, options.to), remove, "not removed")
    problems = [*left, *failed]
    if options.json:
        folders = [str(place.package) for place, was_there in removed.items() if was_there]
        print_json({"removed": folders, "problems": list(map(str, problems))})
    elif not options.quiet:
        for place, was_there in removed.items():
            kept = f"; its settings are kept in {place.settings}" if place.settings.exists() else ""
            print_line(f"{place}: {'removed' if was_there else 'there was no plugin'}{kept}")
    _raise(problems)
    return 0


def run_doctor(options: argparse.Namespace) -> int:
    """Print the report."""
    from dataclasses import asdict

    from foveate_server.cli.progress_display import print_json, print_line
    from foveate_server.plugins.doctor import examine, report
    from foveate_server.plugins.editor_places import Machine

    machine = Machine()
    findings = examine(machine)
    if options.json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        print_line(report(findings, machine))
    return int(any(finding.problem and finding.is_fault for finding in findings))


def run_tell(_options: argparse.Namespace) -> int:
    """Write what a server would tell."""
    from foveate_server.cli.progress_display import print_line
    from foveate_server.cli.server_parts import server_parts

    with server_parts():
        from foveate_server.plugins.told_beforehand import told_beforehand
    from foveate_shared.editor.known_server import text_of

    print_line(text_of(*told_beforehand()).rstrip())
    return 0
