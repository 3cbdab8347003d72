from __future__ import annotations

import pytest
import torch

from foveate_server.engines.restoration.rrdbnet import TAIL_HALO, RRDBNet, rrdbnet


def test_is_found_by_its_state_dict() -> None:
    module = RRDBNet(2, 8, 4)
    network = rrdbnet(module.state_dict())
    assert network is not None
    assert network.scale == 4
    image = torch.rand(1, 3, 9, 7)
    torch.testing.assert_close(network.module(image), module(image))


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state.pop("conv_last.bias"),
        lambda state: state.update({"conv_first.weight": torch.zeros(8, 12, 3, 3)}),  # x2: pixels unshuffled
        lambda state: state.update({"extra": torch.zeros(1)}),
        lambda state: state.update({"body.0.rdb1.conv1.weight": torch.zeros(())}),
        lambda state: state.clear(),
    ],
)
def test_another_architecture_is_left_to_others(change) -> None:
    state = dict(RRDBNet(1, 8, 4).state_dict())
    change(state)
    assert rrdbnet(state) is None


def test_the_tail_halo_is_exact() -> None:
    module = RRDBNet(1, 8, 4).eval()
    features = torch.randn(1, 8, 20, 20)
    changed = features.clone()
    changed[:, :, :, : 10 - TAIL_HALO] += 1
    with torch.inference_mode():
        before, after = module.tail(features), module.tail(changed)
    assert torch.equal(before[..., 40:], after[..., 40:])
    changed[:, :, :, 10 - TAIL_HALO] += 1
    with torch.inference_mode():
        assert not torch.equal(before[..., 40:], module.tail(changed)[..., 40:])


def test_lowered_it_keeps_its_ends_in_float32() -> None:
    module = RRDBNet(1, 8, 4)
    module.lower(torch.bfloat16)
    assert module.conv_first.weight.dtype is module.conv_last.weight.dtype is torch.float32
    assert module.body[0].rdb1.conv1.weight.dtype is torch.bfloat16
    assert module(torch.rand(1, 3, 8, 8)).dtype is torch.float32
