"""What only torch can tell of a file, told in this process."""

import io
import runpy
import sys
from contextlib import AbstractContextManager, redirect_stdout
from unittest import mock


def here() -> AbstractContextManager[object]:
    """Have it so within the context: a process of its own imports torch for seconds."""
    return mock.patch("foveate_server.models.probe_restorer._run", _run_here)


def _run_here(module: str, *paths: object) -> str:
    """Run one of the programs of models.probe_restorer."""
    told = io.StringIO()
    with mock.patch.object(sys, "argv", [module, *map(str, paths)]), redirect_stdout(told):
        runpy.run_module(module, run_name="__main__")
    return told.getvalue()
