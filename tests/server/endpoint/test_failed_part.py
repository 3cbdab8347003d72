"""A client that has the rest made of a new image of which a part failed: over the connection that told of it."""

from fakes.host import MemoryHost
from fakes.painting import PaintAnew
from foveate_server.jobs.runner import MAX_WORKER_DEATHS
from foveate_shared.connection.client import Client
from foveate_shared.connection.server_address import ServerAddress
from foveate_shared.errors import ErrorCode, ServerError
from foveate_shared.jobs.job_flow import JobState, Rerender
from foveate_shared.jobs.run_blocking import run_to_end
from foveate_shared.wire.protocol import Peer

TOKEN = "fvt_test"


def operations():
    return {"paint": PaintAnew()}


async def die(task, listener):
    raise ServerError("The worker died.", code=ErrorCode.WORKER_CRASHED)


def test_what_failed_is_made_and_what_is_finished_is_not_made_again(start_site):
    site, host = start_site(operations=f"{__name__}:operations"), MemoryHost()
    site.executor.behaviours["i2"] = die
    with Client(ServerAddress(site.url, TOKEN), "anna", Peer("test", "1")) as client:
        flow = Rerender(client, host, "paint", {"items": 2})
        flow.start()
        assert run_to_end(client, flow).state is JobState.FAILED
        assert flow.status.error.remedy == "The finished parts are kept: make the rest."
        assert flow.can_make_rest
        del site.executor.behaviours["i2"]
        flow.make_rest()
        assert run_to_end(client, flow, is_reached=True).state is JobState.DONE
    assert len(host.applied) == 1
    runs = [key.rpartition("/")[2] for key in site.executor.keys]
    assert (runs.count("i1"), runs.count("i2")) == (1, MAX_WORKER_DEATHS + 1)
