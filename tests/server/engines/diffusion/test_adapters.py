"""Each family names what asks its networks; one that is missing is a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from foveate_server.engines.diffusion.adapters import adapter_of
from foveate_server.families.registry import families
from foveate_shared.errors import ResourceError


@pytest.mark.parametrize("name", families())
def test_each_family_names_its_adapter(name):
    assert adapter_of(families()[name]).family is families()[name]


@pytest.mark.parametrize("adapter", ["no_such_package.adapter:Toy", f"{adapter_of.__module__}.sd1:Toy"])
def test_an_adapter_that_is_missing_is_named(adapter):
    with pytest.raises(ResourceError, match=f"Diffusion 1.x cannot be used: {adapter} is missing"):
        adapter_of(replace(families()["sd1"], adapter=adapter))
