"""Install a plugin where an editor looks for it, tell it how to reach the server, and remove it again."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from foveate_server.plugins import blender, kritarc
from foveate_server.plugins.bundle import Bundle, make_bundle
from foveate_server.plugins.editor_places import (
    CHOSEN,
    FLATPAK,
    SNAP,
    TITLES,
    Machine,
    Place,
    chosen_place,
    find_places,
)
from foveate_server.plugins.replace_files import remove_all, replace_all
from foveate_shared.connection import client_identity, settings
from foveate_shared.connection.clean_environment import virtual_environment
from foveate_shared.connection.running_server import default_runtime_file
from foveate_shared.editor import known_server
from foveate_shared.errors import ErrorCode, FoveateError, InputError, ResourceError

MENUS = {
    "krita": "Settings > Dockers > Foveate",
    "gimp": "Filters > Foveate",
    "blender": "the sidebar (N) of the Image Editor",
}
ENABLE_BY_HAND = {
    "krita": "In Krita, tick Foveate in Settings > Configure Krita > Python Plugin Manager, and start Krita again.",
    "blender": "In Blender, tick Foveate in Edit > Preferences > Add-ons.",
}


@dataclass(frozen=True)
class Installed:
    """A plugin in its place."""

    place: Place
    version: str
    is_enabled: bool
    next_step: str  # what the person does now: a sentence or two
    old_settings: Path | None = None  # where those are that could not be read, and were replaced


class LeftEnabledError(ResourceError):
    """The plugin is removed, and Krita's configuration may still name it, which does no harm."""

    def __init__(self, place: Place, was_there: bool, error: FoveateError) -> None:
        """`was_there` tells whether there was a plugin, `error` what is the matter with Krita's configuration."""
        super().__init__(
            f"{place}: Krita's configuration is left as it was; where it still names the plugin, that does no harm. "
            f"{error.info.message}",
            code=error.info.code,
            remedy=error.info.remedy,
        )
        self.was_there = was_there


def places_for(host: str, machine: Machine, to: Path | None = None) -> list[Place]:
    """Return where the plugin goes. Raises InputError where the editor is not found and no folder was named."""
    places = [chosen_place(host, to)] if to else find_places(host, machine)
    if not places:
        seen = "was found, but no folder of a release that takes Foveate" if machine.program(host) else "was not found"
        raise InputError(
            f"{TITLES[host]} {seen}.",
            code=ErrorCode.INVALID_FILE,
            remedy=f"Start {TITLES[host]} once so that it makes its folders, or name its plugin folder with --to.",
        )
    return places


def install(
    place: Place, server_command: Sequence[str], machine: Machine, known: known_server.Known | None = None
) -> Installed:
    """Install the plugin, in the place of an older version, and write its settings, which keep what they hold.

    `server_command` starts the server on this machine. `known` is what it will tell, for a menu that is made before it
    runs. Raises FoveateError; an older version is as before then.
    """
    bundle = make_bundle(place.host)
    program = blender.program_for(place, machine)
    enabling = kritarc.enabling(place.kritarc) if place.kritarc else contextlib.nullcontext()
    with _written_settings(place, server_command) as old_settings, enabling:
        if known is not None:
            known_server.save(place.settings.with_name(known_server.FILE_NAME), *known)
        if program:
            with tempfile.TemporaryDirectory(prefix="foveate-") as folder:
                path = Path(folder) / bundle.name
                path.write_bytes(bundle.to_zip())
                blender.install(program, path)
        else:
            _unpack(bundle, place)
    is_enabled = bool(program or place.kritarc or place.host == "gimp")
    return Installed(place, bundle.version, is_enabled, _next_step(place, is_enabled, machine), old_settings)


def uninstall(place: Place, machine: Machine) -> bool:
    """Remove the plugin; return whether there was one. Its settings stay.

    Raises FoveateError; the plugin is as before then, unless that is a LeftEnabledError.
    """
    was_there = place.package.exists()
    program = blender.program_for(place, machine)
    if program and was_there:
        blender.remove(program, place.settings.parent)
    was_there = bool(remove_all(list(place.targets.values()))) or was_there
    if place.kritarc:
        try:
            kritarc.forget(place.kritarc)
        except FoveateError as error:
            raise LeftEnabledError(place, was_there, error) from error
    return was_there


def _unpack(bundle: Bundle, place: Place) -> None:
    contents: dict[Path, Mapping[str, bytes]] = {}
    for name, target in place.targets.items():
        files = _within(bundle.files, name)
        if files:
            contents[target] = files
    folder = place.targets.get("foveate", place.package)
    programs = {folder / name[len(bundle.package) :] for name in bundle.files if bundle.is_executable(name)}
    replace_all(contents, frozenset(programs))


def _within(files: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    """Return the files of the folder `name` by their paths in it; a file of that name is given as ""."""
    if name in files:
        return {"": files[name]}
    prefix = f"{name}/" if name else ""
    return {path[len(prefix) :]: data for path, data in files.items() if path.startswith(prefix)}


@contextlib.contextmanager
def _written_settings(place: Place, server_command: Sequence[str]) -> Iterator[Path | None]:
    """Write the settings for the plugin that the block puts into place, and give where unreadable ones are now.

    Where that fails, the old ones are back; where none were, none are.
    """
    were_there = place.settings.exists()
    was_known = client_identity.known(place.settings, None)
    command = list(server_command)
    if place.runtime_file != default_runtime_file().absolute():
        command += ["--runtime-file", str(place.runtime_file)]
    found, aside = settings.load_or_replace(place.settings)
    runtime_file, words = str(place.runtime_file), tuple(command)
    told = replace(found, server_command=words, installed_command=words, runtime_file=runtime_file)
    try:
        settings.save(place.settings, told)
        yield aside
    except BaseException:
        with contextlib.suppress(OSError, FoveateError):
            if aside is not None:
                aside.replace(place.settings)
            elif were_there:
                settings.save(place.settings, found)
            else:
                place.settings.unlink()
                if was_known is None:
                    client_identity.forget(place.settings)
        raise


def _next_step(place: Place, is_enabled: bool, machine: Machine) -> str:
    title = TITLES[place.host]
    steps = [] if is_enabled else [ENABLE_BY_HAND[place.host]]
    if place.kind == CHOSEN:
        steps = [f"{title} must look for plugins in {place.folder}.", *steps]
    where = " from the desktop's menu" if place.needs_plain_shell else ""
    steps.append(f"Start {title} anew{where}: Foveate is in {MENUS[place.host]}.")
    if place.needs_plain_shell and virtual_environment(machine.environ):
        steps.append(f"Started from this terminal, {title} would load no plugin: a virtual environment is active here.")
    if place.kind in (FLATPAK, SNAP):
        steps.append("Its sandbox does not let it start the server: the plugin shows the command to start it with.")
    return " ".join(steps)
