"""The small widgets that the panel is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import style
from .qt import Qt, QtCore, QtGui, QtWidgets


def label(text: str = "", name: str = "", *, wraps: bool = True) -> Any:
    """Return a label that can be selected and copied; `name` chooses its style."""
    made = QtWidgets.QLabel(text)
    made.setObjectName(name)
    made.setWordWrap(wraps)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if name in {"muted", "hint"}:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def button(text: str, tip: str, act: Callable[[], object], name: str = "small") -> Any:
    """Return a push button."""
    made = QtWidgets.QPushButton(text)
    made.setObjectName(name)
    made.setToolTip(tip)
    made.clicked.connect(lambda *_: act())
    return made


def row(*children: Any, spacing: int = 6) -> Any:
    """Return a horizontal layout of widgets and stretches (None)."""
    layout = QtWidgets.QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for child in children:
        if child is None:
            layout.addStretch(1)
        elif isinstance(child, QtWidgets.QWidget):
            layout.addWidget(child)
        else:
            layout.addLayout(child)
    return layout


def column(parent: Any = None, *, margin: int = 0, spacing: int = 6) -> Any:
    """Return an empty vertical layout."""
    layout = QtWidgets.QVBoxLayout() if parent is None else QtWidgets.QVBoxLayout(parent)
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    return layout


NAME_WIDTH = 76  # pixels, so that what follows the names of parameters stands in one line


def name_label(title: str, buddy: Any) -> Any:
    """Return the label before a value; its width is the same everywhere."""
    made = label(title, "name", wraps=False)
    made.setMinimumWidth(NAME_WIDTH)
    made.setBuddy(buddy)
    return made


def menu_button(title: str, tip: str) -> tuple[Any, Any]:
    """Return a small button that opens a menu, and the menu; `title` is of what it belongs to."""
    made = QtWidgets.QToolButton()
    made.setObjectName("flat")
    made.setText("▾")
    made.setToolTip(tip)
    made.setAccessibleName(f"{title}: {tip}")
    made.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    menu = QtWidgets.QMenu(made)
    made.setMenu(menu)
    return made, menu


class Dot(QtWidgets.QWidget):  # type: ignore[misc]
    """A round light."""

    def __init__(self) -> None:
        super().__init__()
        self._color = style.IDLE
        self.setFixedSize(12, 12)

    def show_color(self, color: str) -> None:
        """Change the light."""
        if color != self._color:
            self._color = color
            self.update()

    def paintEvent(self, _event: Any) -> None:  # noqa: N802 - Qt's name
        """Draw the light."""
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QtGui.QColor(self._color))
        painter.drawEllipse(QtCore.QRectF(1.5, 1.5, 9, 9))


class PictureLabel(QtWidgets.QLabel):  # type: ignore[misc]
    """A picture with round corners, as sharp as the screen; empty where there is none."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self._side = side
        self._image: Any = None
        self.setObjectName("thumbnail")
        self.setFixedSize(side, side)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def show_image(self, image: Any) -> None:
        """Show a QImage, or nothing (None)."""
        if image is self._image:
            return
        self._image = image
        if image is None or image.isNull():
            self.clear()
        else:
            self.setPixmap(style.square(image, self._side, self.devicePixelRatioF()))


class PreviewLabel(QtWidgets.QLabel):  # type: ignore[misc]
    """A large picture that says of itself that it is no result yet."""

    def __init__(self, badge: str) -> None:
        super().__init__()
        self._badge = badge
        self._image: Any = None
        self.setMinimumHeight(40)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Ignored, policy.Fixed)

    def show_image(self, image: Any) -> None:
        """Show a QImage, or nothing (None)."""
        if image is not self._image:
            self._image = image
            self.setVisible(image is not None)
            self._fit()

    def resizeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Keep the picture as wide as the panel."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._image is None or self._image.isNull() or self.width() < 10:
            return
        height = min(240, max(40, round(self.width() * self._image.height() / max(1, self._image.width()))))
        pixmap = style.fitted(self._image, self.width(), height, self.devicePixelRatioF())
        self.setFixedHeight(height)
        self.setPixmap(pixmap)

    def paintEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Draw the picture, and the badge into its corner, or above its middle where it is narrower."""
        super().paintEvent(event)
        picture = self.pixmap()
        if picture is None or picture.isNull():
            return
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        metrics = painter.fontMetrics()
        width = metrics.horizontalAdvance(self._badge) + 14
        left = (self.width() - picture.width() / picture.devicePixelRatio()) / 2
        left = left + 6 if width + 12 <= self.width() - 2 * left else (self.width() - width) / 2
        area = QtCore.QRectF(max(0.0, left), 6, min(width, self.width()), metrics.height() + 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QtGui.QColor(style.BUSY))
        painter.drawRoundedRect(area, 4, 4)
        painter.setPen(QtGui.QColor("#1c1c1c"))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self._badge)
        painter.end()


class Fold(QtWidgets.QWidget):  # type: ignore[misc]
    """A heading that unfolds what lies below it."""

    def __init__(self, title: str, tip: str, content: Any) -> None:
        super().__init__()
        self._button = QtWidgets.QToolButton()
        self._button.setObjectName("flat")
        self._button.setText(title)
        self._button.setToolTip(tip)
        self._button.setCheckable(True)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._content = content
        layout = column(self, spacing=2)
        layout.addLayout(row(self._button, None))
        layout.addWidget(content)
        self._button.toggled.connect(self._unfold)
        self._unfold(False)

    def _unfold(self, open_: bool) -> None:
        self._button.setArrowType(Qt.ArrowType.DownArrow if open_ else Qt.ArrowType.RightArrow)
        self._content.setVisible(open_)


class Shrinking(QtWidgets.QScrollArea):  # type: ignore[misc]
    """As high as its content wants to be; where there is less room, it scrolls."""

    _LEAST = 60  # logical pixels

    def __init__(self, content: Any) -> None:
        super().__init__()
        self.setObjectName("plain")
        content.setObjectName("plain")
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Maximum)
        self.setWidget(content)
        content.installEventFilter(self)

    def sizeHint(self) -> Any:  # noqa: N802 - Qt's name
        """Return the content's."""
        return self._wanted()

    def minimumSizeHint(self) -> Any:  # noqa: N802 - Qt's name
        """Return little: the rest is reached by scrolling. Never less wide than the content."""
        wanted = self._wanted()
        return QtCore.QSize(self.widget().minimumSizeHint().width(), min(self._LEAST, wanted.height()))

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802 - Qt's name
        """Ask for another height when the content wants one."""
        if event.type() == QtCore.QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))

    def _wanted(self) -> Any:
        content = self.widget()
        hint = content.sizeHint()
        layout = content.layout()
        if layout is not None and layout.hasHeightForWidth() and self.width() > 0:
            hint.setHeight(layout.totalHeightForWidth(self.width()))
        return hint
