"""Sizes as people write and read them."""

import pytest

from foveate_server.config.parse_values import size, size_text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (731, "731 B"), (500 << 10, "500 KB"), (1536 << 10, "1.5 MB"), (20 << 30, "20 GB"), (5 << 40, "5 TB")],
)
def test_a_size_is_said_in_a_unit_that_shows_it(count, text):
    assert size_text(count) == text
    assert not count or size(text) == count
