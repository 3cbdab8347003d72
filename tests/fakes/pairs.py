"""Rows in which every two values of different factors meet: far fewer than all combinations."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations, product
from typing import Any

Row = dict[str, Any]
_TRIES = 60  # completions of a pair among which the one that meets most others is taken


def all_pairs(factors: Mapping[str, Sequence[Any]], allowed: Callable[[Row], bool]) -> list[Row]:
    """Return rows, the same at each call, in which all pairs of values occur that an allowed row can hold."""
    source = random.Random(1)
    missing = {pair for first, second in combinations(factors, 2) for pair in _products(factors, first, second)}
    rows = []
    for pair in sorted(missing, key=repr):
        if pair not in missing:
            continue
        tried = [{name: source.choice(values) for name, values in factors.items()} | dict(pair) for _ in range(_TRIES)]
        fitting = [row for row in tried if allowed(row)]
        if not fitting:
            continue
        best = max(fitting, key=lambda row: len(missing & pairs_of(row)))
        rows.append(best)
        missing -= pairs_of(best)
    return rows


def pairs_of(row: Row) -> set[tuple[tuple[str, Any], tuple[str, Any]]]:
    """Return all pairs of a row's values, with the names of their factors."""
    return set(combinations(row.items(), 2))


def _products(factors: Mapping[str, Sequence[Any]], first: str, second: str) -> Iterable[Any]:
    return product(((first, value) for value in factors[first]), ((second, value) for value in factors[second]))
