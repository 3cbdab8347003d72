"""A layout whose widgets stand side by side, in as many lines as its width takes: a docker may be narrow."""

from __future__ import annotations

from typing import Any

from .qt import Qt, QtCore, QtWidgets


class Wrapping(QtWidgets.QLayout):  # type: ignore[misc]
    """Each widget is as wide as it wants to be; hidden ones take no room."""

    def __init__(self, *widgets: Any, spacing: int = 6, wide: int | None = None, across: int = 0) -> None:
        """Number `wide` takes what is left of its line. With `across`, all are equally wide, at most so many in a line.

        Those fill the line.
        """
        super().__init__()
        self._items: list[Any] = []  # QLayoutItems
        self._wide, self._across = wide, across
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)
        for widget in widgets:
            self.addWidget(widget)

    def addItem(self, item: Any) -> None:  # noqa: N802 - Qt's names, here and below
        """Take an item."""
        self._items.append(item)

    def count(self) -> int:
        """Return the number of items."""
        return len(self._items)

    def itemAt(self, index: int) -> Any:  # noqa: N802
        """Return an item, or None."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> Any:  # noqa: N802
        """Take an item out, or return None."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Any:  # noqa: N802
        """Say that more height is of no use."""
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """Say yes."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """Return the height of all lines."""
        return self._place(QtCore.QRect(0, 0, width, 0), moves=False)

    def setGeometry(self, area: Any) -> None:  # noqa: N802
        """Place the items."""
        super().setGeometry(area)
        self._place(area, moves=True)

    def sizeHint(self) -> Any:  # noqa: N802
        """Return the size of one line of all, or of as many as stand in one."""
        sizes = [item.sizeHint() for item in self._shown]
        widths = [size.width() + self.spacing() for size in sizes]
        width = min(self._across, len(widths)) * max(widths, default=0) if self._across else sum(widths)
        return QtCore.QSize(max(0, width - self.spacing()), max((size.height() for size in sizes), default=0))

    def minimumSize(self) -> Any:  # noqa: N802
        """Return the size of the widest and the highest."""
        sizes = [item.minimumSize() for item in self._shown]
        return QtCore.QSize(
            max((size.width() for size in sizes), default=0), max((size.height() for size in sizes), default=0)
        )

    @property
    def _shown(self) -> list[Any]:
        return [item for item in self._items if not item.isEmpty()]

    def _place(self, area: Any, *, moves: bool) -> int:
        """Place the items line by line, where it `moves` them; return the height."""
        y = area.y()
        for line in self._lines(area.width()):
            x, high = area.x(), max(_height(item, width) for item, width in line)
            for item, width in line:
                if moves:
                    item.setGeometry(QtCore.QRect(x, y, width, high))
                x += width + self.spacing()
            y += high + self.spacing()
        return max(0, int(y) - self.spacing() - int(area.y()))

    def _lines(self, width: int) -> list[list[tuple[Any, int]]]:
        """Return the items of each line with their widths."""
        return self._columns(width) if self._across else self._flow(width)

    def _columns(self, width: int) -> list[list[tuple[Any, int]]]:
        items, gap = self._shown, self.spacing()
        widest = max((item.sizeHint().width() for item in items), default=1)
        count = max(1, min(self._across, (width + gap) // (widest + gap)))
        edges = [round(number * (width + gap) / count) for number in range(count + 1)]
        lines = [items[start : start + count] for start in range(0, len(items), count)]
        return [[(item, edges[at + 1] - edges[at] - gap) for at, item in enumerate(line)] for line in lines]

    def _flow(self, width: int) -> list[list[tuple[Any, int]]]:
        lines: list[list[tuple[Any, int]]] = []
        left = 0
        for item in self._shown:
            wanted = min(width, item.sizeHint().width())
            if not lines or wanted > left:
                lines.append([])
                left = width
            lines[-1].append((item, wanted))
            left -= wanted + self.spacing()
        wide = self._items[self._wide] if self._wide is not None else None
        return [_stretched(line, wide, width, self.spacing()) for line in lines]


def _height(item: Any, width: int) -> int:
    """Return the height that an item wants at a width."""
    return int(item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height())


def _stretched(line: list[tuple[Any, int]], wide: Any, width: int, gap: int) -> list[tuple[Any, int]]:
    """Return a line in which one item takes what the others leave."""
    rest = width - sum(each + gap for _, each in line) + gap
    return [(item, each + rest if item is wide else each) for item, each in line]
