"""The small widgets that the panel is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from . import style
from .qt import Qt, QtCore, QtGui, QtWidgets

_LONG_WORD = re.compile(r"\S{20,}")
_JOINT = re.compile(r"[/\\_.:,=-]|[^\s/\\_.:,=-]{20}")  # after which a long word may go on in the next line
STRONG_FOCUS = Qt.FocusPolicy.StrongFocus  # by the keyboard, too


def label(text: str = "", name: str = "", *, wraps: bool = True) -> Any:
    """Return a label that can be selected and copied; `name` chooses its style."""
    made = QtWidgets.QLabel(text, objectName=name, wordWrap=wraps, textFormat=Qt.TextFormat.PlainText)
    if name in {"muted", "hint"}:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def button(text: str, tip: str, act: Callable[[], object], name: str = "small") -> Any:
    """Return a push button."""
    return QtWidgets.QPushButton(text, objectName=name, toolTip=tip, clicked=lambda *_: act())


def row(*children: Any, spacing: int = 6, wide: int | None = None) -> Any:
    """Return a horizontal layout of widgets, layouts and stretches (None); number `wide` takes what room there is."""
    layout = _filled(QtWidgets.QHBoxLayout(), children, 0, spacing)
    if wide is not None:
        layout.setStretch(wide, 1)
    return layout


def column(parent: Any = None, *children: Any, margin: int = 0, spacing: int = 6) -> Any:
    """Return a vertical layout of widgets, layouts and stretches (None), of `parent` where there is one."""
    layout = QtWidgets.QVBoxLayout() if parent is None else QtWidgets.QVBoxLayout(parent)
    return _filled(layout, children, margin, spacing)


def _filled(layout: Any, children: Iterable[Any], margin: int, spacing: int) -> Any:
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    for child in children:
        if child is None:
            layout.addStretch(1)
        elif isinstance(child, QtWidgets.QWidget):
            layout.addWidget(child)
        else:
            layout.addLayout(child)
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
    made = QtWidgets.QToolButton(
        objectName="flat", text="▾", toolTip=tip, accessibleName=f"{title}: {tip}", focusPolicy=STRONG_FOCUS
    )
    made.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
    menu = QtWidgets.QMenu(made)
    made.setMenu(menu)
    return made, menu


def add_choice(menu: Any, text: str, act: Callable[[], object]) -> None:
    """Add a text to a menu as it stands; what is chosen acts."""
    menu.addAction(text.replace("&", "&&")).triggered.connect(lambda *_: act())


def holder(layout: Any) -> Any:
    """Return a widget that holds a layout."""
    made = QtWidgets.QWidget()
    made.setLayout(layout)
    return made


def fill(box: Any, rows: Iterable[tuple[str, Any, str]]) -> None:
    """Make the entries of a drop-down list these titles with their values, and with tips where those say anything."""
    box.clear()
    for index, (title, value, tip) in enumerate(rows):
        box.addItem(title, value)
        box.setItemData(index, tip or None, Qt.ItemDataRole.ToolTipRole)


def show_value(box: Any, value: Any) -> None:
    """Choose the entry of a drop-down list that has a value, else the first."""
    box.setCurrentIndex(max(0, box.findData(value)))


def narrow(widget: Any) -> Any:
    """Return a widget, which from now on takes whatever width there is."""
    widget.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Fixed)
    return widget


def scrolling(area: Any, content: Any) -> Any:
    """Return a scroll area, which from now on shows its content without a frame, as wide as it is itself."""
    area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    sideways = area.horizontalScrollBar()  # the keyboard moves it where the content is too wide; nothing moves it back
    sideways.valueChanged.connect(lambda _: sideways.setValue(0))
    area.setWidgetResizable(True)
    area.setWidget(content)
    return area


def remove(widget: Any) -> None:
    """Take a widget away for good."""
    widget.hide()
    widget.setParent(None)
    widget.deleteLater()


def tell(where: Any, text: str) -> None:
    """Show a text in a label, which is hidden where there is none."""
    where.setText(text)
    where.setVisible(bool(text))


def breakable(text: str) -> str:
    """Return a text whose long words, such as paths, may be broken: a label is never less wide than its longest word.

    Only to look at: who copies it copies what cannot be seen, too.
    """
    return _LONG_WORD.sub(lambda word: _JOINT.sub("\\g<0>\u200b", word[0]), text)


def confirmed(parent: Any, text: str, yes: str, back: str) -> bool:
    """Ask a question whose usual answer is to go back; return whether the person said `yes`."""
    box = QtWidgets.QMessageBox(parent)
    box.setIcon(QtWidgets.QMessageBox.Icon.Question)
    box.setWindowTitle("Foveate")
    box.setText(text)
    go_on = box.addButton(yes, QtWidgets.QMessageBox.ButtonRole.AcceptRole)
    stay = box.addButton(back, QtWidgets.QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    box.setEscapeButton(stay)
    box.exec()
    said_yes = bool(box.clickedButton() == go_on)
    box.deleteLater()  # else it stays in its parent for good
    return said_yes


def copy_text(text: str) -> None:
    """Put a text onto the clipboard."""
    QtWidgets.QApplication.clipboard().setText(text)


class SteadyLabel(QtWidgets.QLabel):  # type: ignore[misc]
    """A text in the room of the longest that may stand there: what lies below it does not move."""

    def __init__(self, name: str) -> None:
        super().__init__(objectName=name, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._longest = ""

    def tell(self, text: str, longest: str) -> None:
        """Show a text; where none is the `longest`, the room stays what it was."""
        self.setText(text)
        if longest and longest != self._longest:
            self._longest = longest
            self.updateGeometry()

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Return the height of the higher of the two."""
        flags = Qt.TextFlag.TextWordWrap
        area = self.fontMetrics().boundingRect(QtCore.QRect(0, 0, width, 1 << 15), flags, self._longest)
        return max(int(super().heightForWidth(width)), int(area.height()))


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
        super().__init__(objectName="thumbnail", alignment=Qt.AlignmentFlag.AlignCenter)
        self._side = side
        self._image: Any = None
        self.setFixedSize(side, side)

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
        super().__init__(minimumHeight=40, alignment=Qt.AlignmentFlag.AlignCenter)
        self._badge = badge
        self._image: Any = None
        narrow(self)

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
        self._button = QtWidgets.QToolButton(
            objectName="flat", text=title, toolTip=tip, checkable=True, toggled=self._unfold
        )
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._content = content
        column(self, row(self._button, None), content, spacing=2)
        self._unfold(False)

    def _unfold(self, open_: bool) -> None:
        self._button.setArrowType(Qt.ArrowType.DownArrow if open_ else Qt.ArrowType.RightArrow)
        self._content.setVisible(open_)


class Measured(QtWidgets.QWidget):  # type: ignore[misc]
    """Asks for the height that its layout wants at the width it has, and for no less than that with all that shrinks.

    Layouts of Qt 5 take the height that a widget wants for its least one where that depends on the width.
    """

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's names, here and below
        """Say no: both heights are told as sizes."""
        return False

    def sizeHint(self) -> Any:  # noqa: N802
        """Return its size with all that it shows."""
        return QtCore.QSize(super().sizeHint().width(), self._wanted())

    def minimumSizeHint(self) -> Any:  # noqa: N802
        """Return its size with little of what scrolls."""
        spare = sum(each.spare for each in self.findChildren(Shrinking) if each.isVisibleTo(self))
        return QtCore.QSize(super().minimumSizeHint().width(), self._wanted() - spare)

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        """Ask for other heights at another width."""
        super().resizeEvent(event)
        _ask_anew(self, event)

    def _wanted(self) -> int:
        layout = self.layout()
        has_width = layout.hasHeightForWidth() and self.width() > 0
        return int(layout.totalHeightForWidth(self.width()) if has_width else layout.totalSizeHint().height())


def _ask_anew(widget: Any, resized: Any) -> None:
    if resized.oldSize().width() != resized.size().width():
        widget.updateGeometry()


class Shrinking(QtWidgets.QScrollArea):  # type: ignore[misc]
    """As high as its content wants to be; where there is less room, it scrolls."""

    def __init__(self, content: Any, least: int = 60) -> None:
        """`least` is the height in logical pixels that it never goes below."""
        super().__init__(objectName="plain", focusPolicy=Qt.FocusPolicy.NoFocus)
        self._least = least
        content.setObjectName("plain")
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Maximum)
        scrolling(self, content)
        for asking in (content, self.viewport()):  # a content without a layout, such as a label, asks its parent
            asking.installEventFilter(self)

    def sizeHint(self) -> Any:  # noqa: N802 - Qt's name
        """Return the content's."""
        content = self.widget()
        hint = content.sizeHint()
        if content.hasHeightForWidth() and self.width() > 0:
            hint.setHeight(content.heightForWidth(self.width()))
        return hint

    @property
    def spare(self) -> int:
        """Return by how much it can be lower than its content."""
        return int(self.sizeHint().height() - self.minimumSizeHint().height())

    def minimumSizeHint(self) -> Any:  # noqa: N802 - Qt's name
        """Return little: the rest is reached by scrolling. Never less wide than the content."""
        return QtCore.QSize(self.widget().minimumSizeHint().width(), min(self._least, self.sizeHint().height()))

    def resizeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Ask for another height at another width; drop the scroll bar, without which all may fit, where it does."""
        policy = Qt.ScrollBarPolicy
        fits = self.height() >= self.sizeHint().height()
        self.setVerticalScrollBarPolicy(policy.ScrollBarAlwaysOff if fits else policy.ScrollBarAsNeeded)
        super().resizeEvent(event)
        _ask_anew(self, event)

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802 - Qt's name
        """Ask for another height when the content wants one."""
        if event.type() == QtCore.QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))
