"""Results that were applied are kept for who undoes them, as far as there is room."""

from types import SimpleNamespace

from foveate_shared.editor import undone_results as undone
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.host import Image, Result, ResultPatch


def entry(size=10, *, is_applied=True, is_undone=True):
    image = Image(Extent(1, 1), bytes(size), None)
    result = Result("document", Extent(1, 1), (ResultPatch(Bounds(0, 0, 1, 1), image, None),), (), {"seed": size})
    host = SimpleNamespace(is_undone=is_undone)
    return SimpleNamespace(is_applied=is_applied, host=host, flow=SimpleNamespace(result=result))


def test_what_was_applied_and_is_gone_can_be_had_again():
    assert undone.is_undone(entry())
    assert not undone.is_undone(entry(is_undone=False))
    assert not undone.is_undone(entry(is_applied=False))


def test_of_what_there_is_no_room_for_the_recipe_is_kept():
    newest, waiting, old = entry(60), entry(1000, is_applied=False), entry(50)
    undone.forget_oldest([newest, waiting, old], most=100)
    assert undone.is_undone(newest)
    assert waiting.flow.result.patches
    assert not undone.is_undone(old)
    assert old.flow.result.recipe == {"seed": 50}
