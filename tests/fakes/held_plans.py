"""An operation that plans until it is let go, as for a huge document."""

from __future__ import annotations

import threading

from fakes.painting import Paint

PATIENCE = 60.0  # seconds


class Held(Paint):
    """Threads plan; the test is told of each that has begun."""

    name = "held"

    def __init__(self):
        self.begun, self.go_on = threading.Semaphore(0), threading.Event()

    def plan(self, request, parameters):
        self.begun.release()
        assert self.go_on.wait(PATIENCE)
        return super().plan(request, parameters)

    def wait_until_begun(self, count=1):
        """Return once so many more plans have begun."""
        for _ in range(count):
            assert self.begun.acquire(timeout=PATIENCE)


HELD = Held()  # where a server's operations are named by a path; who has let it go makes it hold again


def operations():
    return {"paint": Paint(), "held": HELD}
