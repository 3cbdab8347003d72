"""Options made from a schema."""

import argparse

import pytest

from foveate_server.cli import parameter_options
from foveate_server.cli.offered_options import add_offered, answered, check_answers
from foveate_shared.errors import InputError
from foveate_shared.wire.protocol import OperationInfo

SCHEMA = {"type": "object", "properties": {"split": {"type": "boolean", "title": "Split", "default": False}}}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("a.png b.png", {}),
        ("--split a.png b.png", {"split": True}),
        ("a.png --split b.png", {"split": True}),
        ("a.png b.png --split", {"split": True}),
        ("--split yes a.png b.png", {"split": True}),
        ("--split no a.png b.png", {"split": False}),
        ("a.png b.png --split off", {"split": False}),
        ("a.png --split=no b.png", {"split": False}),
        ("--split no --split a.png b.png", {"split": True}),
        ("--split -- a.png b.png", {"split": True}),
        ("--spl=no a.png b.png", {"split": False}),
    ],
)
def test_a_yes_or_no_may_be_said_alone_wherever_it_stands(words, said):
    parser = argparse.ArgumentParser()
    parser.add_argument("input")
    parser.add_argument("output")
    info = OperationInfo("refocus", "Refocus", SCHEMA)
    flags = add_offered(parser, info, ())
    options = parser.parse_args(answered(words.split(), flags))
    assert parameter_options.resolve(options, info) == said
    assert (options.input, options.output) == ("a.png", "b.png")


def test_what_is_neither_yes_nor_no_is_refused():
    parser = argparse.ArgumentParser()
    info = OperationInfo("refocus", "Refocus", SCHEMA)
    flags = add_offered(parser, info, ())
    with pytest.raises(InputError, match="--split must be yes or no, not “maybe”"):
        parameter_options.resolve(parser.parse_args(answered(["--split=maybe"], flags)), info)
    assert answered(["--", "--split"], flags) == ["--", "--split"]
    with pytest.raises(InputError, match="--split must be yes or no, not “maybe”"):
        check_answers(["a.png", "b.png", "--split", "maybe"], flags, ["maybe"])
    check_answers(["--split", "a.png", "b.png", "--what"], flags, ["--what"])
