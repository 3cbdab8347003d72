"""Parts of an item's progress."""

from __future__ import annotations

from dataclasses import dataclass

from foveate_server.engines.contract import Ticker


@dataclass(frozen=True)
class ProgressShare:
    """A ticker for a part of an item: its progress runs over `share` of the item's, from `start` on."""

    whole: Ticker
    start: float
    share: float

    def check(self) -> None:
        """See engines.contract.Ticker."""
        self.whole.check()

    def give_way(self) -> bool:
        """See engines.contract.Ticker."""
        return self.whole.give_way()

    def progress(self, stage: str, fraction: float, step: int = 0, steps: int = 0) -> None:
        """See engines.contract.Ticker."""
        self.whole.progress(stage, self.start + self.share * fraction, step, steps)

    def get_ready(self, stage: str, seconds: float) -> None:
        """See engines.contract.Ticker."""
        self.whole.get_ready(stage, seconds)

    def note(self, text: str) -> None:
        """See engines.contract.Ticker."""
        self.whole.note(text)


def divide(whole: Ticker, *costs: float) -> list[ProgressShare]:
    """Return a ticker for each part of an item, in their order; its share is that of its cost."""
    total, shares, start = sum(costs), [], 0.0
    for cost in costs:
        shares.append(ProgressShare(whole, start, cost / total))
        start += cost / total
    return shares
