"""One editor's numbers; see the package's __main__, which runs this with the tests' tools on its path."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from benchmarks.editors import report
from benchmarks.editors.editor import MARGIN, Editor, Own, Remarking, Rig, Window
from benchmarks.editors.eyes import Eyes, screen_memory
from benchmarks.editors.memory import Peaks
from benchmarks.editors.relay import Relay, Traffic
from PIL import Image
from scipy import ndimage

from foveate_shared.connection.running_server import write_runtime_file
from hosts.lib.building import provide_chroot
from hosts.lib.chroot import Chroot
from hosts.lib.screen import xvfb
from hosts.lib.servers import foveate_server

SCREEN = (1200, 820)
_BEHIND_A_RELAY = {"allowed_hosts": "127.0.0.1"}  # with any port: Host names the relay


def picture(side: int) -> Image.Image:
    """Return soft blocks, small and large: the engine changes them, which is seen also where they are shown small."""
    random = np.random.default_rng(3)
    values = np.zeros((side, side, 3), np.float32)
    for block, share in ((4, 0.4), (side // 16, 0.6)):
        coarse = random.random((-(-side // block), -(-side // block), 3), np.float32)
        values += share * coarse.repeat(block, axis=0).repeat(block, axis=1)[:side, :side]
    soft = ndimage.uniform_filter(values, (3, 3, 1))
    return Image.fromarray(np.clip(np.rint(soft * 255), 0, 255).astype(np.uint8))


@contextlib.contextmanager
def rig() -> Iterator[tuple[Rig, Relay]]:
    """Give a screen, and a server with a relay in front of it."""
    with contextlib.ExitStack() as stack:
        chroot = Chroot(provide_chroot(), uuid.uuid4().hex[:8])
        stack.callback(chroot.clean)
        screen = stack.enter_context(xvfb(chroot, Path(tempfile.gettempdir()), size=SCREEN))
        folder = chroot.folder("server")
        server = stack.enter_context(
            foveate_server((folder / "server").outside, (folder / "real.json").outside, **_BEHIND_A_RELAY)
        )
        running = server.wait_until_ready()
        relay = stack.enter_context(Relay(running.url))
        write_runtime_file((folder / "relay.json").outside, replace(running, url=relay.url))
        yield Rig(chroot, screen, (folder / "relay.json").inside), relay


class Measuring:
    """Runs jobs of one size in an editor and takes the times."""

    def __init__(self, editor: Editor, rig: Rig, relay: Relay, path: Path, side: int) -> None:
        self._editor = editor
        self._relay = relay
        self._screen = screen_memory(rig.screen.framebuffer)
        self._path = path
        self._side = side

    def open(self) -> None:
        """Show the picture anew: nothing of an earlier job is left, in memory neither."""
        with self._eyes() as eyes:
            self._editor.open(self._path, self._side)
            eyes.wait_until_still()

    def job(self) -> tuple[report.Job, Traffic]:
        """Run one job."""
        self.open()
        self._relay.take()
        with self._eyes() as eyes:
            call = self._editor.refocus()
            eyes.wait_until_still()
        traffic = self._relay.take()
        assert traffic.bytes_down > 3 * self._side**2, "the result did not come by way of the relay"
        up, down = traffic.pixels_up, traffic.pixels_down
        return report.Job(call.called, up[0], up[-1], down[0], down[-1], call.returned, eyes.settled), traffic

    def bare(self, window: Window) -> Own:
        """Let the editor do its own part alone."""
        self.open()
        with self._eyes() as eyes:
            own = self._editor.bare(window)
            eyes.wait_until_still()
        return own if own.writing is None else replace(own, write=eyes.settled - own.writing)

    def memory(self) -> report.Memory:
        """Run one job, which may take longer for it, and look at the memory."""
        self.open()
        with Peaks(self._editor.process) as peaks:
            self._editor.refocus()
        return report.Memory(peaks.before, peaks.editor, peaks.plugin)

    def _eyes(self) -> Eyes:
        return Eyes(self._screen, self._editor.box)


def measure(measuring: Measuring, side: int, repeat: int) -> report.Row:
    """Return the medians for one size of selection."""
    _, traffic = measuring.job()  # the first one is not counted: files are read then, and the server's worker starts
    window = first_window(traffic)
    jobs, own = [], []
    for _ in range(repeat):
        jobs.append(measuring.job()[0])
        own.append(measuring.bare(window))
    parts = Own(*(median(getattr(each, name) for each in own) for name in ("start", "read", "write")))
    return report.Row(side, report.middle(jobs), parts, measuring.memory())


def first_window(traffic: Traffic) -> Window:
    """Return what the server asked for first."""
    bounds = traffic.first("windows")["requests"][0]["bounds"]
    return Window(*bounds) if isinstance(bounds, list) else Window(**bounds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("editor")
    parser.add_argument("--sides", nargs="+", type=int)
    parser.add_argument("--repeat", type=int)
    options = parser.parse_args()
    module = importlib.import_module(f"benchmarks.editors.{options.editor}")
    about = report.about(options.editor, options.sides, options.repeat)
    rows = []
    with tempfile.TemporaryDirectory() as folder, rig() as (parts, relay), module.start(parts) as editor:
        for side in options.sides:
            path = Path(folder) / f"{side}.png"
            picture(side + 2 * MARGIN).save(path)
            rows.append(measure(Measuring(editor, parts, relay, path, side), side, options.repeat))
            remarks = editor.remarks if isinstance(editor, Remarking) else ()
            section = report.section(options.editor, editor.title, about, rows, remarks)
            report.write(options.editor, section)  # after each size: a long run that is cut short is not lost
        print(section)
    return 0


if __name__ == "__main__":
    sys.exit(main())
