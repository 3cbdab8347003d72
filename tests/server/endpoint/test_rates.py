"""Token buckets."""

from foveate_server.endpoint.rates import OwnerBuckets, TokenBucket


def test_a_burst_passes_and_then_the_rate():
    now = [0.0]
    bucket = TokenBucket(2.0, 4, lambda: now[0])
    assert [bucket.take() for _ in range(6)] == [True] * 4 + [False] * 2
    now[0] = 1.0
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now[0] = 100.0  # what is saved up is bounded
    assert [bucket.take() for _ in range(5)] == [True] * 4 + [False]


def test_owners_have_buckets_of_their_own():
    buckets = OwnerBuckets(1.0, 1, lambda: 0.0)
    assert buckets.take("a")
    assert not buckets.take("a")
    assert buckets.take("b")
