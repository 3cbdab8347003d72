"""Reports in words, and files in a folder of their own."""

from pathlib import Path

import pytest

from foveate_shared.errors import ResourceError
from foveate_shared.geometry import Extent
from foveate_shared.jobs.host import Image, ItemReport, Result, ResultFile
from foveate_shared.jobs.results_in_words import drawing_of, folder_beside, foreseen, told
from foveate_shared.pixels import Channels, PixelFormat, SampleType
from foveate_shared.wire.protocol import FILES, REPORT

EXTENT = Extent(2, 1)
DRAWING = Image(EXTENT, bytes(6), PixelFormat(SampleType.U8, Channels.RGB))
FILE = ResultFile("raw.bin", "application/octet-stream", b"abc")


def result(kind, **parts):
    return Result("document", EXTENT, (), (), kind=kind, **parts)


def test_a_report_is_a_line_for_each_value(tmp_path):
    data = {"mean": 12.345678901, "kind": "photo", "box": [1, 2], "sharp": True, "count": 3}
    report = result(REPORT, reports=(ItemReport(data, None), ItemReport({"mean": 1}, DRAWING)))
    assert told(report, tmp_path, "x") == (
        "mean: 12.3457", "kind: photo", "box: [1, 2]", "sharp: true", "count: 3", "mean: 1",
    )  # fmt: skip
    assert drawing_of(report).drawing is DRAWING
    assert drawing_of(result(REPORT)) is None
    assert foreseen(report) == told(report, tmp_path, "x")


def test_files_are_foreseen_by_their_names_and_not_written(tmp_path):
    assert foreseen(result(FILES, files=(FILE,))) == ("raw.bin",)
    assert not any(tmp_path.iterdir())


def test_files_never_replace_others(tmp_path):
    place = tmp_path / "new" / "place"
    first = told(result(FILES, files=(FILE,)), place, "scene, Export")
    second = told(result(FILES, files=(FILE, ResultFile("empty.txt", "text/plain", b""))), place, "scene, Export")
    assert first == (f"1 file was saved in {place / 'scene, Export'}: raw.bin",)
    assert second == (f"2 files were saved in {place / 'scene, Export 2'}: raw.bin, empty.txt",)
    assert (place / "scene, Export/raw.bin").read_bytes() == b"abc"
    assert (place / "scene, Export 2/empty.txt").read_bytes() == b""


def test_nothing_is_left_where_files_cannot_be_written(tmp_path):
    bad = ResultFile("x" * 300, "text/plain", b"")
    with pytest.raises(ResourceError, match="cannot be written"):
        told(result(FILES, files=(FILE, bad)), tmp_path, "out")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(ResourceError, match="cannot be written"):
        told(result(FILES, files=(FILE,)), tmp_path / "file", "out")


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Export (org/name)", "Export (org-name)"),
        ("../../outside", "-..-outside"),
        (".config", "config"),
        ("C:\\x?", "C-x-"),
        ("a\nb", "a-b"),
        ("..", "Foveate"),
        ("", "Foveate"),
        ("𝄞" * 300, "𝄞" * 60),
    ],
)
def test_a_folder_lies_in_its_place_whatever_it_is_called(tmp_path, name, folder):
    told(result(FILES, files=(FILE,)), tmp_path / "place", name)
    assert [path.name for path in tmp_path.iterdir()] == ["place"]
    assert [path.name for path in (tmp_path / "place").iterdir()] == [folder]


def test_files_go_beside_the_documents_own_else_to_the_persons_home(tmp_path):
    assert folder_beside(str(tmp_path / "scene.kra")) == tmp_path
    assert folder_beside("") == Path.home()
