"""Presets: words around a prompt and the parameters that go with them, from a TOML file that people can edit."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from foveate_shared.errors import ErrorCode, InputError
from foveate_shared.i18n.sentence import Sentence
from foveate_shared.wire.protocol import JsonObject

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGED = Path(__file__).with_name("presets.toml")
SUBJECTS = ("face", "other")  # what a region shows, where an empty prompt leaves it to us
PLACE = "{prompt}"  # in a template: where the user's words go
_TEXTS = ("title", "prompt", "negative_prompt", "model", "vae")
_PARAMETERS = (
    "strength",
    "num_inference_steps",
    "guidance_scale",
    "scheduler",
    "seed",
    "anchor",
    "overlap",
    "tile",
    "start",
)
_KEYS = (*_TEXTS, "loras", "embeddings", "parameters")


@dataclass(frozen=True)
class Preset:
    """A style."""

    name: str
    title: str
    prompt: str = PLACE  # a template
    negative_prompt: str = ""
    parameters: JsonObject = field(default_factory=dict)  # as a job has them: model, loras, strength, ...
    file: str = ""  # where it stands

    def words(self, prompt: str, negative_prompt: str) -> JsonObject:
        """Return the two prompts of a job whose user said `prompt` and `negative_prompt`."""
        return {
            "prompt": _tidied(self.prompt.replace(PLACE, prompt)),
            "negative_prompt": _tidied(", ".join(text for text in (negative_prompt, self.negative_prompt) if text)),
        }


@dataclass(frozen=True)
class Presets:
    """All presets by name, the packaged ones first."""

    by_name: Mapping[str, Preset]
    subjects: Mapping[str, str]  # what a region shows -> the preset whose words are taken for an empty prompt

    def get(self, name: str) -> Preset:
        """Return the preset. Raises InputError, with the nearest name, where there is none."""
        if name in self.by_name:
            return self.by_name[name]
        near = difflib.get_close_matches(name, self.by_name, n=1)
        raise InputError(
            "There is no preset named {name!r}.",
            remedy=Sentence("Did you mean {name}?", name=near[0])
            if near
            else Sentence("Known presets: {names}.", names=", ".join(self.by_name)),
            name=name,
        )

    def subject_prompts(self) -> JsonObject:
        """Return what is said of each subject where the prompt is empty."""
        return {subject: self.get(name).words("", "") for subject, name in self.subjects.items()}

    def described(self) -> list[JsonObject]:
        """Return what clients show: names, titles, and the parameters that a preset sets, for their forms."""
        return [
            {"name": preset.name, "title": preset.title, "parameters": preset.parameters}
            for preset in self.by_name.values()
        ]


def load_presets(file: Path | None) -> Presets:
    """Return the packaged presets with those of `file`, which need not exist, in front of them by name.

    Raises InputError, one sentence that names the file and the key, where it cannot be understood.
    """
    presets, subjects = _parse(str(PACKAGED), PACKAGED.read_text("utf-8"))
    if file is not None and file.exists():
        own, own_subjects = _parse(str(file), _read(file))
        presets, subjects = {**presets, **own}, {**subjects, **own_subjects}
    for subject, name in subjects.items():
        if name not in presets:
            raise _wrong(str(file), f"the subject {subject!r} names the preset {name!r}, which is not there")
    return Presets(presets, subjects)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise _wrong(str(file), f"it cannot be read: {reason}") from None


def _parse(source: str, text: str) -> tuple[dict[str, Preset], dict[str, str]]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(source, f"it is not valid TOML: {error}") from None
    _require_known(source, "", document, ("presets", "subjects"))
    tables, subjects = document.get("presets", {}), document.get("subjects", {})
    if not isinstance(tables, dict) or not isinstance(subjects, dict):
        raise _wrong(source, "`presets` and `subjects` are tables")
    _require_known(source, "subjects.", subjects, SUBJECTS)
    return {name: _preset(source, name, table) for name, table in tables.items()}, dict(subjects)


def _preset(source: str, name: str, table: Any) -> Preset:
    place = f"presets.{name}"
    if not isinstance(table, dict):
        raise _wrong(source, f"`{place}` is a table")
    _require_known(source, f"{place}.", table, _KEYS)
    for key in _TEXTS:
        if not isinstance(table.get(key, ""), str):
            raise _wrong(source, f"`{place}.{key}` is a text")
    more = table.get("parameters", {})
    if not isinstance(more, dict):
        raise _wrong(source, f"`{place}.parameters` is a table")
    _require_known(source, f"{place}.parameters.", more, _PARAMETERS)
    parameters: JsonObject = {**more, **{key: table[key] for key in ("model", "vae") if table.get(key)}}
    if "loras" in table:
        parameters["loras"] = cast(
            "Any", [_lora(source, place, entry) for entry in _list(source, place, table, "loras")]
        )
    if "embeddings" in table:
        parameters["embeddings"] = cast("Any", [str(entry) for entry in _list(source, place, table, "embeddings")])
    return Preset(
        name,
        table.get("title", name),
        table.get("prompt", PLACE),
        table.get("negative_prompt", ""),
        parameters,
        source,
    )


def _list(source: str, place: str, table: Mapping[str, Any], key: str) -> Sequence[Any]:
    entries = table[key]
    if not isinstance(entries, list):
        raise _wrong(source, f"`{place}.{key}` is a list")
    return entries


def _lora(source: str, place: str, entry: Any) -> JsonObject:
    """Return a LoRA written as "name", "name:0.8" or { name = ..., weight = ... }."""
    if isinstance(entry, dict) and isinstance(entry.get("name"), str) and set(entry) <= {"name", "weight"}:
        return {"name": entry["name"], "weight": entry.get("weight", 1.0)}
    match = re.fullmatch(r"([^:]+)(?::(-?\d+(?:\.\d+)?))?", entry) if isinstance(entry, str) else None
    if match is None:
        raise _wrong(source, f'`{place}.loras` holds entries such as "film-look:0.8"')
    return {"name": match[1], "weight": float(match[2] or 1.0)}


def _require_known(source: str, place: str, table: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}"
            raise _wrong(source, f"`{place}{key}` is unknown; {hint}")


def _tidied(text: str) -> str:
    """Return a prompt without the commas that an empty place leaves behind."""
    return re.sub(r"\s*,(?:\s*,)+", ",", text).strip(" ,")


def _wrong(source: str, reason: str) -> InputError:
    return InputError(
        "The presets in {file} cannot be used: {reason}.",
        code=ErrorCode.INVALID_FILE,
        remedy="Correct the file, or move it away.",
        file=source,
        reason=reason.rstrip("."),
    )
