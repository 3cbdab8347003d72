"""Options made from a schema."""

import argparse

import pytest

from foveate_server.cli import parameter_options
from foveate_server.cli.offered_options import add_offered
from foveate_shared.wire.protocol import OperationInfo

SCHEMA = {"type": "object", "properties": {"split": {"type": "boolean", "title": "Split", "default": False}}}


@pytest.mark.parametrize(
    ("words", "said"), [(["--split"], {"split": True}), (["--split", "no"], {"split": False}), ([], {})]
)
def test_a_yes_or_no_may_be_said_alone(words, said):
    parser = argparse.ArgumentParser()
    info = OperationInfo("refocus", "Refocus", SCHEMA)
    add_offered(parser, info, ())
    assert parameter_options.resolve(parser.parse_args(words), info) == said
