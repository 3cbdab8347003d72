"""Where the results of many pictures go."""

from pathlib import Path

import pytest

from fakes.pictures import scene
from foveate_server.cli.file_pairs import FilePair, Naming, pairs_of
from foveate_server.picture_files.write import save
from foveate_shared.errors import InputError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    for name in ("b.PNG", "a.png", "sub/c.png", ".hidden.png", "notes.txt"):
        (tmp_path / name).write_text(name)
    return tmp_path


def names(pairs):
    return [(str(pair.source), str(pair.output)) for pair in pairs]


def test_results_are_called_as_they_are_wanted(folder):
    assert Naming(Path("new")).output_of(Path("x/a.jpg")) == Path("new/a.jpg")
    assert Naming(suffix="_sharp").output_of(Path("x/a.b.JPG")) == Path("x/a.b_sharp.JPG")
    assert Naming(Path("new"), "-2", ".png").output_of(Path("a.jpg")) == Path("new/a-2.png")


def test_a_folder_is_all_pictures_in_it_and_nothing_below(folder):
    assert names(pairs_of([Path()], Naming(Path("new")), force=False)) == [
        ("a.png", "new/a.png"),
        ("b.PNG", "new/b.PNG"),
    ]


def test_a_pattern_that_the_shell_left_is_all_that_fits_it(folder):
    assert names(pairs_of([Path("s*/?.png")], Naming(Path("new")), force=False)) == [("sub/c.png", "new/c.png")]
    (folder / "[1].png").write_text("a picture that is called so")
    assert names(pairs_of([Path("[1].png")], Naming(Path("new")), force=False)) == [("[1].png", "new/[1].png")]
    assert names(pairs_of([Path("none*.png")], Naming(Path("new")), force=False)) == [("none*.png", "new/none*.png")]


def test_a_picture_that_is_named_twice_is_one(folder):
    pairs = pairs_of([Path("a.png"), Path()], Naming(Path("new")), force=False)
    assert [str(pair.source) for pair in pairs] == ["a.png", "b.PNG"]


def test_one_result_is_not_the_next_original(folder):
    save(scene(), folder / "a_new.png", recipe='{"first": 1}')
    assert names(pairs_of([Path("a.png"), Path("a_new.png")], Naming(suffix="_new"), force=False)) == [
        ("a.png", "a_new.png")
    ]


def test_an_original_is_not_replaced_by_another_s_result(folder):
    (folder / "a_new.png").write_text("an original")
    files = [Path("a.png"), Path("a_new.png")]
    with pytest.raises(InputError, match="would replace the picture"):
        pairs_of(files, Naming(suffix="_new"), force=False)
    assert len(pairs_of(files, Naming(suffix="_new"), force=True)) == 2


def test_originals_are_replaced_where_that_is_wished(folder):
    here = Path("a.png")
    assert pairs_of([here], Naming(Path()), force=True) == [FilePair(here, here)]
