"""What only torch can tell of a file, told in this process."""

import io
import runpy
import sys
from contextlib import redirect_stdout
from unittest import mock


def run_here(module: str, *paths: object) -> str:
    """Run one of the programs of models.probe_restorer here: a process of its own imports torch for seconds."""
    told = io.StringIO()
    with mock.patch.object(sys, "argv", [module, *map(str, paths)]), redirect_stdout(told):
        runpy.run_module(module, run_name="__main__")
    return told.getvalue()
