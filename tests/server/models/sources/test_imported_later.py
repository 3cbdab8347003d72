from __future__ import annotations

from pathlib import Path

import pytest

from foveate_server.models.download_progress import silent
from foveate_server.models.registry import default_sources
from foveate_server.models.sources.contract import Source
from foveate_server.models.sources.hub import HubSource
from foveate_server.models.sources.imported_later import ImportedLater
from foveate_server.models.sources.url import UrlSource

DATA = bytes(range(256))


@pytest.mark.parametrize(("kind", "cls"), [("hub", HubSource), ("url", UrlSource)])
def test_the_usual_ones_are_those_and_differ_in_nothing(kind: str, cls: type[Source], make_entry) -> None:
    found, real = default_sources()[kind], cls()
    assert isinstance(found, ImportedLater)
    assert isinstance(found._source, cls)
    assert found.remote == real.remote
    assert found.installed(make_entry(kind, "model.bin", DATA)) is real.installed(make_entry(kind, "model.bin", DATA))


def test_it_fetches_and_looks_up_as_the_real_one(file_server, make_entry, tmp_path: Path) -> None:
    file_server.files["/model.bin"] = DATA
    entry, source = make_entry("url", f"{file_server.url}/model.bin", DATA), default_sources()["url"]
    assert source.resolved(entry, tmp_path, silent) is entry
    source.fetch(entry, tmp_path, silent)
    assert (tmp_path / entry.files[0].name).read_bytes() == DATA
