"""What is said of documents, in the person's language too."""

from __future__ import annotations

import pytest

from foveate_shared.errors import ErrorCode, Fault, ServerError
from foveate_shared.i18n.translations import Texts
from foveate_shared.jobs import document_problems


@pytest.mark.parametrize("problem", [document_problems.changed, document_problems.selection_fits_nothing])
def test_a_document_that_is_another_by_now_is_a_conflict(problem):
    assert problem().info.code is ErrorCode.CONFLICT
    assert problem().info.remedy


@pytest.mark.parametrize("name", ["changed", "selection_fits_nothing", "nothing_open", "no_document"])
def test_german_says_it(name):
    said = getattr(document_problems, name)().info
    say = Texts("de").sentence
    assert all(say(text) != text for text in filter(None, (said.message, said.remedy)))


def test_what_was_frozen_is_given_and_its_lack_is_our_mistake():
    assert document_problems.frozen(7) == 7
    with pytest.raises(ServerError) as caught:
        document_problems.frozen(None)
    assert caught.value.info.fault is Fault.CLIENT
