"""The order in which Tab goes through widgets: as they are drawn. Qt's own is that in which they were made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from .qt import Qt, QtWidgets


def tab_as_drawn(widget: Any) -> None:
    """Let Tab go through all that lies in a widget in the order of its layouts."""
    stops = [each for each in _laid_out(widget) if each.focusPolicy() & Qt.FocusPolicy.TabFocus]
    for one, other in pairwise(stops):
        QtWidgets.QWidget.setTabOrder(one, other)


def _laid_out(widget: Any) -> Iterator[Any]:
    """Yield a widget, and all that its layouts and scroll areas hold, in their order."""
    yield widget
    if isinstance(widget, QtWidgets.QScrollArea):
        yield from _laid_out(widget.widget())
    if widget.layout() is not None:
        yield from _items(widget.layout())


def _items(layout: Any) -> Iterator[Any]:
    for item in map(layout.itemAt, range(layout.count())):
        if item.widget() is not None:
            yield from _laid_out(item.widget())
        elif item.layout() is not None:
            yield from _items(item.layout())
