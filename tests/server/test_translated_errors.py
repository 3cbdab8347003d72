"""Errors that reach a person through an editor are in every catalogue: a new one must be added there.

Reads the sources: the templates of the sentence and the remedy of every error, and the names of the values for them.
"""

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

import foveate_server
import foveate_shared
from foveate_server.engines.detection.faces import FACES
from foveate_shared import errors
from foveate_shared.i18n.translations import Texts, languages

SERVER, SHARED = Path(foveate_server.__file__).parent, Path(foveate_shared.__file__).parent
PLUGINS = Path(__file__).parents[2] / "plugins"
# Said by a command in a terminal alone, which is English, or in the log of a server that does not start.
TERMINAL = (
    "app.py", "cli/", "config/", "engines/engine_specs.py", "logs.py", "net/certificate.py", "net/http_server.py",
    "net/pairing.py", "net/run_service.py", "net/named_tokens.py", "picture_files/", "plugins/",
)  # fmt: skip
FOR_TESTS = "engines/deterministic/"  # an engine that no person meets
# What a program did wrong, for its authors: within "The server broke the protocol: {reason}" where a person sees it.
CONTRACT = ("wire/blobs.py", "wire/codec.py", "wire/strict_json.py", "wire/rules.py")
CONTRACT_SENTENCES = {
    "A second hello came.",
    "The first message must be hello.",
    "The first message must be hello, not a chunk.",
    "The websocket subprotocol must be {subprotocol}.",
    "No hello came.",
    "A control message is too long.",
    "The bytes of a message did not come.",
    "A second welcome came.",
    "The server did not ask for window {window} of job {job}.",
    "The server sent {type} before its welcome.",
    "A message of type {type} has no bytes.",
    "Only the session itself sends {type}, or it has bytes.",
}
# Functions that take a sentence and make an error of it, beside the errors' own classes.
MAKERS = {
    "Refusal", "too_large", "storage_full", "_rate_limited", "_crashed", "_not_started", "_bad_window", "_no_server",
    "_nothing", "_no_region", "_unusable", "ErrorInfo", "note", "Sentence",
}  # fmt: skip
# Functions that put a part of a sentence into one, such as the reason why a file cannot be used.
PART_MAKERS = {
    "Sentence", "_damaged", "_full", "_malformed", "_refuse", "_unsupported", "_unusable", "damaged", "unavailable",
    "unreachable", "unusable",
}  # fmt: skip
ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
NO_VALUES = {"code", "fault", "remedy", "message", "one"}
SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-Z0-9{])")
PLACE = re.compile(r"\{([a-z][a-z0-9_]*)[^{}]*\}")


def sources():
    for root, left_out in ((SERVER, (*TERMINAL, FOR_TESTS)), (SHARED, CONTRACT), (PLUGINS, ())):
        for path in sorted(root.rglob("*.py")):
            if not path.relative_to(root).as_posix().startswith(left_out):
                yield path


class Said:
    """A call that says something: the texts that its arguments may have, and the names of its values."""

    def __init__(self, path, call, constants):
        self.place = f"{path.name}:{call.lineno}"
        words = [word.value for word in call.keywords if word.arg in ("message", "remedy")]
        self._constants = constants
        self._is_open = False  # some text is made elsewhere
        self.texts = [text for part in (*call.args, *words) for text in self._texts_of(part)]
        self.counts = "one" in {word.arg for word in call.keywords}
        self._values = {word.arg for word in call.keywords} - NO_VALUES  # None: more of them are in a mapping

    def _texts_of(self, node):
        if isinstance(node, ast.IfExp):
            return self._texts_of(node.body) + self._texts_of(node.orelse)
        if isinstance(node, ast.BoolOp):
            return [text for value in node.values for text in self._texts_of(value)]
        if isinstance(node, ast.Name) and node.id in self._constants:
            return self._constants[node.id]
        if isinstance(node, ast.JoinedStr):
            return ["".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)]
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return [node.value]
        self._is_open = True
        return []

    @property
    def is_wrong(self):
        """Tell whether a place has no value, or a value no place."""
        places = {name for text in self.texts for name in PLACE.findall(text)} - NO_VALUES
        if None in self._values:
            return False
        return bool(places - self._values if self._is_open else places ^ self._values)


def said_in(path):
    """Yield the name of each maker that `path` calls, with what it says there."""
    constants, calls = {}, []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            calls.append(node)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            parts = [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value]
            if all(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in parts):
                constants.setdefault(node.targets[0].id, []).extend(part.value for part in parts)
    for call in calls:
        name = getattr(call.func, "id", None) or getattr(call.func, "attr", "")
        if name in MAKERS | PART_MAKERS | ERRORS:
            yield name, Said(path, call, constants)


def is_sentence(text):
    return " " in text and (text[0].isupper() or text[0] == "{")


def is_part(text):
    return " " in text and text[0].islower() and "{}" not in text


@dataclass(frozen=True)
class Spoken:
    """What all sources say."""

    calls: list[Said]
    sentences: set[str]
    parts: set[str]


@pytest.fixture(scope="module")
def spoken():
    found = [named for path in sources() for named in said_in(path)]
    calls = [said for name, said in found if name in MAKERS | ERRORS]
    parts = [said for name, said in found if name in PART_MAKERS]
    return Spoken(calls, texts_of(calls, is_sentence), texts_of(parts, is_part))


def texts_of(calls, is_meant):
    return {PLACE.sub(r"{\1}", text) for said in calls for text in said.texts if is_meant(text)}


def test_the_scan_finds_what_is_said(spoken):
    assert len(spoken.sentences) > 150
    for known in (
        "The stored pixels {path} cannot be used: {reason}.",
        "You submit jobs too fast.",
        "Did you mean {name}?",
    ):
        assert known in spoken.sentences


def test_exceptions_are_still_said(spoken):
    assert sorted(CONTRACT_SENTENCES - spoken.sentences) == []


def test_sentences_name_their_values(spoken):
    assert sorted(text for said in spoken.calls for text in said.texts if "{}" in text) == []
    assert sorted(said.place for said in spoken.calls if said.is_wrong) == []


@pytest.mark.parametrize("language", languages())
def test_what_counts_has_its_plural_forms(spoken, language):
    entries = json.loads((SHARED / f"i18n/{language}.json").read_text("utf-8"))
    counting = {text for said in spoken.calls if said.counts for text in said.texts} | {
        FACES.found
    }  # a detector's are fields
    assert len(counting) >= 3
    assert sorted(text for text in counting if not isinstance(entries[text], dict)) == []


@pytest.mark.parametrize("language", languages())
def test_every_error_is_translated(spoken, language):
    known = Texts(language).catalogue.keys() | CONTRACT_SENTENCES
    parts = {part for text in spoken.sentences - known for part in SENTENCE_END.split(text)}
    assert sorted(part for part in parts - known if not PLACE.fullmatch(part)) == []


@pytest.mark.parametrize("language", languages())
def test_parts_of_sentences_are_translated(spoken, language):
    assert {
        "it holds no weights",
        "it has {found} bytes instead of {size}",
        "it does not answer in time",
    } <= spoken.parts
    assert sorted(spoken.parts - Texts(language).catalogue.keys()) == []
