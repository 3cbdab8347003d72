"""Watches Krita's main thread: its pauses, what our plugin did in them, and what of that were calls of Krita's own.

A pause has one of these causes, the one that took most of it: a call of Krita's that the plugin made, Krita's canvas
being painted (the outline of a selection moves every 150 ms), the plugin itself, or anything else.
"""

import time
from contextlib import contextmanager

from krita import Document, Krita, Node, Selection

from .qt import QApplication, QtCore

BEAT = 2  # milliseconds
LONG = 0.05  # seconds of a pause that a person may notice
CALL, CANVAS, PLUGIN, ELSE = "call", "canvas", "plugin", "else"
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


class _Canvas(QtCore.QObject):
    """Notes when Krita's canvas was being painted: from the event on that asks for it, until another one comes."""

    def __init__(self):
        super().__init__()
        self.spans = []  # (start, end)
        self._since = None

    def eventFilter(self, watched, event):  # noqa: N802 - Qt's name
        now = time.monotonic()
        if self._since is not None:
            self.spans.append((self._since, now))
        is_ours = event.type() == QtCore.QEvent.Type.Paint and "Canvas" in watched.metaObject().className()
        self._since = now if is_ours else None
        return False


class Watch:
    """What happened on the main thread while it was open. Times are of time.monotonic, which all processes share."""

    def __init__(self):
        self.beats = []
        self.canvas = _Canvas()
        self.calls = []  # of Krita: (start, end, name)
        self.ours = []  # callbacks of the plugin: (start, end, name, seconds that the thread worked less Krita's)
        self.worked = 0.0  # seconds that the thread worked in Krita's calls, so far

    def beat(self):
        """Note that the main thread lives."""
        self.beats.append(time.monotonic())

    def pauses(self):
        """Return the pauses between two beats that are LONG, longest first: (seconds, cause)."""
        found = []
        for start, end in zip(self.beats, self.beats[1:], strict=False):
            if end - start > LONG:
                shares = self._shares(start, end)
                found.append((end - start, max(shares, key=shares.get)))
        return sorted(found, reverse=True)

    def longest_pause(self):
        """Return the seconds of the longest pause between two beats."""
        return max(later - sooner for sooner, later in zip(self.beats, self.beats[1:], strict=False))

    def _shares(self, start, end):
        """Return the seconds of a pause by cause."""
        call = self._krita(start, end)
        painted = _within(start, end, self.canvas.spans)
        nested = sum(_within(max(start, begin), min(end, stop), self.canvas.spans) for begin, stop, _ in self.calls)
        ours = _within(start, end, [(begin, stop) for begin, stop, _, _ in self.ours]) - call
        return {CALL: call, CANVAS: painted - nested, PLUGIN: ours, ELSE: end - start - call - painted + nested - ours}

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
        return _within(start, end, [(begin, stop) for begin, stop, _ in self.calls])

    def timed(self, name, act):
        """Return `act` as a callback of ours whose times are kept."""

        def run(*arguments):
            start, worked = time.monotonic(), time.thread_time() - self.worked
            try:
                return act(*arguments)
            finally:
                self.ours.append((start, time.monotonic(), name, time.thread_time() - self.worked - worked))

        return run


def _within(start, end, spans):
    """Return the seconds that spans (start, end) have of a pause."""
    return sum(max(0.0, min(end, stop) - max(start, begin)) for begin, stop in spans)


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
    heart = QtCore.QTimer()
    heart.timeout.connect(watch.beat)
    heart.start(BEAT)
    QApplication.instance().installEventFilter(watch.canvas)
    _watches.append(watch)
    try:
        yield watch
    finally:
        _watches.remove(watch)
        heart.stop()
        QApplication.instance().removeEventFilter(watch.canvas)
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
