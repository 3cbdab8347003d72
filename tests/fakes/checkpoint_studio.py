"""A real server with tiny checkpoints of all families and what can be added to them, and a client of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fakes import additions
from fakes.checkpoints import TinyCheckpoints
from fakes.known_models import registry_with
from fakes.workplace import Workplace
from foveate_server.cli.document import PictureDocument
from foveate_server.cli.region import Region
from foveate_server.engines.diffusion.quiet_libraries import quiet
from foveate_server.models.adding.from_path import add_path
from foveate_server.models.adding.make_entry import AddOptions
from foveate_server.models.entry import ModelEntry
from foveate_server.models.registry import Registry
from foveate_server.picture_files.picture import Picture
from foveate_shared.connection.client import Client
from foveate_shared.connection.running_server import read_runtime_file
from foveate_shared.jobs.host import Result
from foveate_shared.jobs.job_flow import JobProgress, Rerender
from foveate_shared.jobs.run_blocking import run_to_end
from foveate_shared.wire.protocol import Peer

UNETS = ("sd1", "sd2", "sdxl")
CHECKPOINTS = (*UNETS, "sd1-inpainting", "sd3", "flux1")
RESTORER = "realesr-animevideov3"


@dataclass
class Made:
    """What a job gave, and what was seen of it on the way."""

    status: JobProgress
    picture: Picture | None
    result: Result | None
    previews: int
    steps: set[int]  # out of how many was told

    @property
    def recipe(self) -> dict[str, Any]:
        assert self.result is not None
        return self.result.recipe

    def samples(self) -> NDArray[Any]:
        assert self.picture is not None, self.status.error
        return self.picture.samples


@dataclass
class Studio:
    """A server with all checkpoints and additions, and one connection to it."""

    client: Client
    registry: Registry
    workplace: Workplace
    entries: dict[str, ModelEntry]  # as they were at first

    def flow(self, picture: Picture, region: Region, operation: str, parameters: dict[str, Any], **options: Any) -> Any:
        kept: list[Picture] = []
        document = PictureDocument(picture, region, lambda made, _: kept.append(made))
        return Rerender(self.client, document, operation, parameters, **options), kept

    def run(self, picture: Picture, region: Region, operation: str, parameters: dict[str, Any]) -> Made:
        previews: list[bytes] = []
        flow, kept = self.flow(
            picture, region, operation, parameters, on_preview=lambda _, pixels: previews.append(pixels)
        )
        steps: set[int] = set()
        flow.start()
        status = run_to_end(self.client, flow, on_status=lambda status: steps.add(status.steps))
        return Made(status, kept[0] if kept else None, flow.result, len(previews), steps)


@dataclass(frozen=True)
class StudioServer:
    """The server without anybody who is connected."""

    registry: Registry
    workplace: Workplace
    entries: dict[str, ModelEntry]

    @contextmanager
    def entered(self) -> Iterator[Studio]:
        """Have a connection to it. No longer than needed: the thread that keeps it alive draws random numbers,
        and Hypothesis takes that for its own tests' fault."""
        running = read_runtime_file(self.workplace.runtime_file)
        assert running is not None
        with Client(running.address, "studio", Peer("tests", "1")) as client:
            yield Studio(client, self.registry, self.workplace, self.entries)


@contextmanager
def serving_studio(folder: Path) -> Iterator[StudioServer]:
    """Have a studio's server in `folder`."""
    registry = registry_with(folder / "cache", "centerface", RESTORER)  # finds faces, and restores quickly
    registry.set_default(RESTORER)
    with quiet():
        entries = fill(registry, folder)
    workplace = Workplace(folder, engine="foveate_server.engines.engine_specs:suite_spec")
    workplace.extra |= {"FOVEATE_CACHE_DIR": str(folder / "cache"), "FOVEATE_OFFLINE": "1"}
    workplace.extra["FOVEATE_THREADS"] = "1"  # layers as small as these take longer to hand out than to compute
    with workplace.serving():
        yield StudioServer(registry, workplace, {entry.name: entry for entry in entries})


def fill(registry: Registry, folder: Path) -> list[ModelEntry]:
    """Add every checkpoint, and of each family what can be added to it, under FAMILY-ADDITION."""
    tiny = TinyCheckpoints(folder)
    entries = [add_path(registry, tiny.folder(name), AddOptions(name=name)) for name in CHECKPOINTS]
    for family in (*UNETS, "sd3", "flux1"):
        states = {"lora": additions.diffusers_lora(family)}
        if family in UNETS:
            states |= {"kohya": additions.kohya_lora(family), "word": additions.embedding(family)}
        for kind, state in states.items():
            path = additions.write(folder / f"{family}-{kind}.safetensors", state)
            entries.append(add_path(registry, path, AddOptions(name=f"{family}-{kind}")))
        options = AddOptions(name=f"{family}-vae", family=family)
        entries.append(add_path(registry, tiny.folder(family) / "vae", options))
    return entries
