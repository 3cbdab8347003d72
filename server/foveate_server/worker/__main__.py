"""`python -m foveate_server.worker`: started by the server, of no use to a person."""

from __future__ import annotations

import faulthandler
import logging
import signal
import sys
from contextlib import suppress
from pathlib import Path

from foveate_server.tasks.messages import Launch
from foveate_server.worker.channel import Channel, claim_standard_streams
from foveate_server.worker.task_loop import Worker

_OOM_SCORE = "500"  # of 1000: where memory runs out, Linux ends the worker rather than the server or the editor
LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"  # the server reads the level from it


def main() -> None:
    """Be a worker until the server ends, or closes our stdin."""
    channel = claim_standard_streams()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the server: it tells us what it means
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format=LOG_FORMAT)
    faulthandler.enable()
    _offer_to_the_oom_killer()
    launch = _first_order(channel)
    if launch is not None:
        Worker(channel, launch).serve()


def _first_order(channel: Channel) -> Launch | None:
    order = next(channel.orders(), None)
    if order is not None and not isinstance(order, Launch):
        raise ValueError(f"the first order must be to launch, not {type(order).__name__}")
    return order


def _offer_to_the_oom_killer() -> None:
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")


if __name__ == "__main__":
    main()
