"""All owners' jobs, behind the real middleware: for the server's own token alone."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette

from fakes.guarded import bearer
from foveate_server.config.server_config import ServerConfig
from foveate_server.net.gate import Gate
from foveate_server.net.named_tokens import LOCAL_NAME, Authenticator, add_token, new_token
from foveate_server.net.security_middleware import SecurityMiddleware
from foveate_server.status.all_jobs import AllJobs
from foveate_server.status.page_sessions import Sessions
from foveate_server.status.report import JobStatus
from foveate_shared.errors import ErrorCode, InputError


@pytest.fixture
def served(start_server, config: ServerConfig):
    """Two jobs of two owners; returns a function that asks, with a token by its owner's name, and what was ended."""
    tokens = {LOCAL_NAME: new_token(), "tablet": add_token(config, "tablet")}
    jobs = [JobStatus("a", "faces", "local", "done", number=1), JobStatus("b", "upscale", "tablet", "queued", number=2)]
    ended: list[int] = []

    def cancel(number: int) -> bool:
        if number > len(jobs):
            raise InputError("There is no such job.", code=ErrorCode.UNKNOWN_JOB, remedy="Look.")
        ended.append(number)
        return jobs[number - 1].state != "done"

    app = Starlette(routes=AllJobs(LOCAL_NAME, lambda: jobs, cancel).routes())
    gate = Gate(config, Authenticator(config.tokens_file, tokens[LOCAL_NAME]), Sessions())
    server = start_server(SecurityMiddleware(app, gate), config)

    def ask(method: str, path: str, owner: str = LOCAL_NAME) -> httpx.Response:
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            return client.request(method, path, headers=bearer(tokens[owner]))

    return ask, ended


def test_the_owner_of_the_server_sees_and_ends_all(served):
    ask, ended = served
    jobs = ask("GET", "/jobs").json()["jobs"]
    assert [(job["number"], job["owner"], job["state"]) for job in jobs] == [
        (1, "local", "done"),
        (2, "tablet", "queued"),
    ]
    assert ask("DELETE", "/jobs/2").json() == {"cancelled": True}
    assert ask("DELETE", "/jobs/1").json() == {"cancelled": False}
    assert ended == [2, 1]
    assert (answer := ask("DELETE", "/jobs/9")).status_code == 404
    assert answer.json()["code"] == "unknown_job"


@pytest.mark.parametrize(("method", "path"), [("GET", "/jobs"), ("DELETE", "/jobs/2"), ("DELETE", "/jobs/9")])
def test_anybody_else_is_refused(served, method: str, path: str):
    ask, ended = served
    answer = ask(method, path, "tablet")
    assert (answer.status_code, answer.json()["code"], ended) == (403, "forbidden", [])
    assert "upscale" not in answer.text
