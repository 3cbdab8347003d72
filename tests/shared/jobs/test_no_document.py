"""A host without a document refuses to be asked for one."""

from __future__ import annotations

import pytest

from foveate_shared.errors import ServerError
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.no_document import NoDocument


def test_nothing_of_a_document_is_handed_out():
    host, area = NoDocument(), Bounds(0, 0, 2, 2)
    for ask in (
        host.freeze,
        lambda: host.read_pixels(area, Extent(2, 2)),
        lambda: host.read_coverage(area, Extent(2, 2)),
    ):
        with pytest.raises(ServerError, match="there is none"):
            ask()


def test_what_stands_for_itself_is_unchanged():
    host = NoDocument()
    assert host.is_unchanged()
    host.release()
    assert host.is_unchanged()
