import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from foveate_server.imaging import pushpull
from foveate_server.imaging.ringmatch import match_ring


def test_known_samples_stay_and_holes_follow_their_surroundings():
    rows, columns = np.indices((60, 80), np.float32)
    image = np.stack([columns / 80, rows / 60, np.full((60, 80), 0.5)], axis=-1).astype(np.float32)
    known = np.ones((60, 80), np.float32)
    known[20:40, 30:50] = 0
    filled = pushpull.fill(np.where(known[..., None] > 0, image, 9), known)
    assert filled[known > 0].tobytes() == image[known > 0].tobytes()
    assert np.abs(filled - image).max() < 0.12  # a gradient goes on
    assert np.abs(np.diff(filled, axis=1)).max() < 0.06


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_anything_is_filled_within_the_range_of_what_is_known(height, width, seed):
    random = np.random.default_rng(seed)
    image = random.random((height, width, 3)).astype(np.float32)
    known = (random.random((height, width)) < random.random()).astype(np.float32)
    filled = pushpull.fill(image, known)
    assert np.isfinite(filled).all()
    least, most = (image[known > 0].min(), image[known > 0].max()) if known.any() else (image.min(), image.max())
    assert filled.min() >= least - 1e-4
    assert filled.max() <= most + 1e-4


def test_a_renderers_shift_of_colours_is_taken_back_inside_too():
    random = np.random.default_rng(3)
    original = random.random((96, 128, 3)).astype(np.float32)
    mask = np.zeros((96, 128), np.float32)
    mask[30:60, 40:90] = 1
    shift = np.array([0.05, -0.03, 0.02], np.float32)
    matched = match_ring(original + shift, original, mask)
    assert np.abs(matched - original).max() < 0.01
    painted = original + shift
    painted[mask > 0] = 0.3
    inside = match_ring(painted, original, mask)[35:55, 50:80]
    assert np.allclose(inside, 0.3 - shift, atol=0.01)


def test_nothing_to_learn_from_changes_nothing():
    image = np.full((40, 40, 3), 0.4, np.float32)
    assert (
        match_ring(image + 0.1, image, np.ones((40, 40), np.float32)).tobytes() == (image + np.float32(0.1)).tobytes()
    )
    assert match_ring(image, image, np.zeros((40, 40), np.float32)).tobytes() == image.tobytes()
