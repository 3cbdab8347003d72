"""Errors that reach a person through an editor are known in every language: a new one must be added to the catalogues.

Reads the sources: the sentence and the remedy of every error, whatever is put into them being 7.
"""

import ast
import re
from pathlib import Path

import pytest

import foveate_server
import foveate_shared
from foveate_shared import errors
from foveate_shared.i18n.translations import Texts, languages

SERVER, SHARED = Path(foveate_server.__file__).parent, Path(foveate_shared.__file__).parent
# Said by a command in a terminal alone, which is English, or in the log of a server that does not start.
TERMINAL = (
    "app.py", "cli/", "config/", "logs.py", "net/http_server.py", "net/pairing.py", "net/run_service.py",
    "net/tokens.py", "picture_files/", "plugins/",
)  # fmt: skip
FOR_TESTS = "engines/deterministic/"  # an engine that no person meets
# What a program did wrong, for its authors: within "The server broke the protocol: {reason}" where a person sees it.
CONTRACT = ("wire/blobs.py", "wire/codec.py", "wire/strict_json.py", "wire/rules.py")
CONTRACT_SENTENCES = {
    "A second hello came.",
    "The first message must be hello.",
    "The first message must be hello, not a chunk.",
    "The websocket subprotocol must be 7.",
    "No hello came.",
    "A control message is too long.",
    "The bytes of a message did not come.",
    "A second welcome came.",
    "The server did not ask for window 7 of job 7.",
    "The server sent 7 before its welcome.",
    "A message of type 7 has no bytes.",
    "Only the session itself sends 7, or it has bytes.",
}
# Parts of sentences, each put in by an f-string: what the whole sentence becomes.
COMPOSED = {
    "The 7 in 7 cannot be loaded.": tuple(
        f"The {called} in 7 cannot be loaded." for called in ("face detector", "safety classifier")
    ),
    "Delete the file and let it be fetched again: foveate models pull 7.": tuple(
        f"Delete the file and let it be fetched again: foveate models pull {name}."
        for name in ("centerface", "open-nsfw")
    ),
    "The model 7 is no 7.": tuple(f"The model 7 is no {kind}." for kind in ("checkpoint", "LoRA", "embedding", "VAE")),
    "7 at 7 needs 7 GB of memory, and 7 GB are free.": ("7 at 7 x 7 needs 7 GB of memory, and 7 GB are free.",),
    "Memory ran out with 7 at 7.": ("Memory ran out with 7 at 7 x 7.",),
    "The recipe needs what is not here: 7.7": (
        "The recipe needs what is not here: 7.",
        "The recipe needs what is not here: 7. Here, 7 is another file (SHA-256 7).",
    ),
    "7: 7.": ("The parameter 7: 7.", "The parameters: 7."),
    "The connection to the server ended7.": (
        "The connection to the server ended.",
        "The connection to the server ended: 7.",
    ),
}
# Functions that take a sentence and make an error of it, beside the errors' own classes.
MAKERS = {
    "Refusal", "too_large", "storage_full", "_rate_limited", "_crashed", "_not_started", "_bad_window", "_no_server",
    "ErrorInfo", "note",
}  # fmt: skip
ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-Z0-9])")


def sources():
    for root, left_out in ((SERVER, (*TERMINAL, FOR_TESTS)), (SHARED, CONTRACT)):
        for path in sorted(root.rglob("*.py")):
            if not path.relative_to(root).as_posix().startswith(left_out):
                yield path


def sentences_of(path):
    """Yield the sentences and remedies of the errors that `path` makes."""
    for call in (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", None) or getattr(call.func, "attr", "")
        if name in MAKERS | ERRORS:
            remedies = [word.value for word in call.keywords if word.arg in ("message", "remedy")]
            for part in (*call.args, *remedies):
                yield from (text for text in texts_of(part) if is_sentence(text))


def texts_of(node):
    """Return the texts that an expression may have: several where it chooses."""
    if isinstance(node, ast.IfExp):
        return texts_of(node.body) + texts_of(node.orelse)
    if isinstance(node, ast.BoolOp):
        return [text for value in node.values for text in texts_of(value)]
    if isinstance(node, ast.JoinedStr):
        return ["".join(part.value if isinstance(part, ast.Constant) else "7" for part in node.values)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def is_sentence(text):
    return " " in text and (text[0].isupper() or text[0] == "7")


SAID = {sentence for path in sources() for text in sentences_of(path) for sentence in SENTENCE_END.split(text)} - {"7"}


def test_the_scan_finds_what_is_said():
    assert len(SAID) > 150
    for known in ("The stored pixels 7 cannot be used: 7.", "Submit the job again.", "You submit jobs too fast."):
        assert known in SAID


def test_exceptions_are_still_said():
    assert sorted(CONTRACT_SENTENCES - SAID) == []
    assert sorted(COMPOSED.keys() - SAID) == []


@pytest.mark.parametrize("language", languages())
def test_every_error_is_translated(language):
    say = Texts(language).sentence
    said = {whole for text in SAID - CONTRACT_SENTENCES for whole in COMPOSED.get(text, (text,))}
    assert sorted(text for text in said if say(text) == text) == []
