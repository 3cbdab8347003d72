"""What an operation takes and gives, read from its schema."""

from foveate_shared.forms.picture_slots import picture_slots, result_kind, takes_document
from foveate_shared.geometry import Extent

SCHEMA = {
    "x-pictures": {
        "control": {"title": "Control picture", "description": "Edges.", "min": 1, "extent": "document"},
        "reference": {"max": 3},
    }
}


def test_slots_say_which_pictures_fit():
    control, reference = picture_slots(SCHEMA)
    assert (control.title, control.least, control.most, control.is_like_document) == ("Control picture", 1, 1, True)
    assert control.names == ("control",)
    assert (reference.title, reference.least, reference.is_like_document) == ("reference", 0, False)
    assert reference.names == ("reference-1", "reference-2", "reference-3")


def test_what_is_not_said_is_as_in_version_1():
    assert (picture_slots({}), takes_document({}), result_kind({})) == ((), True, "pixels")


def test_what_is_said():
    assert not takes_document({"x-document": False})
    assert result_kind({"x-result": "report"}) == "report"


def test_nonsense_of_a_server_does_no_harm():
    (slot,) = picture_slots({"x-pictures": {"a": {"min": "x", "max": -1, "title": 3}}})
    assert (slot.least, slot.most, slot.title) == (0, 1, "3")
    assert picture_slots({"x-pictures": ["a"]}) == ()


def test_a_slot_may_want_the_documents_size():
    control, reference = picture_slots(SCHEMA)
    large, small, none = Extent(9, 9), Extent(3, 3), Extent(0, 9)
    assert [control.fits(extent, large) for extent in (large, small, none)] == [True, False, False]
    assert [reference.fits(extent, large) for extent in (large, small, none)] == [True, True, False]
    assert control.fits(small, None)
