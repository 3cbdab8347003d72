"""The choosers of an operation's pictures: as many as are filled, and one more."""

from dataclasses import replace

import pytest

from fakes.host import layered
from foveate_shared.editor.picture_choosers import PictureChoices, PictureScene, choosers, kept_places, taken
from foveate_shared.forms.picture_slots import picture_slots
from foveate_shared.geometry import Extent
from foveate_shared.i18n.translations import Texts
from foveate_shared.jobs.chosen_pictures import ChosenPictures

SLOTS = picture_slots(
    {
        "x-pictures": {
            "control": {"title": "Control", "description": "Its edges are kept.", "min": 1, "extent": "document"},
            "reference": {"title": "Reference", "max": 3},
        }
    }
)
EXTENT = Extent(16, 16)


@pytest.fixture
def offered():
    return layered(sky="Sky", edges="Edges").pictures()


def shown(chosen, offered, say=None):
    return choosers(SLOTS, chosen, offered, EXTENT, say or Texts())


def test_where_nothing_is_chosen_there_is_one_for_each_slot(offered):
    control, reference = shown(ChosenPictures(), offered)
    assert (control.title, control.tip, reference.title, reference.tip) == (
        "Control", "Its edges are kept.", "Reference 1", "Reference",
    )  # fmt: skip
    assert [(each.key, each.title) for each in control.options] == [
        ("", "Choose a picture"),
        ("1", "Sky"),
        ("2", "Edges"),
    ]
    assert (control.shown, reference.shown) == ("Choose a picture", "None")
    assert [each.options[0].title for each in shown(ChosenPictures(), offered, Texts("de"))] == [
        "Bild wählen",
        "Keines",
    ]


def test_there_is_one_more_than_is_chosen_up_to_the_most(offered):
    chosen = ChosenPictures()
    for position, key in enumerate(("2", "1", "2")):
        last = shown(chosen, offered)[-1]
        assert (last.slot, last.position, last.key) == ("reference", position, "")
        chosen = taken(last, key, chosen, offered)
    full = shown(chosen, offered)
    assert [(each.slot, each.shown) for each in full[1:]] == [
        ("reference", "Edges"),
        ("reference", "Sky"),
        ("reference", "Edges"),
    ]
    fewer = taken(full[1], "", chosen, offered)
    assert [each.shown for each in shown(fewer, offered)[1:]] == ["Sky", "Edges", "None"]


def test_what_does_not_fit_says_why(offered):
    offered = (offered[0], replace(offered[1], extent=Extent(4, 4)))
    control, reference = shown(ChosenPictures(), offered)
    assert [bool(each.reason) for each in control.options] == [False, False, True]
    assert "4 × 4" in control.options[2].reason
    assert [each.reason for each in reference.options] == ["", "", ""]


def test_what_is_gone_is_still_shown_by_its_name(offered):
    chosen = taken(shown(ChosenPictures(), offered)[0], "2", ChosenPictures(), offered)
    control = shown(chosen, offered[:1])[0]
    assert (control.key, control.shown) == ("2", "Edges (gone)")
    assert control.options[-1].reason
    assert taken(control, "2", chosen, offered[:1]) is chosen
    assert taken(control, "", chosen, offered[:1]).of("control") == ()


def test_what_was_renamed_is_shown_by_its_new_name(offered):
    chosen = taken(shown(ChosenPictures(), offered)[0], "2", ChosenPictures(), offered)
    renamed = (offered[0], replace(offered[1], title="Outlines"))
    assert shown(chosen, renamed)[0].shown == "Outlines"


def test_each_operation_and_document_has_choices_of_its_own(offered):
    choices = PictureChoices({"mix": SLOTS, "plain": ()}.__getitem__, Texts)
    one, other = (PictureScene(offered, EXTENT, name) for name in ("one", "other"))
    assert choices.missing("mix", one) == "Choose a picture: Control."
    choices.choose("mix", one, choices.choosers("mix", one)[0], "2")
    assert choices.missing("mix", one) == ""
    assert choices.missing("mix", other) == "Choose a picture: Control."
    assert (choices.choosers("plain", one), choices.missing("plain", one)) == ((), "")
    renamed = replace(one, offered=(offered[0], replace(offered[1], title="Outlines")))
    assert choices.choosers("mix", renamed)[0].shown == "Outlines"
    gone = replace(one, offered=offered[:1])
    assert choices.missing("mix", gone).startswith("Outlines, which was chosen as Control, is gone.")
    choices.choose("mix", gone, choices.choosers("mix", gone)[0], "1")
    assert choices.chosen("mix", gone).of("control") == offered[:1]


def test_lists_that_only_offer_other_pictures_are_kept_up_to_the_first_that_is_another(offered):
    before = shown(ChosenPictures(), offered)
    assert kept_places(before, shown(ChosenPictures(), ())) == len(before) == 2
    more = shown(ChosenPictures().put("reference", 0, offered[0]), offered)
    assert (kept_places(before, more), kept_places(more, before), kept_places((), more)) == (2, 2, 0)
    renamed = (before[0], replace(before[1], title="Other"), before[1])
    assert kept_places(before, renamed) == 1
