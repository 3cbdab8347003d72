"""Paths as clipboards give them."""

from pathlib import Path

import pytest

from foveate_shared.forms.pasted_path import as_typed


@pytest.mark.parametrize(
    ("pasted", "typed"),
    [
        ("  /a/film.safetensors\r\n", "/a/film.safetensors"),
        ('"C:\\x\\film.safetensors"', "C:\\x\\film.safetensors"),
        (" '/a b/film.safetensors' ", "/a b/film.safetensors"),
        ('"', '"'),
        ('""', ""),
        ("'mixed\"", "'mixed\""),
        ("org/name", "org/name"),
        ("https://example.org/a%20b.safetensors", "https://example.org/a%20b.safetensors"),
        ("file://other/a", "file://other/a"),  # of another machine
        ("file://[", "file://["),
    ],
)
def test_quotes_and_blanks_are_no_part_of_it(pasted, typed):
    assert as_typed(pasted) == typed


@pytest.mark.parametrize("kind", ["{}", '"{}"', " {}\r\n"])
def test_the_address_of_a_file_is_its_path(tmp_path, kind):
    path = tmp_path / "my ü#1 model.safetensors"
    assert Path(as_typed(kind.format(path.as_uri()))) == path
    assert as_typed(path.as_uri().replace("file://", "file://localhost")) == str(path)
