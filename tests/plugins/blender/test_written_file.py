"""Stills and frames have other names, and only the file system knows which one was written."""

import os
from dataclasses import dataclass
from types import SimpleNamespace

import pytest


@dataclass
class Render:
    """A scene's settings, and the names that Blender gives to frames."""

    filepath: str
    file_extension: str = ".png"
    is_movie_format: bool = False

    def frame_path(self, frame):
        marks = self.filepath.count("#")
        path = self.filepath.replace("#" * marks, f"{frame:0{marks}}") if marks else f"{self.filepath}{frame:04}"
        return path if path.endswith(self.file_extension) else path + self.file_extension


@pytest.fixture
def written(load):
    load.bpy.path = SimpleNamespace(abspath=lambda path: path)
    return load("written_file").written_file


@pytest.mark.parametrize(
    ("path", "extension", "name"),  # as Blender 4.3 and 4.5 write them
    [
        ("still", ".png", "still.png"),
        ("still.png", ".png", "still.png"),
        ("still.jpg", ".png", "still.png"),
        ("still.jpeg", ".jpg", "still.jpeg"),
        ("still_####", ".png", "still_####.png"),
        ("still_##.png", ".png", "still_##.png"),
        ("my.still", ".png", "my.still.png"),
        ("still", "", "still"),
        ("still.PNG", ".png", "still.PNG"),
    ],
)
def test_a_still_is_found_under_the_name_that_blender_gave_it(written, tmp_path, path, extension, name):
    (tmp_path / name).touch()
    assert written(Render(f"{tmp_path}/{path}", extension), 3) == tmp_path / name


@pytest.mark.parametrize(("path", "name"), [("shot-", "shot-0003.png"), ("shot_##", "shot_03.png")])
def test_a_frame_has_its_number_also_beside_an_older_still(written, tmp_path, path, name):
    render = Render(f"{tmp_path}/{path}")
    still = tmp_path / f"{path}.png"
    for file, seconds in ((still, 1), (tmp_path / name, 2)):
        file.touch()
        os.utime(file, (seconds, seconds))
    assert written(render, 3) == tmp_path / name
    os.utime(still, (3, 3))
    assert written(render, 3) == still


def test_a_movie_is_no_single_image(written, tmp_path):
    (tmp_path / "film.mp4").touch()
    found = written(Render(f"{tmp_path}/film.mp4", ".mp4", is_movie_format=True), 3)
    assert not found.is_file()


def test_what_was_not_written_has_the_name_of_a_frame(written, tmp_path):
    assert written(Render(f"{tmp_path}/shot-"), 3) == tmp_path / "shot-0003.png"
