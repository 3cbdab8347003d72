"""`foveate models`: what can restore, render and detect here, and bringing more."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foveate_server.cli import options as shared

if TYPE_CHECKING:
    from foveate_server.cli.download_display import Downloads
    from foveate_server.models.entry import ModelEntry
    from foveate_server.models.registry import Registry

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_ADD_EXAMPLES = """\
examples:
  foveate models add my-tune.safetensors                 a file, whatever it is
  foveate models add ~/models/sdxl-folder                a folder as diffusers writes it
  foveate models add stabilityai/stable-diffusion-xl-base-1.0
  foveate models add org/name@v2                         a branch, tag or commit of it
  foveate models add org/name:lora.safetensors           one file of it
  foveate models add https://example.org/lora.safetensors
"""


def add_to(commands: Commands) -> None:
    """Add the command and its parts."""
    parser = commands.add_parser("models", help="list, fetch, add, inspect or remove models", description="The models.")
    parts = parser.add_subparsers(metavar="PART", required=True)

    listing = parts.add_parser("list", help="what there is", description="The models of this machine, or of --server.")
    shared.add_connection(listing)
    listing.set_defaults(run=run_list)

    pull = parts.add_parser("pull", help="fetch now what would be fetched at first use", description="Fetch models.")
    pull.add_argument("name", metavar="NAME", nargs="*")
    pull.add_argument("--embedded", action="store_true", help="all that Foveate works with by itself")
    pull.set_defaults(run=run_pull)

    add = _add_adding(parts)

    inspect = parts.add_parser(
        "inspect",
        help="say what a model, file or folder is, and what it fits",
        description="Say what something is, by the keys and shapes of its tensors. Nothing is added or changed.",
    )
    inspect.add_argument("what", metavar="NAME|FILE|FOLDER")
    inspect.set_defaults(run=run_inspect)

    remove = parts.add_parser("remove", help="delete a model's files", description="Delete a model's files.")
    remove.add_argument("name", metavar="NAME")
    remove.set_defaults(run=run_remove)

    default = parts.add_parser(
        "default",
        help="choose what is taken where no model is named",
        description="Make a checkpoint, restorer or detector the one that is taken where no model is named.",
    )
    default.add_argument("name", metavar="NAME")
    default.set_defaults(run=run_default)
    for part in (listing, pull, add, inspect, remove, default):
        shared.add_output(part)


def _add_adding(parts: Commands) -> argparse.ArgumentParser:
    add = parts.add_parser(
        "add",
        help="add a checkpoint, LoRA, embedding, VAE or restorer of your own",
        description="Add a model. What it is is told by its weights; code is never run.",
        epilog=_ADD_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add.add_argument("what", metavar="FILE|FOLDER|ORG/NAME|URL")
    add.add_argument("--name", help="what to call it (default: made from the file's name)")
    add.add_argument("--later", action="store_true", help="from the hub: only note it, and fetch it at first use")
    add.add_argument(
        "--config",
        default="",
        metavar="FOLDER|NAME",
        help="the configuration and vocabularies for a single file, and what else it lacks (default: its family's)",
    )
    add.add_argument(
        "--family",
        default="",
        help="of a VAE, LoRA, embedding or small VAE that shows none: sd1, sd2, sdxl, sd3, flux1 ...",
    )
    add.add_argument(
        "--variant",
        default="",
        choices=("none", "lcm", "dmd2", "turbo", "lightning", "hyper"),
        help="how it was trained to be sampled in few steps, where that is told wrongly or not at all",
    )
    add.add_argument("--prediction", default="", choices=("epsilon", "v"), help="what it predicts, likewise")
    add.add_argument(
        "--allow-pickle", action="store_true", help="read .ckpt, .pt and .bin: weights only, kept as safetensors"
    )
    add.set_defaults(run=run_add)
    return add


def run_list(options: argparse.Namespace) -> int:
    """Print the models."""
    from dataclasses import asdict

    from foveate_server.cli import model_texts
    from foveate_server.cli.progress_display import print_json, print_line

    here = options.server is None and options.pairing is None
    rows = model_texts.rows(_registry()) if here else [asdict(model) for model in _models_of_server(options)]
    if options.json:
        print_json({"models": rows})
        return 0
    for line in model_texts.table(rows):
        print_line(line)
    return 0


def _models_of_server(options: argparse.Namespace) -> list[Any]:
    from foveate_server.cli.open_client import asking
    from foveate_server.cli.progress_display import Display

    with Display(quiet=options.quiet) as display, asking(options, display) as inquiry:
        return list(inquiry.models())


def run_pull(options: argparse.Namespace) -> int:
    """Fetch models."""
    from foveate_server.cli.download_display import Downloads
    from foveate_server.cli.progress_display import print_json
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
    """Add a model, and fetch what it needs beside itself where that is not here yet."""
    from foveate_server.cli import model_texts
    from foveate_server.cli.download_display import Downloads
    from foveate_server.cli.progress_display import print_json, print_line
    from foveate_server.models.adding.from_anything import add
    from foveate_server.models.adding.make_entry import AddOptions

    said = AddOptions(
        name=options.name,
        family=options.family,
        variant=options.variant,
        prediction=options.prediction,
        reference=options.config,
        allow_pickle=options.allow_pickle,
        later=options.later,
    )
    registry = _registry()
    with Downloads(quiet=options.quiet, doing="Adding") as downloads:
        entry = add(registry, options.what, said, downloads.named(Path(options.what).name or options.what))
        problem = "" if options.later else _fetch_what_it_needs(registry, entry, downloads)
    if options.json:
        print_json(model_texts.row(registry, entry) | {"problem": problem})
    elif not options.quiet:
        for line in model_texts.added(entry):
            print_line(line)
        if problem:
            print_line(problem)
    return 0


def _fetch_what_it_needs(registry: Registry, entry: ModelEntry, downloads: Downloads) -> str:
    """Fetch what `entry` needs beside itself; return a sentence where that is not to be had now."""
    from foveate_shared.errors import ResourceError

    name = ""
    try:
        for name in registry.needs(entry.name):
            registry.folder(name, downloads.named(name))
    except ResourceError as error:
        what = "the configuration of its family" if name == entry.reference else "a part that it lacks"
        return f"It still needs {what}, {name}, which could not be fetched. {error.info.message} {error.info.remedy}"
    return ""


def run_inspect(options: argparse.Namespace) -> int:
    """Say what something is, and what it fits."""
    from foveate_server.cli import model_texts
    from foveate_server.cli.progress_display import print_json, print_line
    from foveate_server.models.adding.from_path import draft
    from foveate_server.models.inspect_model import typed_path

    registry = _registry()
    path = typed_path(options.what)
    known = {entry.name: entry for entry in registry.entries()}
    entry = known.get(options.what)
    if entry is None:
        entry = draft(path) if path.exists() else registry.entry(options.what)
    told = model_texts.inspection(registry, entry)
    if options.json:
        print_json(told)
    else:
        for line in model_texts.inspection_lines(told):
            print_line(line)
    return 0


def run_remove(options: argparse.Namespace) -> int:
    """Delete a model's files."""
    from foveate_server.cli.progress_display import print_json, print_line

    removed = _registry().remove(options.name)
    if options.json:
        print_json({"removed": removed})
    elif not options.quiet:
        print_line(f"{options.name}: {'removed' if removed else 'there were no files'}")
    return 0


def run_default(options: argparse.Namespace) -> int:
    """Choose a default."""
    from foveate_server.cli.progress_display import print_json, print_line

    entry = _registry().set_default(options.name)
    if options.json:
        print_json({"name": entry.name, "kind": entry.kind})
    elif not options.quiet:
        words = {"diffusion": "render with", "restore": "restore with", "detect": "find faces with"}
        print_line(f"{entry.name} is now what jobs {words[entry.kind]} where no model is named.")
    return 0


def embedded_names() -> list[str]:
    """Return the names of the models that Foveate works with by itself."""
    from foveate_server.models.manifest import embedded_entries

    return [entry.name for entry in embedded_entries()]


def _registry() -> Registry:
    from foveate_server.cli.server_parts import server_parts

    with server_parts():
        from foveate_server.config.server_config import load_config
        from foveate_server.models.registry import open_registry
    import os

    return open_registry(load_config(environment=os.environ))
