"""What Help opens: the page is docs/gimp.md, and GIMP finds it for each of our procedures."""

import importlib.util
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "plugins/gimp/foveate/help/en"


@pytest.fixture(scope="module")
def page():
    return (FOLDER / "index.html").read_text(encoding="utf-8")


def test_the_page_is_as_generated(page):
    path = ROOT / "shared/tools/generate_gimp_help.py"
    spec = importlib.util.spec_from_file_location("generate_gimp_help", path)
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    assert generator.text() == page, "docs/gimp.md changed: run python shared/tools/generate_gimp_help.py"


def test_every_reference_leads_somewhere_and_one_is_for_all_others(page):
    root = ET.parse(FOLDER / "gimp-help.xml").getroot()  # noqa: S314 - our own
    references = [each.get("ref") for each in root]
    assert [each.get("ref") for each in root.iter("help-missing")] == ["index.html"]
    for name, _, anchor in (reference.partition("#") for reference in references):
        assert (FOLDER / name).is_file()
        assert not anchor or f'id="{anchor}"' in page


def test_the_page_needs_nothing_beside_it(page):
    assert "<img" not in page
    assert "href" not in page
    assert "docs/" not in page
