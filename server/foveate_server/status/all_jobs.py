"""All owners' jobs by HTTP, for who owns the server: to see them, and to end one. Anybody else is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from foveate_server.status.page_sessions import OWNER_TOKEN
from foveate_server.status.report import JobStatus
from foveate_shared.errors import ErrorCode, ErrorInfo, Fault, InputError
from foveate_shared.wire.codec import encode_error

_FORBIDDEN = ErrorInfo(
    ErrorCode.FORBIDDEN,
    "Only who owns this server may see or end the jobs of others.",
    "Do it on the server's own machine, as the user who started it.",
    Fault.USER,
)


class AllJobs:
    """Makes the routes of one server. `owner` is the name of the token that may use them."""

    def __init__(self, owner: str, jobs: Callable[[], Sequence[JobStatus]], cancel: Callable[[int], bool]) -> None:
        """`cancel` ends the job of a number; False where it had ended, InputError where there is none."""
        self._owner = owner
        self._jobs = jobs
        self._cancel = cancel

    def routes(self) -> list[Route]:
        """Return the routes, to be mounted at the root."""
        return [Route("/jobs", self._list), Route("/jobs/{number:int}", self._end, methods=["DELETE"])]

    async def _list(self, request: Request) -> Response:
        if not self._may(request):
            return _refused(_FORBIDDEN, 403)
        return JSONResponse({"jobs": [asdict(job) for job in self._jobs()]})

    async def _end(self, request: Request) -> Response:
        if not self._may(request):
            return _refused(_FORBIDDEN, 403)
        try:
            return JSONResponse({"cancelled": self._cancel(request.path_params["number"])})
        except InputError as error:
            return _refused(error.info, 404)

    def _may(self, request: Request) -> bool:
        return bool(request.scope.get(OWNER_TOKEN) == self._owner)


def _refused(error: ErrorInfo, status: int) -> Response:
    return Response(encode_error(error), status, media_type="application/json")
