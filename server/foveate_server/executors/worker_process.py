"""One worker process as the server sees it: orders, reports, its log lines, and its end."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import cast

from foveate_server.logs import job_logging
from foveate_server.tasks.messages import Order, Report, decode_report, encode
from foveate_shared.i18n.sentence import Sentence

_COMMAND = (sys.executable, "-m", "foveate_server.worker")
ENVIRONMENT = {  # of every worker
    "PYTHONSAFEPATH": "1",  # a file random.py in the folder where the server was started is none of ours
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that spin while they wait slow the editor, and each other on few cores
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # large pages: faulting small ones in took a sixth of the time
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime 1.29 and later send usage data, and leave a device id in the home
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
_MAX_LINE = 64 << 20  # bytes of one report; the longest ones are previews
_MAX_LOG_LINE = 4_000  # characters
_LEVELS = {logging.getLevelName(level): level for level in range(logging.DEBUG, logging.CRITICAL + 1, 10)}
_LEVEL = re.compile(rf"({'|'.join(_LEVELS)}) ")
_END_SECONDS = 5.0  # for a process whose stdin was closed to be gone

_logger = logging.getLogger("foveate_server.worker")


class WorkerProcess:
    """A running worker. Made by :meth:`start`; of no use once :meth:`receive` has returned None."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._orders = cast("asyncio.StreamWriter", process.stdin)
        self._reports = cast("asyncio.StreamReader", process.stdout)
        self._log = cast("asyncio.StreamReader", process.stderr)
        self._log_task = asyncio.create_task(self._pass_on_log(), name=f"log of worker {process.pid}")
        self._job: str | None = None  # whose item runs, for the log

    @classmethod
    async def start(cls, environment: Mapping[str, str]) -> WorkerProcess:
        """Start a process with `environment` added to ours. Raises OSError where that is impossible."""
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.subprocess_exec(
            lambda: _Protocol(limit=_MAX_LINE, loop=loop),
            *_COMMAND,
            env={**os.environ, **ENVIRONMENT, **environment},
            start_new_session=True,  # Ctrl+C in a terminal is for the server alone; and it makes a process group
        )
        process = asyncio.subprocess.Process(transport, protocol, loop)
        return cls(process)

    @property
    def pid(self) -> int:
        """Return the process's number."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Tell whether the process was still there when the event loop last looked."""
        return self._process.returncode is None

    def job_lines(self, job: str | None) -> None:
        """Let log lines from now on carry the id of `job`."""
        self._job = job

    def send(self, order: Order) -> None:
        """Send `order`; to a dead process that does nothing, its end is told by :meth:`receive`."""
        if not self._orders.is_closing():
            self._orders.write(encode(order))

    async def receive(self) -> Report | None:
        """Return the next report; None once the process has ended, or speaks nonsense and was killed for it."""
        try:
            line = await self._reports.readline()
            return decode_report(line) if line.endswith(b"\n") else None
        except ValueError:
            _logger.exception("worker %d: a report could not be read", self.pid)
            self.kill()
            return None

    def kill(self) -> None:
        """End the process now, whatever it does."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def close(self) -> int:
        """End the process in good order, or else by force, and return its exit status."""
        self._orders.close()
        try:
            await asyncio.wait_for(self._process.wait(), _END_SECONDS)
        except asyncio.TimeoutError:
            self.kill()
        return await self.ended()

    async def ended(self) -> int:
        """Wait for the end of the process and of its log, and return its exit status."""
        status = await self._process.wait()
        await self._log_task
        return status

    async def _pass_on_log(self) -> None:
        level: int = logging.INFO  # of the record that the line belongs to
        while line := await _read_line(self._log):
            text = line.decode(errors="replace").rstrip()
            if match := _LEVEL.match(text):
                level = _LEVELS[match[1]]
                text = text[match.end() :]
            with self._log_context():
                _logger.log(level, "worker %d: %s", self.pid, text[:_MAX_LOG_LINE])

    def _log_context(self) -> AbstractContextManager[None]:
        return nullcontext() if self._job is None else job_logging(self._job)


class _Protocol(asyncio.subprocess.SubprocessStreamProtocol):
    """Ends the children that a process leaves behind: as long as they hold its pipes open, asyncio waits for it."""

    _group: int  # the process's number, which is that of its group too

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember whose pipes these are."""
        self._group = cast("asyncio.SubprocessTransport", transport).get_pid()
        super().connection_made(transport)

    def process_exited(self) -> None:
        """End what is left of the group."""
        if sys.platform != "win32":  # which has no such groups
            with suppress(ProcessLookupError):
                os.killpg(self._group, signal.SIGKILL)
        super().process_exited()


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    """Return the next line, or a piece of one that is too long; nothing at the end."""
    try:
        return await stream.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError as error:
        return await stream.readexactly(error.consumed)


def describe_exit(status: int) -> Sentence:
    """Return one sentence about a worker that ended by itself with `status`, as :mod:`subprocess` gives it."""
    if status >= 0:
        return Sentence("The worker process ended unexpectedly (exit status {status}).", status=status)
    with suppress(ValueError):
        received = signal.Signals(-status)
        if received.name == "SIGKILL":
            return Sentence("The worker process was killed; perhaps memory ran out.")
        return Sentence("The worker process crashed ({signal}).", signal=received.name)
    return Sentence("The worker process was ended by signal {number}.", number=-status)
