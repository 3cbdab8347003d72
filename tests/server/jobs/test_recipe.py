"""How a recipe grows from what items tell."""

from __future__ import annotations

from fakes.jobs import submit_of
from foveate_server.jobs.recipe import complete, merge
from foveate_server.operations.parameters.roles import Roles
from foveate_server.operations.registry import operations

ROLES = Roles.of(operations()["compare"].parameters.schema)
ONE = {
    "label": "one",
    "model": {"name": "a"},
    "additions": {},
    "sampling": {"guidance_scale": 2},
    "pinned": {"tile": 8},
}
TWO = {"label": "two", "model": {"name": "b"}, "additions": {"vae": {}}, "sampling": {}, "pinned": {}}


def test_items_add_to_what_is_known():
    known = merge({"device": "cpu", "model": {"name": "a"}}, {"model": {"name": "b"}})
    assert known == {"device": "cpu", "model": {"name": "b"}}
    both = merge(merge({}, {"variants": {"2": TWO}}), {"device": "cpu", "variants": {"1": ONE}})
    assert both == {"device": "cpu", "variants": {"1": ONE, "2": TWO}}
    assert merge(both, {"device": "gpu"}) == {**both, "device": "gpu"}


def test_each_variant_has_its_models_and_the_values_that_it_used():
    variants = [{"label": "one", "model": "a", "guidance_scale": 3}, {"label": "gone", "model": "c"}, {"model": "b"}]
    parameters = {"model": "a", "seed": 1, "vae": "v", "variants": variants}
    recipe = complete({"variants": {"1": ONE, "3": TWO}}, submit_of(), parameters, [], "1", roles=ROLES)
    assert recipe["variants"] == [
        {"label": "one", "model": {"name": "a"}, "additions": {}},
        {},
        {"label": "two", "model": {"name": "b"}, "additions": {"vae": {}}},
    ]
    assert recipe["parameters"] == {
        "seed": 1,
        "variants": [
            {"label": "one", "model": "a", "guidance_scale": 3, "pinned": {"tile": 8}},
            {"label": "gone", "model": "c"},
            {"model": "b"},
        ],
    }


def test_the_model_of_the_job_stays_where_a_variant_names_none():
    recipe = complete(
        {"variants": {"1": ONE}}, submit_of(), {"model": "a", "variants": [{"seed": 1}]}, [], "1", roles=ROLES
    )
    assert recipe["parameters"]["model"] == "a"
