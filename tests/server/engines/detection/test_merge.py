import pytest

from foveate_server.engines.detection.merge import is_near, is_same, merge
from foveate_server.engines.values import Face


def face(x, y, side, score=0.9):
    return Face((float(x), float(y), float(side), float(side)), (), score)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (face(0, 0, 100), face(10, 5, 100), True),  # nearly equal
        (face(0, 0, 100), face(40, 60, 30), True),  # a mouth within a face
        (face(0, 0, 100), face(80, 0, 100), False),  # neighbours
        (face(0, 0, 100), face(200, 0, 100), False),
        (face(0, 0, 100), face(90, 90, 20), False),  # a small face behind a shoulder
    ],
)
def test_boxes_that_overlap_much_are_one_face(a, b, same) -> None:
    assert is_same(a, b) is same
    assert is_same(b, a) is same


def test_the_best_of_several_finds_stays_and_the_order_is_by_score() -> None:
    finds = [face(0, 0, 100, 0.6), face(5, 5, 95, 0.9), face(300, 0, 50, 0.7), face(2, 2, 98, 0.8)]
    assert merge(finds) == [finds[1], finds[2]]
    assert merge([]) == []


def test_near_is_about_centres() -> None:
    assert is_near(face(0, 0, 40), face(0, 0, 60))
    assert not is_near(face(0, 0, 40), face(60, 0, 40))
