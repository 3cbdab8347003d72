from __future__ import annotations

from pathlib import Path

import ncnn as reference
import numpy as np
import pytest
import torch

from foveate_server.engines.restoration import ncnn_weights
from foveate_server.engines.restoration.rrdbnet import RRDBNet
from foveate_server.engines.restoration.srvgg import SRVGGNetCompact
from foveate_shared.errors import InputError


def run_reference(binary: Path, image: np.ndarray) -> np.ndarray:
    """Return what the ncnn package makes of `image`, in float32."""
    net = reference.Net()
    net.opt.num_threads = 2
    net.opt.use_vulkan_compute = False
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = False
    assert net.load_param(str(binary.with_suffix(".param"))) == 0
    assert net.load_model(str(binary)) == 0
    planes = np.ascontiguousarray(image.transpose(2, 0, 1))  # the Mat below does not keep it alive
    extractor = net.create_extractor()
    extractor.input("data", reference.Mat(planes).clone())
    status, output = extractor.extract("output")
    assert status == 0
    return np.array(output).transpose(1, 2, 0)


@pytest.mark.weights
@pytest.mark.parametrize("model", ["realesrgan-x4plus", "realesrgan-x4plus-anime", "realesr-animevideov3"])
def test_real_weights_give_what_ncnn_gives(registry, photo, levels, model: str) -> None:
    binary, crop = registry.path(model), photo[90:122, 200:240]
    network = ncnn_weights.load(binary)
    network.module.to(memory_format=torch.channels_last)
    with torch.inference_mode():
        ours = network.module(torch.from_numpy(crop).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()
    theirs = run_reference(binary, crop)
    assert np.abs(ours - theirs).max() < 1e-4
    assert levels(ours, theirs) <= 1
    assert ours.std() > 0.1  # a picture, not a plane


@pytest.mark.parametrize("half", [True, False])
@pytest.mark.parametrize("module", [RRDBNet(1, 8, 4), SRVGGNetCompact(2, 8, 2)])
def test_round_trip(tmp_path: Path, write_ncnn, module, half: bool) -> None:
    network = ncnn_weights.load(write_ncnn(module, tmp_path / "net.bin", half=half))
    assert type(network.module) is type(module)
    for key, value in network.module.state_dict().items():
        torch.testing.assert_close(value, module.state_dict()[key], atol=1e-3 if half else 0, rtol=0)


@pytest.fixture
def binary(tmp_path: Path, write_ncnn) -> Path:
    return write_ncnn(RRDBNet(1, 8, 4), tmp_path / "net.bin")


def edit_param(binary: Path, old: str, new: str) -> None:
    param = binary.with_suffix(".param")
    text = param.read_text()
    assert old in text
    param.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("7767517", "7767518"),
        ("0=8", "0=9"),
        ("0=8", "0=-8"),
        ("0=8", "0=x"),
        ("0=8 ", ""),
        ("6=216", "6=99999999"),
        ("1 1 a b", "1"),
        ("1=3", "1"),
        ("5=1", "5=0"),
        ("Convolution", "Pooling"),
    ],
)
def test_a_malformed_topology_is_a_sentence(binary: Path, old: str, new: str) -> None:
    edit_param(binary, old, new)
    with pytest.raises(InputError, match=r"net\.bin cannot be used"):
        ncnn_weights.load(binary)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[:3],
        lambda data: b"",
        lambda data: data + b"\0\0\0\0",
        lambda data: b"\1\2\3\4" + data[4:],
        lambda data: data[:4] + b"\xff\x7f" * 4 + data[12:],  # not a number
    ],
)
def test_damaged_weights_are_a_sentence(binary: Path, damage) -> None:
    binary.write_bytes(damage(binary.read_bytes()))
    with pytest.raises(InputError, match=r"net\.bin cannot be used"):
        ncnn_weights.load(binary)


def test_a_missing_topology_is_a_sentence(binary: Path) -> None:
    binary.with_suffix(".param").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        ncnn_weights.load(binary)
