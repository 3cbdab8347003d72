"""Options for what only the server knows: its operations that have no command here, and parameters without an option.

`foveate sharpen IN OUT --radius 3` works as soon as the server offers an operation `sharpen` with a parameter `radius`.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Collection, Sequence
from typing import Any

from foveate_server.cli import options as shared
from foveate_server.cli.parameter_options import KNOWN, Say, add
from foveate_shared.forms import parameter_values
from foveate_shared.wire.protocol import JsonObject, OperationInfo, as_object
from foveate_shared.wire.schema_words import DEFAULTS, LEVEL, REPLAY

_METAVARS = {"integer": "N", "number": "X", "boolean": "yes|no", "array": "A,B", "object": "JSON"}


def ask(arguments: Sequence[str], name: str) -> OperationInfo:
    """Return the operation `name` of the server that the arguments name. Raises InputError where it has none such."""
    from foveate_server.cli.open_client import operation_at
    from foveate_server.cli.progress_display import Display

    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    shared.add_connection(parser)
    shared.add_output(parser)
    options = parser.parse_known_args(arguments)[0]
    with Display(quiet=options.quiet) as display:
        return operation_at(options, display, name)


def add_offered(parser: argparse.ArgumentParser, info: OperationInfo, covered: Collection[str]) -> frozenset[str]:
    """Add an option for each of the operation's parameters, those apart that are `covered` by the parser's own.

    Return the options that are yes or no: see :func:`answered`.
    """
    group = parser.add_argument_group(info.title, "What the server tells of its parameters.")
    flags = set()
    for name, schema in info.properties.items():
        if as_object(schema).get(LEVEL) == REPLAY or name in covered:
            continue
        if name in KNOWN:
            add(group, [name])
        else:
            flag = _add_by_schema(group, info.name, name, as_object(schema))
            flags |= {flag} if flag and as_object(schema).get("type") == "boolean" else set()
    return frozenset(flags)


def answered(arguments: Sequence[str], flags: Collection[str]) -> list[str]:
    """Return the arguments with an answer at each of `flags`: the next word where it is one, else a yes.

    So `--split IN OUT` and `--split no IN OUT` both say what a person means. What comes after `--` stays as it is.
    """
    found: list[str] = []
    words = list(arguments)
    while words:
        word = words.pop(0)
        if word == "--":
            return [*found, word, *words]
        if word in flags:
            answer = words.pop(0) if words and parameter_values.is_answer(words[0]) else "yes"
            word = f"{word}={answer}"
        found.append(word)
    return found


def check_answers(arguments: Sequence[str], flags: Collection[str], unknown: Collection[str]) -> None:
    """Raise InputError where a word that nobody knows was meant to answer one of `flags`."""
    for flag, word in itertools.pairwise(arguments):
        if flag in flags and word in unknown:
            parameter_values.value_of({"type": "boolean"}, word, flag)


def allowed(schema: JsonObject) -> str:
    """Return what a schema allows, in words: its choices or limits, and what is taken where nothing is said."""
    shown, parts = parameter_values.shown, list[str]()
    choices = schema.get("enum")
    low, high = (parameter_values.limit(schema, word) for word in ("minimum", "maximum"))
    if isinstance(choices, list):
        parts.append(" | ".join(map(shown, choices)))
    elif low is not None and high is not None:
        parts.append(f"{shown(low)} to {shown(high)}")
    elif low is not None or high is not None:
        parts.append(f"at least {shown(low)}" if low is not None else f"at most {shown(high)}")
    if "default" in schema:
        parts.append(f"default {shown(schema['default'])}")
    parts += [f"{shown(value)} with {kind}" for kind, value in as_object(schema.get(DEFAULTS)).items()]
    return ", ".join(parts)


def metavar(schema: JsonObject) -> str:
    """Return how a value is written, in a word."""
    return _METAVARS.get(str(schema.get("type")), "TEXT")


def _add_by_schema(group: argparse._ActionsContainer, operation: str, name: str, schema: JsonObject) -> str:
    """Add an option and return it; empty where the command line's own have taken its names."""
    flag = f"--{name.replace('_', '-')}"
    words = str(schema.get("description") or schema.get("title") or "").rstrip(".")
    text = "; ".join(part for part in (words[:1].lower() + words[1:], allowed(schema)) if part)
    flagged: dict[str, Any] = (
        {"nargs": "?", "const": "yes"} if schema.get("type") == "boolean" else {}
    )  # for the help, and for abbreviations; else it has its answer by now
    for wanted in (flag, f"--{operation}{flag[1:]}"):  # the command line's own options go first
        try:
            group.add_argument(
                wanted, action=Say, parameter=name, metavar=metavar(schema), help=text.replace("%", "%%"), **flagged
            )
        except argparse.ArgumentError:
            continue
        return wanted
    return ""
