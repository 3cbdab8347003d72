import pytest
from hypothesis import given
from hypothesis import strategies as st

from foveate_server.imaging.reach import reduction_for

SIGMAS, SIDES = st.floats(0, 20), st.floats(1, 4000)


@pytest.mark.parametrize(
    ("sigma", "side", "reduction", "full"),
    [
        (0.6, 100, 1.0, True),
        (1.5, 100, 1.2, True),  # the design's table: 1 and 2 are superb
        (2.5, 100, 2.0, True),  # 2 is natural
        (4.0, 100, 2.08, False),  # beyond the restorer: never at full strength
        (4.0, 400, 3.2, True),  # a large face has its features still
    ],
)
def test_the_measured_table(sigma, side, reduction, full):
    reach = reduction_for(sigma, side)
    assert reach.reduction == pytest.approx(reduction, abs=0.01)
    assert (reach.effect == 1) is full
    assert (reach.sentence is None) is full


def test_a_hopeless_region_is_left_alone_with_a_reason():
    reach = reduction_for(9, 100)
    assert reach.effect == 0
    assert "diffusion checkpoint" in reach.sentence


@given(SIGMAS, SIGMAS, SIDES)
def test_more_blur_never_means_more_effect_or_less_reduction(one, other, side):
    less, more = (reduction_for(sigma, side) for sigma in sorted((one, other)))
    assert more.effect <= less.effect
    assert more.reduction >= less.reduction


@given(SIGMAS, SIDES)
def test_reductions_leave_enough_of_the_subject(sigma, side):
    reach = reduction_for(sigma, side)
    assert 1 <= reach.reduction <= 4
    assert 0 <= reach.effect <= 1
    assert reach.reduction == 1 or side / reach.reduction >= 47.9
