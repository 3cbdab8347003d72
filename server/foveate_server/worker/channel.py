"""The worker's end of the pipes to the server, kept out of reach of whatever libraries print or read."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from threading import Lock
from typing import BinaryIO

from foveate_server.tasks.messages import Order, Report, decode_order, encode

_GONE = 0  # exit status after the server ended: nobody reads it


class Channel:
    """Orders in, reports out. Reports may come from several threads."""

    def __init__(self, orders: BinaryIO, reports: BinaryIO) -> None:
        self._orders = orders
        self._reports = reports
        self._lock = Lock()  # keeps lines whole

    def send(self, report: Report) -> None:
        """Send `report`. Without a server to send it to, there is nothing left to do: the process ends."""
        line = encode(report)
        try:
            with self._lock:
                self._reports.write(line)
                self._reports.flush()
        except OSError:
            leave()

    def orders(self) -> Iterator[Order]:
        """Give the orders as they come, until the server closes its end or dies."""
        for line in self._orders:
            yield decode_order(line)


def claim_standard_streams() -> Channel:
    """Return the channel over stdin and stdout, and put harmless streams in their place.

    Afterwards reading stdin gives nothing, and what anything in this process prints, in Python or C, goes to stderr.
    """
    orders, reports = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdout.flush()
    os.dup2(2, 1)
    return Channel(os.fdopen(orders, "rb"), os.fdopen(reports, "wb"))


def leave() -> None:
    """End this process now, whatever its other threads are in the middle of."""
    os._exit(_GONE)
