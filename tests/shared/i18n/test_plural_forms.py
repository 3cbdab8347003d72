"""Numbers choose their form by the language's rule."""

import pytest

from foveate_shared.i18n.plural_forms import plural_form


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("de", {0: "other", 1: "one", 2: "other", 21: "other"}),
        ("en_GB.UTF-8", {0: "other", 1: "one", 2: "other"}),
        ("fr", {0: "one", 1: "one", 2: "other"}),
        ("pt-BR", {0: "one", 1: "one", 2: "other"}),
        ("ja", {0: "other", 1: "other", 2: "other"}),
        ("ru", {0: "many", 1: "one", 3: "few", 5: "many", 11: "many", 13: "many", 21: "one", 22: "few", 111: "many"}),
        ("pl", {0: "many", 1: "one", 3: "few", 5: "many", 12: "many", 21: "many", 22: "few"}),
    ],
)
def test_forms(language, forms):
    assert {count: plural_form(language, count) for count in forms} == forms
