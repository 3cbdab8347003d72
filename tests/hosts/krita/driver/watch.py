"""Watches Krita's main thread: its pauses, what our plugin did in them, and what of that were calls of Krita's own."""

import time
from contextlib import contextmanager

from PyQt5.QtCore import QTimer

from krita import Document, Krita, Node, Selection

BEAT = 2  # milliseconds
_CALLS = {
    Krita: ("createDocument",),
    Document: (
        *("pixelData", "projection", "clone", "waitForDone", "refreshProjection", "close", "setAnnotation"),
        *("tryBarrierLock", "unlock", "createNode", "selection", "rootNode"),
    ),
    Node: ("setPixelData", "addChildNode", "setInheritAlpha"),
    Selection: ("pixelData", "x", "y", "width", "height"),
}

_watches = []


class Watch:
    """What happened on the main thread while it was open. Times are of time.monotonic, which all processes share."""

    def __init__(self):
        self.beats = []  # (when, seconds of the main thread, seconds of all threads)
        self.calls = []  # of Krita: (start, end, name)
        self.ours = []  # callbacks of the plugin: (start, end, name, seconds that the thread worked less Krita's)
        self.worked = 0.0  # seconds that the thread worked in Krita's calls, so far

    def beat(self):
        """Note that the main thread lives."""
        self.beats.append((time.monotonic(), time.thread_time(), time.process_time()))

    def gaps(self):
        """Return the pauses between two beats, longest first.

        Each is (seconds, of which Krita's calls, seconds that this thread worked, and the others, start).
        """
        found = []
        for sooner, later in zip(self.beats, self.beats[1:], strict=False):
            wall, mine, all_ = (after - before for before, after in zip(sooner, later, strict=True))
            found.append((wall, self._krita(sooner[0], later[0]), mine, all_ - mine, sooner[0]))
        return sorted(found, reverse=True)

    def own(self):
        """Return what the plugin did without letting Krita live, longest first.

        Each is (seconds that the thread worked, seconds that passed, name), both less Krita's calls.
        """
        spans = ((worked, end - start - self._krita(start, end), name) for start, end, name, worked in self.ours)
        return sorted(spans, reverse=True)

    def by_call(self):
        """Return the seconds and the longest one of each of Krita's calls."""
        found = {}
        for start, end, name in self.calls:
            count, total, longest = found.get(name, (0, 0.0, 0.0))
            found[name] = (count + 1, total + end - start, max(longest, end - start))
        return found

    def _krita(self, start, end):
        return sum(max(0.0, min(end, stop) - max(start, begin)) for begin, stop, _ in self.calls)

    def timed(self, name, act):
        """Return `act` as a callback of ours whose times are kept."""

        def run(*arguments):
            start, worked = time.monotonic(), time.thread_time() - self.worked
            try:
                return act(*arguments)
            finally:
                self.ours.append((start, time.monotonic(), name, time.thread_time() - self.worked - worked))

        return run


@contextmanager
def watching(desk):
    """Watch the main thread and the desk's timers."""
    watch = Watch()
    timers = [(desk._timer, desk._poll), (desk._context_timer, desk.look)]
    for timer, act in timers:
        timer.timeout.disconnect(act)
    replaced = [(timer, watch.timed(act.__name__, act)) for timer, act in timers]
    for timer, act in replaced:
        timer.timeout.connect(act)
    heart = QTimer()
    heart.timeout.connect(watch.beat)
    heart.start(BEAT)
    _watches.append(watch)
    try:
        yield watch
    finally:
        _watches.remove(watch)
        heart.stop()
        for (timer, act), (_, plain) in zip(replaced, timers, strict=True):
            timer.timeout.disconnect(act)
            timer.timeout.connect(plain)


def _timed_call(name, call):
    def run(*arguments, **options):
        start, worked = time.monotonic(), time.thread_time()
        try:
            return call(*arguments, **options)
        finally:
            for watch in _watches:
                watch.calls.append((start, time.monotonic(), name))
                watch.worked += time.thread_time() - worked

    return run


# For good: Krita's classes do not take their own methods back.
for _kind, _names in _CALLS.items():
    for _name in _names:
        setattr(_kind, _name, _timed_call(f"{_kind.__name__}.{_name}", getattr(_kind, _name)))
