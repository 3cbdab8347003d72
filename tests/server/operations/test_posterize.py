"""Few levels of each colour, in the selection alone."""

import numpy as np

from fakes.documents import run_job


def test_a_colour_has_as_many_levels_as_asked_for(soft, make_document, engine):
    run = run_job(make_document(soft), engine, "posterize", levels=3)
    (patch,) = run.patches
    assert set(np.unique(patch.pixels)) <= {0, 127, 128, 255}


def test_what_is_not_selected_stays(soft, make_document, engine):
    document = make_document(soft, bounds=(20, 20, 40, 30))
    result = run_job(document, engine, "posterize").applied_to(document)
    changed = (result != document.image).any(axis=2)
    assert changed[20:50, 20:60].any()
    changed[20:50, 20:60] = False
    assert not changed.any()
