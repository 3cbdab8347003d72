from __future__ import annotations

import os
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from skimage import data

from fakes.tickers import RecordingTicker
from foveate_server.config.server_config import ServerConfig, load_config
from foveate_server.engines.combined import SuiteEngine, create
from foveate_server.engines.contract import Engine
from foveate_server.engines.deterministic import tints
from foveate_server.engines.diffusion_request import DiffusionRequest
from foveate_server.engines.engine_specs import suite_spec
from foveate_server.engines.safety_scores import Judge
from foveate_server.models.registry import open_registry
from foveate_shared.errors import ErrorCode, InputError


def test_the_spec_names_the_suite_and_restorers_come_without_diffusers(config, tmp_path) -> None:
    spec = suite_spec(replace(config, cache_dir=tmp_path))
    assert spec.factory == "foveate_server.engines.combined:create"
    engine: Engine = create({**spec.options, "device": "cpu"})
    assert engine.model_scale(None) == 4
    assert spec.catalog().listing[0].name == "realesrgan-x4plus"
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
    judge = Judge(open_registry(ServerConfig()), "off")
    engine = SuiteEngine(part, lambda: calls.append("made") or part, part, judge)
    engine.release()
    assert engine.diffusion_facts("a") == "a"
    engine.diffusion_facts("b")
    engine.release()
    assert calls == ["released", "released", "made", "released", "released", "released"]


@pytest.mark.weights
@pytest.mark.parametrize(("setting", "scored", "shown"), [("off", 0, 1), ("flag", 1, 1), ("refuse", 1, 0)])
def test_what_checkpoints_make_is_scored_as_the_owner_wants(setting, scored, shown) -> None:
    seen = []

    def diffuse(request, *, ticker, preview):
        if preview is not None:
            preview(np.zeros((8, 8, 3), np.uint8))
        return tints.diffuse(request, lambda ticker: None, ticker, None)

    part = SimpleNamespace(diffuse=diffuse, release=lambda: None)
    judge = Judge(open_registry(load_config(environment=os.environ)), setting, 1)
    engine = SuiteEngine(part, lambda: part, part, judge)
    picture = data.astronaut().astype(np.float32) / 255
    ticker = RecordingTicker()
    made = engine.diffuse(DiffusionRequest(picture, None, None, strength=0.1), ticker=ticker, preview=seen.append)
    assert len(made.flags) == scored
    assert all(flag < 0.5 for flag in made.flags)
    assert len(seen) == shown
    engine.release()
