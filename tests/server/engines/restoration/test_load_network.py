from __future__ import annotations

import builtins
import os
import pickle
import re
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from foveate_server.engines.restoration import load_network
from foveate_server.engines.restoration.rrdbnet import RRDBNet
from foveate_server.engines.restoration.spandrel_adapter import from_state
from foveate_server.engines.restoration.srvgg import SRVGGNetCompact
from foveate_shared.errors import ErrorCode, InputError, ResourceError

pytestmark = pytest.mark.filterwarnings("ignore:torch.meshgrid")


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"params_ema": s}, lambda s: {"state_dict": s, "epoch": 3}])
def test_own_networks_need_no_spandrel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrap) -> None:
    monkeypatch.setitem(sys.modules, "spandrel", None)
    state = {f"module.{key}": value for key, value in RRDBNet(1, 8, 4).state_dict().items()}
    torch.save(wrap(state), tmp_path / "net.pth")
    found = load_network.load(tmp_path / "net.pth")
    assert (found.architecture, found.network.scale) == ("rrdbnet", 4)


FIRST_NAMES = {  # ours: those of ESRGAN's first checkpoints
    r"body\.(\d+)\.rdb(\d)\.conv(\d)": r"model.1.sub.\1.RDB\2.conv\3.0",
    r"conv_body": "model.1.sub.2",  # after two blocks
    r"conv_first": "model.0",
    r"conv_up1": "model.3",
    r"conv_up2": "model.6",
    r"conv_hr": "model.8",
    r"conv_last": "model.10",
}
SECOND_NAMES = {
    r"body\.(\d+)\.rdb(\d)\.conv(\d)": r"RRDB_trunk.\1.RDB\2.conv\3",
    r"conv_body": "trunk_conv",
    r"conv_up(\d)": r"upconv\1",
    r"conv_hr": "HRconv",
}


@pytest.mark.parametrize("names", [FIRST_NAMES, SECOND_NAMES], ids=["first", "second"])
def test_esrgan_by_older_names_is_what_spandrel_takes_it_for(tmp_path: Path, names: dict[str, str]) -> None:
    """Most of the checkpoints that people share have the first ones."""
    torch.manual_seed(0)
    path = tmp_path / "net.pth"
    state = RRDBNet(2, 8, 32).state_dict()
    for ours, theirs in names.items():
        state = {re.sub(f"^{ours}", theirs, key): value for key, value in state.items()}
    torch.save(state, path)
    found = load_network.load(path)
    reference, name, _ = from_state(dict(state), path)
    assert (found.architecture, name) == ("rrdbnet", "ESRGAN")
    image = torch.rand(1, 3, 9, 7)
    [stage] = reference.stages
    with torch.inference_mode():
        torch.testing.assert_close(found.network.module(image).clamp(0, 1), stage.run(image))


def test_safetensors_in_half_precision(tmp_path: Path) -> None:
    module = SRVGGNetCompact(2, 8, 2)
    save_file({key: value.half() for key, value in module.state_dict().items()}, tmp_path / "net.safetensors")
    found = load_network.load(tmp_path / "net.safetensors")
    assert (found.architecture, found.network.scale, found.title) == ("srvgg", 2, "Real-ESRGAN compact x2")
    torch.testing.assert_close(
        found.network.module.state_dict()["body.0.weight"], module.body[0].weight.data, atol=1e-3, rtol=0
    )


def test_other_architectures_go_through_spandrel(tmp_path: Path, make_swin) -> None:
    module = make_swin()
    torch.save(module.state_dict(), tmp_path / "swin.pth")
    found = load_network.load(tmp_path / "swin.pth")
    assert (found.architecture, found.network.scale) == ("SwinIR", 2)
    image = torch.rand(1, 3, 24, 32)
    with torch.inference_mode():
        [stage] = found.network.stages
        torch.testing.assert_close(stage.run(image), module(image).clamp(0, 1))
    assert not [name for name in sys.modules if name.split(".")[0] == "torchvision"]


def test_without_spandrel_the_sentence_says_how_to_get_it(tmp_path: Path, make_swin, monkeypatch) -> None:
    torch.save(make_swin().state_dict(), tmp_path / "swin.pth")
    monkeypatch.setitem(sys.modules, "spandrel", None)
    with pytest.raises(ResourceError, match=r"pip install") as caught:
        load_network.load(tmp_path / "swin.pth")
    assert caught.value.info.code is ErrorCode.MODEL_UNAVAILABLE


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return builtins.exec, ("import os; os.environ['FOVEATE_HACKED'] = '1'",)


def test_code_in_a_file_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOVEATE_HACKED", raising=False)
    torch.save({"params": Hostile()}, tmp_path / "net.pth")
    with pytest.raises(InputError, match="running code"):
        load_network.load(tmp_path / "net.pth")
    (tmp_path / "old.pth").write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(InputError):
        load_network.load(tmp_path / "old.pth")
    assert "FOVEATE_HACKED" not in os.environ


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\x08" + b"\0" * 7 + b"{}"])
def test_damaged_files_are_a_sentence(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"net{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be used") as caught:
        load_network.load(path)
    assert caught.value.info.code is ErrorCode.INVALID_FILE


@pytest.mark.parametrize("data", [[1, 2], {"epoch": 3}, {"params": {}}, {"some.weight": torch.zeros(3)}])
def test_files_without_a_known_network_are_a_sentence(tmp_path: Path, data) -> None:
    torch.save(data, tmp_path / "net.pth")
    with pytest.raises(InputError, match="cannot be used"):
        load_network.load(tmp_path / "net.pth")
