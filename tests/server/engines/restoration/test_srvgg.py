from __future__ import annotations

import pytest
import torch

from foveate_server.engines.restoration.srvgg import SRVGGNetCompact, srvgg


@pytest.mark.parametrize(("convolutions", "scale"), [(1, 1), (2, 2), (3, 4)])
def test_is_found_by_its_state_dict(convolutions: int, scale: int) -> None:
    module = SRVGGNetCompact(convolutions, 8, scale)
    network = srvgg(module.state_dict())
    assert network is not None
    assert (network.scale, network.halo) == (scale, convolutions + 2)
    image = torch.rand(1, 3, 9, 7)
    torch.testing.assert_close(network.module(image), module(image))


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state.pop("body.1.weight"),
        lambda state: state.update({"body.0.weight": torch.zeros(8)}),
        lambda state: state.update({"body.6.weight": torch.zeros(7, 8, 3, 3)}),
        lambda state: state.update({"extra": torch.zeros(1)}),
        lambda state: state.clear(),
    ],
)
def test_another_architecture_is_left_to_others(change) -> None:
    state = dict(SRVGGNetCompact(2, 8, 2).state_dict())
    change(state)
    assert srvgg(state) is None


def test_its_halo_is_exact() -> None:
    module = SRVGGNetCompact(2, 8, 2).eval()
    image = torch.rand(1, 3, 12, 24)
    changed = image.clone()
    changed[..., : 12 - module.radius] += 1
    with torch.inference_mode():
        before, after = module(image), module(changed)
    assert torch.equal(before[..., 24:], after[..., 24:])
    changed[..., 12 - module.radius] += 1
    with torch.inference_mode():
        assert not torch.equal(before[..., 24:], module(changed)[..., 24:])


def test_lowered_it_keeps_its_ends_in_float32() -> None:
    module = SRVGGNetCompact(2, 8, 2)
    module.lower(torch.bfloat16)
    dtypes = [layer.weight.dtype for layer in module.body]
    assert dtypes[0] is dtypes[-1] is torch.float32
    assert set(dtypes[1:-1]) == {torch.bfloat16}
    assert module(torch.rand(1, 3, 8, 8)).dtype is torch.float32
