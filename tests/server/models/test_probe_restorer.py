from __future__ import annotations

from pathlib import Path

import pytest
import torch

from foveate_server.engines.restoration.rrdbnet import RRDBNet
from foveate_server.models.adding.from_path import add_path
from foveate_server.models.adding.make_entry import AddOptions
from foveate_server.models.probe_restorer import ProbedRestorer, inspect_restorer
from foveate_server.models.registry import Registry
from foveate_shared.errors import ErrorCode, InputError


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "4x Some.Net (v2).pth"
    torch.save({"params_ema": RRDBNet(1, 8, 4).state_dict()}, path)
    return path


def test_says_what_a_checkpoint_is(checkpoint: Path) -> None:
    assert inspect_restorer(checkpoint) == ProbedRestorer("rrdbnet", "ESRGAN x4", 4)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("none.pth", None, "There is no file"),
        ("photo.jpg", b"x", "does not look like a checkpoint"),
        ("broken.pth", b"x", "cannot be used"),
    ],
)
def test_what_is_no_checkpoint_is_a_sentence(tmp_path: Path, name: str, content: bytes | None, word: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=word) as caught:
        inspect_restorer(tmp_path / name)
    assert caught.value.info.code is ErrorCode.INVALID_FILE


@pytest.mark.usefixtures("probed_here")
def test_adding_and_removing(checkpoint: Path, cache_dir: Path) -> None:
    registry = Registry(cache_dir)
    entry = add_path(registry, checkpoint)
    assert entry.name == "4x-some.net--v2"
    info = registry.catalog().listing[-1]
    assert (info.name, info.scale, info.available) == (entry.name, 4, True)
    assert Registry(cache_dir, offline=True).path(entry.name).read_bytes() == checkpoint.read_bytes()
    assert registry.remove(entry.name)
    with pytest.raises(InputError, match="no model called"):
        registry.entry(entry.name)


def test_the_name_of_an_embedded_model_is_taken(checkpoint: Path, cache_dir: Path) -> None:
    with pytest.raises(InputError, match="comes with Foveate") as caught:
        add_path(Registry(cache_dir), checkpoint, AddOptions(name="realesrgan-x4plus"))
    assert caught.value.info.code is ErrorCode.CONFLICT


@pytest.mark.usefixtures("probed_here")
def test_nothing_is_left_of_a_file_that_cannot_be_added(tmp_path: Path, cache_dir: Path) -> None:
    (tmp_path / "broken.pth").write_bytes(b"x")
    with pytest.raises(InputError):
        add_path(Registry(cache_dir), tmp_path / "broken.pth")
    assert not cache_dir.exists()
