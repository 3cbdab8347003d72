"""The parts of a request are all of it, and the more steps there are, the more of the time is theirs."""

from types import SimpleNamespace

import pytest
from torch import nn

from foveate_server.engines.diffusion.work_shares import WorkShares


def shares(*, pictures=1, steps=10, rows=1, sees_mask=False):
    vae = SimpleNamespace(encoder=nn.Linear(10, 340, bias=False), decoder=nn.Linear(10, 495, bias=False))
    network = nn.Linear(100, 860, bias=False)  # SD1.5's proportions
    denoiser = SimpleNamespace(vae=vae, network=network, sees_mask=sees_mask)
    return WorkShares.of(denoiser, pictures=pictures, steps=steps, rows=rows)


@pytest.mark.parametrize("pictures", [1, 4])
def test_they_are_all_of_the_time(pictures):
    found = shares(pictures=pictures)
    assert found.encoding + pictures * found.picture == pytest.approx(1)


def test_steps_take_what_they_are_more():
    few, many = shares(steps=2), shares(steps=40, rows=2)
    assert few.denoising < 0.6
    assert many.denoising > 0.95
    assert shares(sees_mask=True).encoding > shares().encoding
