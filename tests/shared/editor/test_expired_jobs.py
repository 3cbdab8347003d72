"""Which jobs that went at the server a person was told of."""

import pytest

from foveate_shared.editor.expired_jobs import FILE_NAME, ExpiredJobs
from foveate_shared.wire.protocol import ExpiredJob

GONE = (ExpiredJob("one", "refocus", 1.0), ExpiredJob("two", "refocus", 2.0))


def test_each_is_news_once(tmp_path):
    settings = tmp_path / "settings.json"
    jobs = ExpiredJobs(settings)
    assert jobs.news(GONE[:1]) == GONE[:1]
    assert jobs.news(GONE) == GONE[1:]
    assert jobs.news(tuple(GONE)) == ()
    assert ExpiredJobs(settings).news(GONE) == ()


@pytest.mark.parametrize("text", ["", "{}", "[1, null]", "\0"])
def test_a_file_that_makes_no_sense_holds_none(tmp_path, text):
    (tmp_path / FILE_NAME).write_text(text)
    assert ExpiredJobs(tmp_path / "settings.json").news(GONE) == GONE


def test_where_it_cannot_be_written_they_are_told_of_once_all_the_same(tmp_path):
    (tmp_path / FILE_NAME).mkdir()
    jobs = ExpiredJobs(tmp_path / "settings.json")
    assert jobs.news(GONE) == GONE
    assert jobs.news((*GONE,)[:]) == ()
    assert jobs.news([*GONE]) == ()
