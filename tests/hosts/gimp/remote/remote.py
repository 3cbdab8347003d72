#!/usr/bin/env python3
"""Hands of the tests in GIMP: two processes that run the snippets which the tests put into their folders.

Two, because a procedure keeps the process that called it waiting: the other one does what a person would do meanwhile.
"""

import json
import os
import sys
import time
import traceback
from pathlib import Path

import gi

for name, version in (("Babl", "0.1"), ("Gegl", "0.4"), ("Gimp", "3.0")):
    gi.require_version(name, version)

from gi.repository import Babl, Gegl, Gimp, Gio, GLib  # noqa: E402

FOLDER = "FOVEATE_REMOTE"  # in the environment: where the snippets come from
HANDS = ("left", "right")
PAUSE = 0.02  # seconds between two looks


def serve(procedure, config, data):
    """Run one snippet after the other, until one is called "quit"."""
    procedure.persistent_ready()
    folder = Path(os.environ[FOLDER]) / procedure.get_name().rpartition("-")[2]
    folder.mkdir(parents=True, exist_ok=True)
    known = {"Babl": Babl, "Gegl": Gegl, "Gimp": Gimp, "Gio": Gio, "GLib": GLib, "open_displays": []}
    exec(compile(Path(__file__).with_name("tools.py").read_text(), "tools.py", "exec"), known)  # noqa: S102
    (folder / "ready").touch()
    while True:
        for snippet in sorted(folder.glob("*.py")):
            run(snippet, known)
        time.sleep(PAUSE)


def run(snippet, known):
    """Run a snippet; its variable `answer`, or its traceback, goes into a file beside it."""
    text = snippet.read_text()
    snippet.rename(snippet.with_suffix(".taken"))
    scope = dict(known, answer=None)
    try:
        exec(compile(text, snippet.name, "exec"), scope)  # noqa: S102
        outcome = {"answer": scope["answer"]}
    except BaseException:
        outcome = {"error": traceback.format_exc()}
    unfinished = snippet.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(outcome))
    unfinished.rename(snippet.with_suffix(".json"))


class Remote(Gimp.PlugIn):
    def do_query_procedures(self):
        return [f"extension-foveate-remote-{hand}" for hand in HANDS]

    def do_set_i18n(self, name):
        return False

    def do_create_procedure(self, name):
        return Gimp.Procedure.new(self, name, Gimp.PDBProcType.PERSISTENT, serve, None)


Gimp.main(Remote.__gtype__, sys.argv)
