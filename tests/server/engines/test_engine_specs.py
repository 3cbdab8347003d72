from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from foveate_server.engines.engine_specs import suite_spec
from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec
from foveate_server.models.registry import open_registry


def test_the_server_can_name_engines_and_list_models_without_torch() -> None:
    code = (
        "import sys; from foveate_server.config.server_config import ServerConfig\n"
        "from foveate_server.engines.engine_specs import suite_spec\n"
        "assert suite_spec(ServerConfig()).catalog().listing\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=200)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"variant": "lightning", "steps": 8}, {"num_inference_steps": 8, "guidance_scale": 1.0, "scheduler": "euler"}),
        ({"variant": "dmd2", "steps": 4}, {"num_inference_steps": 4, "guidance_scale": 1.0, "scheduler": "lcm"}),
        ({"variant": "", "steps": 0}, {}),
    ],
)
def test_clients_are_told_of_loras_for_few_steps(config, tmp_path, facts, told) -> None:
    config = replace(config, cache_dir=tmp_path)
    path = tmp_path / "file"
    path.write_bytes(b"x")
    entry = ModelEntry(
        "fast", "Fast", "lora", "sdxl", 1, "", None, SourceSpec("file", {}),
        (ModelFile(str(path), "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", 1),),
        family="sdxl", facts=facts,
    )  # fmt: skip
    open_registry(config).add(entry)
    (found,) = (info for info in suite_spec(config).catalog().listing if info.name == "fast")
    assert found.defaults == told


def test_clients_are_told_how_a_checkpoint_is_sampled(config, tmp_path) -> None:
    config = replace(config, cache_dir=tmp_path)
    path = tmp_path / "file"
    path.write_bytes(b"x")
    entry = ModelEntry(
        "fast", "Fast", "diffusion", "sdxl", 1, "", None, SourceSpec("file", {}),
        (ModelFile(str(path), "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", 1),),
        family="sdxl", facts={"variant": "lightning", "steps": 8},
    )  # fmt: skip
    open_registry(config).add(entry)
    (told,) = (info for info in suite_spec(config).catalog().listing if info.name == "fast")
    assert told.defaults == {
        "num_inference_steps": 8,
        "guidance_scale": 1.0,
        "scheduler": "euler",
        "strength": 0.5,
        "schedulers": ["euler", "euler-ancestral", "dpm++2m", "dpm++2m-karras", "ddim", "lcm"],
        "pixels": 1024 * 1024,
    }
