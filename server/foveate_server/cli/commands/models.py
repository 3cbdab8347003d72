"""`foveate models`: what can restore and detect here, and bringing more."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foveate_server.cli import options as shared

if TYPE_CHECKING:
    from foveate_server.models.registry import Registry

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_to(commands: Commands) -> None:
    """Add the command and its parts."""
    parser = commands.add_parser("models", help="list, fetch, add or remove models", description="The models.")
    parts = parser.add_subparsers(metavar="PART", required=True)

    listing = parts.add_parser("list", help="what there is", description="The models of this machine, or of --server.")
    shared.add_connection(listing)
    listing.set_defaults(run=run_list)

    pull = parts.add_parser("pull", help="fetch now what would be fetched at first use", description="Fetch models.")
    pull.add_argument("name", metavar="NAME", nargs="*")
    pull.add_argument("--embedded", action="store_true", help="all that Foveate works with by itself")
    pull.set_defaults(run=run_pull)

    add = parts.add_parser(
        "add",
        help="add a checkpoint of your own",
        description="Add a restoration checkpoint (GFPGAN, SwinIR, DAT, ...). Weights are loaded, code never is.",
    )
    add.add_argument("file", metavar="FILE", type=Path)
    add.add_argument("--name", help="what to call it (default: made from the file's name)")
    add.set_defaults(run=run_add)

    remove = parts.add_parser("remove", help="delete a model's files", description="Delete a model's files.")
    remove.add_argument("name", metavar="NAME")
    remove.set_defaults(run=run_remove)
    for part in (listing, pull, add, remove):
        shared.add_output(part)


def run_list(options: argparse.Namespace) -> int:
    """Print the models."""
    from dataclasses import asdict

    from foveate_server.cli.display import print_json, print_line

    models = _models(options)
    if options.json:
        print_json({"models": [asdict(model) for model in models]})
        return 0
    for model in models:
        state = "ready" if model.available else "fetched at first use"
        print_line(f"{model.name:26} {state:21} {', '.join(model.operations):26} {model.title}")
    return 0


def _models(options: argparse.Namespace) -> list[Any]:
    if options.server is None and options.pairing is None:
        return _registry().models()
    from foveate_server.cli.connect import asking
    from foveate_server.cli.display import Display

    with Display(quiet=options.quiet) as display, asking(options, display) as inquiry:
        return list(inquiry.models())


def run_pull(options: argparse.Namespace) -> int:
    """Fetch models."""
    from foveate_server.cli.display import print_json
    from foveate_server.cli.downloads import Downloads
    from foveate_shared.errors import InputError

    registry = _registry()
    names = list(dict.fromkeys([*options.name, *(embedded_names() if options.embedded else ())]))
    if not names:
        raise InputError("No model was named.", remedy="Name some of `foveate models list`, or say --embedded.")
    for name in names:
        registry.entry(name)  # refuses a wrong name before anything is fetched
    with Downloads(quiet=options.quiet) as downloads:
        paths = {name: str(registry.pull(name, downloads.named(name))) for name in names}
    if options.json:
        print_json({"models": paths})
    return 0


def run_add(options: argparse.Namespace) -> int:
    """Add a checkpoint."""
    from foveate_server.cli.display import print_json, print_line
    from foveate_server.cli.downloads import Downloads
    from foveate_server.models.adding import AddOptions, add_path

    with Downloads(quiet=options.quiet) as downloads:
        entry = add_path(_registry(), options.file, AddOptions(options.name), downloads.named(options.file.name))
    if options.json:
        print_json({"name": entry.name, "title": entry.title, "scale": entry.scale, "sha256": entry.sha256})
    elif not options.quiet:
        print_line(f"{entry.name}: {entry.title}, enlarges {entry.scale} times. Use it with --model {entry.name}.")
    return 0


def run_remove(options: argparse.Namespace) -> int:
    """Delete a model's files."""
    from foveate_server.cli.display import print_json, print_line

    removed = _registry().remove(options.name)
    if options.json:
        print_json({"removed": removed})
    elif not options.quiet:
        print_line(f"{options.name}: {'removed' if removed else 'there were no files'}")
    return 0


def embedded_names() -> list[str]:
    """Return the names of the models that Foveate works with by itself."""
    from foveate_server.models.manifest import embedded_entries

    return [entry.name for entry in embedded_entries()]


def _registry() -> Registry:
    from foveate_server.cli.requirements import server_parts

    with server_parts():
        from foveate_server.config import load_config
        from foveate_server.models.registry import open_registry
    import os

    return open_registry(load_config(environment=os.environ))
