"""What can be done with a job: while it runs, while its result waits, and afterwards."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from foveate_shared.editor.job_acts import JOB_ACTS
from foveate_shared.i18n.translations import Texts


def entry(*, running=False, waiting=False, result=None, held=False, rest=False):
    flow = SimpleNamespace(result=result, is_held=held)
    return SimpleNamespace(is_running=running, waits_for_person=waiting, can_make_rest=rest, flow=flow)


@pytest.mark.parametrize(
    ("job", "names"),
    [
        (entry(running=True), ["cancel"]),
        (entry(running=True, result="one that is being applied"), ["cancel"]),
        (entry(running=True, held=True), ["cancel", "begin"]),
        (entry(waiting=True, result="one"), ["apply", "discard", "recipe"]),
        (entry(result="one"), ["again", "recipe", "remove"]),
        (entry(), ["again", "remove"]),
        (entry(rest=True), ["rest", "again", "remove"]),
    ],
)
def test_what_makes_sense_is_offered(job, names):
    assert [act.name for act in JOB_ACTS if act.fits(job)] == names


def test_what_is_usually_wanted_and_german_has_all():
    assert [act.name for act in JOB_ACTS if act.is_main] == ["apply", "begin"]
    known = Texts("de").catalogue
    assert [text for act in JOB_ACTS for text in (act.text, act.tip) if text not in known] == []
