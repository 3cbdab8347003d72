"""Pictures that were chosen for an operation: what is missing, gone or does not fit, and the copies for a job."""

from dataclasses import replace

import pytest

from fakes.host import MemoryHost, layered
from foveate_shared.errors import InputError
from foveate_shared.forms.picture_slots import picture_slots
from foveate_shared.geometry import Extent
from foveate_shared.i18n.translations import Texts
from foveate_shared.jobs.chosen_pictures import ChosenPictures, chosen_by_names

SLOTS = picture_slots(
    {
        "x-pictures": {
            "control": {"title": "Control picture", "min": 1, "extent": "document"},
            "reference": {"title": "Reference pictures", "max": 3},
        }
    }
)
EXTENT = Extent(16, 16)


@pytest.fixture
def host():
    return layered(sky="Sky", edges="Edges", face="Face")


@pytest.fixture
def chosen(host):
    sky, edges, face = host.pictures()
    return ChosenPictures().put("control", 0, edges).put("reference", 0, sky).put("reference", 1, face)


def sentence(chosen, host, document=EXTENT):
    error = chosen.problem(SLOTS, host.pictures(), document)
    return str(error.info) if error else ""


def test_pictures_are_named_as_the_job_names_them(chosen):
    assert {name: each.title for name, each in chosen.named(SLOTS).items()} == {
        "control": "Edges",
        "reference-1": "Sky",
        "reference-2": "Face",
    }


def test_what_is_taken_away_leaves_no_gap(chosen, host):
    fewer = chosen.put("reference", 0, None)
    assert [each.title for each in fewer.of("reference")] == ["Face"]
    assert fewer.put("reference", 0, None).put("reference", 0, None).of("reference") == ()
    another = chosen.put("reference", 1, host.pictures()[1])
    assert [each.title for each in another.of("reference")] == ["Sky", "Edges"]
    assert [each.title for each in chosen.of("reference")] == ["Sky", "Face"]


def test_all_that_is_needed_is_there(chosen, host):
    assert sentence(chosen, host) == ""


def test_a_picture_that_is_needed_is_named(host):
    assert sentence(ChosenPictures(), host) == "Choose a picture: Control picture."
    several = picture_slots({"x-pictures": {"reference": {"title": "Frames", "min": 2, "max": 4}}})
    one = ChosenPictures().put("reference", 0, host.pictures()[0])
    assert str(one.problem(several, host.pictures(), None)) == "Choose at least 2 pictures: Frames."


def test_a_picture_that_is_gone_is_named_as_it_was_called(chosen, host):
    del host.layers["3"]
    assert sentence(chosen, host) == ("Face, which was chosen as Reference pictures, is gone. Choose another picture.")
    with pytest.raises(InputError, match="Face"):
        chosen.freeze(SLOTS, host)


def test_a_picture_that_was_renamed_is_still_chosen(chosen, host):
    host.layers["2"] = replace(host.layers["2"], title="Outlines")
    assert sentence(chosen, host) == ""
    assert set(chosen.freeze(SLOTS, host)) == {"control", "reference-1", "reference-2"}


def test_a_picture_of_another_size_than_the_documents_is_refused_where_that_matters(chosen, host):
    host.layers["1"] = replace(host.layers["1"], extent=Extent(3, 5))
    assert sentence(chosen, host) == ""
    host.layers["2"] = replace(host.layers["2"], extent=Extent(3, 5))
    assert sentence(chosen, host).startswith(
        "Edges has 3 × 5 pixels. Control picture must have those of the image: 16 × 16."
    )
    german = Texts("de").sentence(sentence(chosen, host))
    assert german.startswith("Edges hat 3 × 5 Pixel.")
    host.layers["2"] = replace(host.layers["2"], extent=Extent(0, 5))
    assert sentence(chosen, host).startswith("Edges has no pixels.")


def test_copies_are_those_of_the_host(chosen, host):
    frozen = chosen.freeze(SLOTS, host)
    assert {name: bytes(picture.pixels.data[:2]) for name, picture in frozen.items()} == {
        "control": b"\2\2",
        "reference-1": b"\1\1",
        "reference-2": b"\3\3",
    }


def test_a_script_names_pictures_by_their_titles(host, chosen):
    said = {"reference-2": "Face", "control": "Edges", "reference-1": "1"}
    assert chosen_by_names(said, SLOTS, host.pictures()) == chosen
    assert chosen_by_names({}, SLOTS, host.pictures()).named(SLOTS) == {}
    with pytest.raises(InputError, match="no picture named 'mask'") as refused:
        chosen_by_names({"mask": "Sky"}, SLOTS, host.pictures())
    assert "control, reference-1" in refused.value.info.remedy
    with pytest.raises(InputError, match="no picture called 'Moon'"):
        chosen_by_names({"control": "Moon"}, SLOTS, host.pictures())
    with pytest.raises(InputError, match="Name 'reference-1', too"):
        chosen_by_names({"reference-2": "Sky"}, SLOTS, host.pictures())
    with pytest.raises(InputError, match="no picture named 'mask'") as refused:
        chosen_by_names({"mask": "Sky"}, (), host.pictures())
    assert refused.value.info.remedy == "It takes none."


def test_a_host_without_pictures_has_none_to_give():
    assert ChosenPictures().freeze((), MemoryHost()) == {}
    with pytest.raises(InputError, match="Choose a picture: Control picture"):
        ChosenPictures().freeze(SLOTS, MemoryHost())


def test_a_host_is_not_asked_where_the_operation_takes_none(monkeypatch):
    host = layered(sky="Sky")
    monkeypatch.setattr(host, "pictures", lambda: pytest.fail("listing them can load them all"))
    assert ChosenPictures().freeze((), host) == {}


def test_a_picture_of_unknown_size_is_taken_until_it_is_seen(chosen, host):
    unseen = [replace(each, extent=None) for each in host.pictures()]
    assert chosen.problem(SLOTS, unseen, EXTENT) is None
    host.pictures = lambda: unseen
    assert set(chosen.freeze(SLOTS, host, EXTENT)) == {"control", "reference-1", "reference-2"}
    with pytest.raises(InputError, match="Edges has 16 × 16 pixels"):
        chosen.freeze(SLOTS, host, Extent(20, 20))
