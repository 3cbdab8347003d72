"""Which entries the menu has, and how GIMP is made to ask for them anew."""

import os
import sys
from dataclasses import replace

import pytest
from foveate_gimp import connection, imageless_procedures, menu
from foveate_gimp.operation_procedures import all_operations, operations_of

from fakes.changed_server import changed_operations
from foveate_server.operations.registry import operations
from foveate_shared.connection.settings import load, save
from foveate_shared.editor import known_server
from foveate_shared.i18n.translations import Texts
from foveate_shared.wire.protocol import ModelInfo, OperationInfo

RESTORER = ModelInfo("sharp", "Sharp", ("refocus", "faces", "upscale"), 4, True)
CHECKPOINT = ModelInfo("photo", "Photo", ("refocus", "fill", "compare"), 4, True, kind="diffusion", family="sd1")
NEED_ONE = ["plug-in-foveate-fill", "plug-in-foveate-extend", "plug-in-foveate-compare"]
OURS, THEIRS = (
    tuple(OperationInfo(each.name, each.title, each.parameters.schema) for each in of.values())
    for of in (operations(), changed_operations())
)


@pytest.fixture
def entry(tmp_path):
    path = tmp_path / "foveate.py"
    path.touch()
    os.utime(path, (1000, 1000))
    return path


@pytest.fixture
def see(settings, entry):
    """Return what lets a dialog see a server."""

    def see(infos, *models):
        if infos and models:
            known_server.save(settings.with_name(known_server.FILE_NAME), infos, models)
        menu.note(infos, models, entry)

    return see


def hidden(entry):
    return [each.procedure for each in all_operations() if not menu.shows(each, entry)]


def test_what_needs_a_checkpoint_is_hidden_until_one_was_seen(settings, entry, see):
    assert hidden(entry) == NEED_ONE
    assert not settings.exists()  # GIMP's question makes no settings
    see(OURS, RESTORER)
    assert hidden(entry) == NEED_ONE
    os.utime(entry, (1000, 1000))
    see(OURS, RESTORER, CHECKPOINT)
    assert hidden(entry) == []
    assert entry.stat().st_mtime >= 1001
    see((), ())  # the server has told nothing
    assert hidden(entry) == []
    see(OURS, RESTORER)
    assert hidden(entry) == NEED_ONE


def test_the_same_again_is_no_news(entry, see):
    see(OURS, RESTORER)
    os.utime(entry, (1000, 1000))
    see(OURS, RESTORER)
    assert entry.stat().st_mtime == 1000


def test_an_operation_that_is_new_comes_when_gimp_asks_anew(entry, see):
    see(OURS, RESTORER)
    menu.asked()
    assert not menu.is_behind(OURS, (RESTORER,), entry)
    os.utime(entry, (1000, 1000))
    see(THEIRS, RESTORER)
    assert entry.stat().st_mtime >= 1001
    assert menu.is_behind(THEIRS, (RESTORER,), entry)
    assert "plug-in-foveate-soften" in [each.procedure for each in all_operations() if menu.shows(each, entry)]
    menu.asked()
    assert not menu.is_behind(THEIRS, (RESTORER,), entry)
    assert menu.is_behind(THEIRS, (RESTORER, CHECKPOINT), entry)


def test_gimp_asks_again_also_where_the_file_is_of_the_future(entry, see):
    future = 2**33
    os.utime(entry, (future, future))
    see(OURS, CHECKPOINT)
    assert int(entry.stat().st_mtime) == future + 1


def test_all_is_shown_where_gimp_cannot_be_made_to_ask(settings, entry, see, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert hidden(entry) == []
    menu.asked()
    assert not menu.is_behind(OURS, (RESTORER, CHECKPOINT), entry)  # starting it anew would change nothing


def test_a_checkpoint_that_was_there_before_brings_its_entries_at_the_first_start(settings, entry, tmp_path):
    program = tmp_path / "foveate.py"
    program.write_text(f"print({known_server.text_of(OURS, (RESTORER, CHECKPOINT))!r}, end='')")
    connection.learn_beforehand()
    assert hidden(entry) == NEED_ONE  # nobody knows the program yet
    values = load(settings)
    save(settings, replace(values, server_command=(sys.executable, str(program), "serve")))
    connection.learn_beforehand()
    menu.asked()
    assert hidden(entry) == []
    program.write_text("raise SystemExit(1)")
    connection.learn_beforehand()
    assert hidden(entry) == []  # as it was told last


def test_titles_are_written_as_gimp_writes_its_own():
    faces = next(each for each in operations_of(OURS) if each.name == "faces")
    assert menu.title(faces, Texts("en")) == "Refocus Faces"
    assert menu.title(faces, Texts("de")) == "Gesichter fokussieren"
    assert menu.label(faces, operations_of(OURS), Texts("en")) == "Refocus _Faces..."
    assert menu.title(replace(faces, title="Add detail to the eyes"), Texts("en")) == "Add Detail to the Eyes"


@pytest.mark.parametrize("language", ["en", "de"])
def test_each_entry_has_a_key_of_its_own(language):
    say, made = Texts(language), operations_of(OURS)
    fixed = [say(task.menu_label) for task in imageless_procedures.TASKS]
    told = [*fixed, *(menu.label(each, made, say, fixed) for each in made)]
    keys = [each[each.index("_") + 1].lower() for each in told]
    assert len(set(keys)) == len(told)


def test_a_title_with_an_underscore_shows_it():
    (made,) = operations_of([replace(OURS[0], title="my_own")])[:1]
    assert menu.label(made, [made], Texts("en")) == "_My__own..."
