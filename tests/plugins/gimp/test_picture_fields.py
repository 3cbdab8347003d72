"""The drop-downs of layers look at GIMP's layers as seldom as will do: each look asks GIMP for all of them."""

from types import SimpleNamespace

import pytest
from foveate_gimp import picture_fields
from foveate_gimp.operation_procedures import operations_of

from fakes.layer_operations import operations
from foveate_shared.geometry import Extent
from foveate_shared.i18n.translations import Texts
from foveate_shared.jobs.named_pictures import OfferedPicture
from foveate_shared.wire.protocol import OperationInfo

LAYER = OfferedPicture("1", "Edges", Extent(4, 4))


class Config:
    """Says nothing."""

    def get_property(self, name):
        return None

    def connect(self, signal, function):
        return 0


class Layers(SimpleNamespace):
    """Counts how often it is asked."""

    asked = 0

    def offered(self, image):
        self.asked += 1
        return (LAYER,)


@pytest.fixture
def layers(monkeypatch):
    made = Layers()
    monkeypatch.setattr(picture_fields, "layer_pictures", made)
    return made


def fields(name):
    infos = [OperationInfo(each.name, each.title, each.parameters.schema) for each in operations().values()]
    procedure = next(each for each in operations_of(infos) if each.name == name)
    image = SimpleNamespace(get_width=lambda: 4, get_height=lambda: 4)
    return picture_fields.PictureFields(Config(), procedure.pictures, image, Texts("en"), takes_document=True)


def test_an_operation_without_pictures_never_asks(layers):
    made = fields("refocus")
    for _ in range(25):
        made.look()
        assert made.problem() == ""
    assert layers.asked == 0


def test_one_with_pictures_asks_at_once_and_then_every_tenth_time(layers):
    made = fields("take")
    for look in range(1, 26):
        made.look()
        assert made.problem() == "Choose a picture: Control picture."
        assert layers.asked == (look + 9) // 10
