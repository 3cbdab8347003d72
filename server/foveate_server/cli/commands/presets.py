"""`foveate presets`: which styles there are, what each sets, and where to write your own."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from foveate_server.cli import options as shared

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "presets",
        help="list the styles that --preset takes",
        description="The presets of this machine, or of --server: words around a prompt, and parameters. "
        "What a job says itself goes before its preset.",
    )
    shared.add_connection(parser)
    shared.add_output(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the presets."""
    from foveate_server.cli.progress_display import print_json, print_line

    here = options.server is None and options.pairing is None
    told: dict[str, Any] = _of_this_machine() if here else {"presets": _of_server(options)}
    if options.json:
        print_json(told)
        return 0
    for line in _lines(told["presets"], told.get("packaged_file", "")):
        print_line(line)
    if here and not options.quiet:
        print_line("")
        print_line(f"Those without a file of their own come with Foveate: {told['packaged_file']}")
        print_line(_place(told["file"], exists=told["file_exists"]))
    return 0


def _of_this_machine() -> dict[str, Any]:
    """Return all that is known of the presets, and of the file for one's own. Raises InputError where it is damaged."""
    import os

    from foveate_server.cli.server_parts import server_parts

    with server_parts():
        from foveate_server.config.server_config import load_config
        from foveate_server.presets import PACKAGED, load_presets
    file = load_config(environment=os.environ).presets_file
    presets = load_presets(file)
    rows = [
        {
            "name": preset.name,
            "title": preset.title,
            "prompt": preset.prompt,
            "negative_prompt": preset.negative_prompt,
            "parameters": preset.parameters,
            "file": preset.file,
            "empty_prompt_for": [subject for subject, name in presets.subjects.items() if name == preset.name],
        }
        for preset in presets.by_name.values()
    ]
    return {"presets": rows, "file": str(file), "file_exists": file.is_file(), "packaged_file": str(PACKAGED)}


def _of_server(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return what a server tells of its presets: not their words, and no files."""
    from foveate_server.cli.open_client import asking
    from foveate_server.cli.progress_display import Display
    from foveate_shared.wire.schema_words import PRESETS

    with Display(quiet=options.quiet) as display, asking(options, display) as inquiry:
        operations = inquiry.welcome().operations
    schemas: list[Any] = [operation.parameters.get("properties", {}) for operation in operations]
    offered = [preset for schema in schemas for preset in schema.get("preset", {}).get(PRESETS, [])]
    return list({preset["name"]: preset for preset in offered}.values())


def _lines(presets: list[dict[str, Any]], packaged: str) -> Iterator[str]:
    names = max((len(preset["name"]) for preset in presets), default=0)
    indent = " " * (names + 2)
    for preset in presets:
        subjects = preset.get("empty_prompt_for")
        taken = f"  (taken for {' and '.join(map(_subject, subjects))} where the prompt is empty)" if subjects else ""
        yield f"{preset['name']:{names}}  {preset['title']}{taken}"
        details = {
            "prompt": preset.get("prompt", ""),
            "negative": preset.get("negative_prompt", ""),
            "sets": ", ".join(f"{name} {_value(value)}" for name, value in preset["parameters"].items()),
            "file": preset["file"] if preset.get("file", packaged) != packaged else "",
        }
        yield from (f"{indent}{label + ':':9} {text}" for label, text in details.items() if text)


def _subject(name: str) -> str:
    return {"face": "a face", "other": "anything but a face"}.get(name, name)


def _value(value: Any) -> str:
    """Return a parameter's value for a person: LoRAs as they are written in the file."""
    if isinstance(value, list):
        return " + ".join(_value(each) for each in value)
    if isinstance(value, dict):
        return f"{value.get('name')}:{value.get('weight', 1):g}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _place(file: str, *, exists: bool) -> str:
    """Return where one's own presets stand."""
    if exists:
        return f"Your own stand in {file}"
    return f"Write your own into {file}, which is not there yet: docs/diffusion.md says how."
