"""What the tests give to worker processes: a small operation, and an engine that tells when it gives memory back.

Workers find this module by PYTHONPATH; the tests themselves never import it.
"""

import os
import signal
import sys
from pathlib import Path

import numpy as np

from foveate_server.engines.deterministic import engine as deterministic_engine
from foveate_server.engines.memory_share import memory_share
from foveate_server.engines.values import Pinned
from foveate_server.imaging import samples
from foveate_server.operations.contract import Item, ItemResult
from foveate_server.operations.parameters.declaration import Declaration, NoParameters
from foveate_shared.geometry import Bounds
from foveate_shared.wire.protocol import Outcome, WindowRequest


class Enlarge:
    """Hand the window `all` to the engine and answer with the result, covered as the window is."""

    name = "enlarge"
    parameters = Declaration(NoParameters)

    def run(self, run):
        window, request, context = run.windows["all"], run.request, run.context
        image = samples.decode(window.pixels, request.format, window.extent)
        context.note("It begins.")
        rendering = run.engine.upscale(image.color, None, exact=False, pinned=Pinned(), ticker=context)
        target = window.bounds.scaled(rendering.scale)
        context.preview(target, (np.clip(rendering.image, 0, 1) * 255).astype(np.uint8))
        coverage = None
        if window.coverage is not None:
            coverage = window.coverage.repeat(rendering.scale, 0).repeat(rendering.scale, 1).tobytes()
        encoded = samples.encode(rendering.image, None, request.format)
        context.patch(target, encoded, coverage)
        follow_up = Item("second", "looking again", (WindowRequest("w2", window.bounds, window.extent),))
        outcome = Outcome(run.item.id, "done", data={"pid": os.getpid()})
        return ItemResult(outcome, (follow_up,), {"model": rendering.model})


class Shout:
    """Write to the standard streams below Python, and read from stdin, as a careless library would."""

    name = "shout"
    parameters = Declaration(NoParameters)

    def run(self, run):
        os.write(1, b'{"Finished": "not from the worker"}\n')
        print("garbage without a newline", end="", flush=True)  # noqa: T201  # this is what is tested
        read = sys.stdin.read()
        return ItemResult(Outcome(run.item.id, "done", data={"read": read, "stdin": os.read(0, 1).decode()}))


class Plan:
    """Tell how much of the memory may be planned with."""

    name = "plan"
    parameters = Declaration(NoParameters)

    def run(self, run):
        return ItemResult(Outcome(run.item.id, "done", data={"share": memory_share()}))


class Orphan:
    """Die and leave a child behind that holds all pipes open."""

    name = "orphan"
    parameters = Declaration(NoParameters)

    def run(self, run):
        if os.fork() == 0:
            signal.pause()
        run.context.note("A child is there.")
        os.kill(os.getpid(), signal.SIGKILL)


class Misfit:
    """Hand over a patch whose size is a lie."""

    name = "misfit"
    parameters = Declaration(NoParameters)

    def run(self, run):
        run.context.patch(Bounds(0, 0, 5, 5), b"too little", None)
        raise AssertionError("the context took it")


class Unspeakable:
    """Return what JSON cannot carry."""

    name = "unspeakable"
    parameters = Declaration(NoParameters)

    def run(self, run):
        return ItemResult(Outcome(run.item.id, "done", data={"score": float("nan")}))


class Polite:
    """Give way until somebody came."""

    name = "polite"
    parameters = Declaration(NoParameters)

    def run(self, run):
        run.context.progress("Working", 0.1)
        while not run.context.give_way():
            pass
        return ItemResult(Outcome(run.item.id, "done", data={"pid": os.getpid()}))


class Stubborn:
    """Let nobody in until a pipe, which the item names, is written to."""

    name = "stubborn"
    parameters = Declaration(NoParameters)

    def run(self, run):
        run.context.progress("Working", 0.1)
        Path(run.item.arguments["pipe"]).read_text()
        return ItemResult(Outcome(run.item.id, "done", data={"pid": os.getpid()}))


def operations():
    known = (Enlarge(), Shout(), Plan(), Orphan(), Misfit(), Unspeakable(), Polite(), Stubborn())
    return {operation.name: operation for operation in known}


class TellingEngine(deterministic_engine.DeterministicEngine):
    """Writes a line into a pipe when it is told to give memory back."""

    def __init__(self, options, pipe):
        super().__init__(options)
        self._pipe = pipe

    def release(self):
        self._pipe.write_text("released\n")


def telling_engine(options):
    return TellingEngine(deterministic_engine.Options(), Path(options["pipe"]))


def no_engine(options):
    raise RuntimeError("this engine cannot be built")
