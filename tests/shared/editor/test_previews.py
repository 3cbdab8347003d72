"""Which picture a job shows, drawn once each."""

from types import SimpleNamespace

from foveate_shared.editor.previews import Previews
from foveate_shared.geometry import Extent
from foveate_shared.jobs.host import Result
from foveate_shared.jobs.job_list import PreviewPicture


class Entry(SimpleNamespace):
    __hash__ = object.__hash__


def test_unfinished_pictures_then_the_result_while_it_waits_then_none():
    drawn = []
    draw = lambda _entry, shown: drawn.append(shown) or f"picture {len(drawn)}"  # noqa: E731
    previews = Previews(draw, draw)
    result = Result("document", Extent(1, 1), (), ())
    entry = Entry(preview=None, waits_for_person=False, flow=SimpleNamespace(result=None))
    assert previews.of(entry) is None
    first, second = PreviewPicture("event", b"1"), PreviewPicture("event", b"1")
    for shown, expected in ((first, "picture 1"), (first, "picture 1"), (second, "picture 2")):
        entry.preview = shown
        assert previews.of(entry) == expected
    entry.preview, entry.flow.result, entry.waits_for_person = None, result, True
    assert [previews.of(entry), previews.of(entry)] == ["picture 3"] * 2
    entry.waits_for_person = False
    assert previews.of(entry) is None
    assert [shown is expected for shown, expected in zip(drawn, (first, second, result), strict=True)] == [True] * 3
