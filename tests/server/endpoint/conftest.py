"""A real server on a free port whose executor runs in the process and does as it is told."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fakes.executor import ScriptedExecutor
from fakes.host import MemoryHost
from fakes.jobs import list_catalog
from fakes.raw_client import RawClient
from foveate_server.app import Application, Variants, create_app
from foveate_server.endpoint.served_connection import ConnectionLimits
from foveate_server.engines.contract import EngineSpec
from foveate_server.engines.deterministic.engine import deterministic_spec
from foveate_server.executors.local import LocalExecutor
from foveate_shared.connection.client import Client
from foveate_shared.connection.server_address import ServerAddress
from foveate_shared.jobs.job_flow import Rerender
from foveate_shared.jobs.run_blocking import run_to_end
from foveate_shared.wire.protocol import Peer
from hosts.lib.waiting import wait_until

TOKEN = "fvt_test"
PATIENCE = 60.0  # seconds
TESTS = Path(__file__).parents[2]
OPERATIONS = "fakes.version_2:operations"


@dataclass
class Site:
    url: str
    app: Application
    executor: ScriptedExecutor

    def client(self, client="anna", **options):
        return RawClient(self.url, TOKEN, client, **options)

    def until_running(self):
        """Wait until the executor has a task: its start is told a little earlier."""
        wait_until(lambda: self.executor.running, PATIENCE, "a task")

    def until_stored(self, size):
        """Wait until the spool holds `size` bytes: what nobody needs is wiped in threads, which tells nobody."""
        wait_until(lambda: self.app.status().spool_bytes == size, PATIENCE, f"a spool of {size} bytes")


class RemoteExecutor(ScriptedExecutor):
    """One that the test's thread can steer."""

    async def start(self):
        await super().start()
        self.loop = asyncio.get_running_loop()

    def hold(self, item_id, **options):
        release = super().hold(item_id, **options)
        return lambda: self.loop.call_soon_threadsafe(release)


@pytest.fixture
def start_site(config, start_server):
    """Start a server; keyword arguments change its configuration."""

    def start(*, patience=None, operations="fakes.painting:operations", **settings):
        executor = RemoteExecutor()
        changed = replace(config, **settings)
        variants = Variants(operations=operations, executor=executor, patience=patience or ConnectionLimits())
        app = create_app(changed, EngineSpec("nowhere", list_catalog), token=TOKEN, variants=variants)
        return Site(start_server(app, changed).url, app, executor)

    return start


@pytest.fixture
def site(start_site):
    return start_site()


@pytest.fixture(scope="module")
def connect(module_config, start_module_server):
    """A real server with a worker process, and what connects to it."""
    engine = deterministic_spec()
    executor = LocalExecutor(engine, operations=OPERATIONS, environment={"PYTHONPATH": str(TESTS)})
    variants = Variants(operations=OPERATIONS, executor=executor)
    app = create_app(module_config, engine, token=TOKEN, variants=variants)
    server = start_module_server(app, module_config)
    return lambda: Client(ServerAddress(server.url, TOKEN), "anna", Peer("test", "1"))


@pytest.fixture
def run(connect):
    """Run a job to its end; return its flow and its host."""

    def run(operation, pictures=None, host=None, **options):
        host = host or MemoryHost()
        with connect() as client:
            flow = Rerender(client, host, operation, {}, pictures=pictures, **options)
            flow.start()
            run_to_end(client, flow)
        return flow, host

    return run
