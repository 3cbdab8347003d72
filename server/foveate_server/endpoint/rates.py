"""How often a client may ask for something."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

_MOST_OWNERS = 4096  # to remember; who was forgotten begins with a full bucket


class TokenBucket:
    """Lets through `rate` events per second on average, and `burst` at once."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._filled = clock()  # when `_tokens` was true

    def take(self) -> bool:
        """Tell whether one more event may happen now, and count it if so."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class OwnerBuckets:
    """One bucket per owner, however many connections it has."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._new: Callable[[], TokenBucket] = lambda: TokenBucket(rate, burst, clock)
        self._buckets: OrderedDict[Hashable, TokenBucket] = OrderedDict()  # the one used last is last

    def take(self, owner: Hashable) -> bool:
        """Tell whether `owner` may do one more."""
        bucket = self._buckets.get(owner) or self._new()
        self._buckets[owner] = bucket
        self._buckets.move_to_end(owner)
        while len(self._buckets) > _MOST_OWNERS:
            self._buckets.popitem(last=False)
        return bucket.take()
