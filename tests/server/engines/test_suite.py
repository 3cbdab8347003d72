from __future__ import annotations

import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from foveate_server.engines.base import Engine
from foveate_server.engines.catalog import suite_spec
from foveate_server.engines.suite import SuiteEngine, create
from foveate_shared.errors import ErrorCode, InputError


def test_the_spec_names_the_suite_and_restorers_come_without_diffusers(config, tmp_path) -> None:
    spec = suite_spec(replace(config, cache_dir=tmp_path))
    assert spec.factory == "foveate_server.engines.suite:create"
    engine: Engine = create({**spec.options, "device": "cpu"})
    assert engine.model_scale(None) == 4
    if "diffusers" not in sys.modules:  # else another test brought it
        engine.release()
        assert "diffusers" not in sys.modules


def test_without_a_checkpoint_a_sentence_says_how_to_bring_one(config, tmp_path) -> None:
    engine = create({**suite_spec(replace(config, cache_dir=tmp_path)).options, "device": "cpu"})
    with pytest.raises(InputError, match="There is no checkpoint to render with yet") as caught:
        engine.diffusion_facts(None)
    assert caught.value.info.code is ErrorCode.UNKNOWN_MODEL
    with pytest.raises(InputError, match="The model realesrgan-x4plus is no checkpoint"):
        engine.diffusion_facts("realesrgan-x4plus")


def test_diffusion_is_made_once_and_both_are_released() -> None:
    calls = []
    part = SimpleNamespace(facts=lambda model: model, release=lambda: calls.append("released"))
    engine = SuiteEngine(part, lambda: calls.append("made") or part)
    engine.release()
    assert engine.diffusion_facts("a") == "a"
    engine.diffusion_facts("b")
    engine.release()
    assert calls == ["released", "made", "released", "released"]
