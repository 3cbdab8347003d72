"""A real server on a free port whose executor runs in the process and does as it is told."""

import asyncio
from dataclasses import dataclass, replace

import pytest

from fakes.executor import ScriptedExecutor
from fakes.jobs import list_catalog
from fakes.raw_client import RawClient
from foveate_server.app import Application, Variants, create_app
from foveate_server.endpoint.served_connection import ConnectionLimits
from foveate_server.engines.contract import EngineSpec

TOKEN = "fvt_test"


@dataclass
class Site:
    url: str
    app: Application
    executor: ScriptedExecutor

    def client(self, client="anna", **options):
        return RawClient(self.url, TOKEN, client, **options)


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
