"""Colours and small pictures, made from the palette of whatever theme Krita has."""

from __future__ import annotations

from typing import Any

from ._shared import host, job_list, pixels
from .qt import Qt, QtCore, QtGui

GOOD, BUSY, BAD, IDLE = "#4caf50", "#e0a030", "#e05a4e", "#8a8a8a"
RADIUS = 5  # of rounded corners, in pixels


def mix(first: Any, second: Any, share: float) -> Any:
    """Return the QColor that lies between two, `share` of the way to the second."""
    channels = zip(first.getRgb()[:3], second.getRgb()[:3], strict=True)
    return QtGui.QColor(*(round(one + (other - one) * share) for one, other in channels))


def sheet(palette: Any) -> str:
    """Return the style sheet of the panel for a palette."""
    window, text = palette.window().color(), palette.windowText().color()
    accent, on_accent = palette.highlight().color(), palette.highlightedText().color()
    card, edge = mix(window, text, 0.06), mix(window, text, 0.18)
    hover, muted = mix(window, text, 0.12), mix(text, window, 0.35)
    raised = mix(window, text, 0.10)
    strong = mix(accent, text, 0.12)
    off = mix(text, window, 0.55)
    return f"""
        QFrame#card {{ background: {card.name()}; border: 1px solid {edge.name()}; border-radius: {RADIUS}px; }}
        QWidget#notice {{ background: {mix(window, QtGui.QColor(BUSY), 0.16).name()}; border-radius: {RADIUS}px;
            border: 1px solid {mix(window, QtGui.QColor(BUSY), 0.5).name()}; }}
        QLabel#muted, QLabel#hint {{ color: {muted.name()}; }}
        QLabel#heading {{ color: {muted.name()}; font-weight: 600; }}
        QLabel#title {{ font-weight: 600; }}
        QLabel#thumbnail {{ background: {hover.name()}; border-radius: 3px; }}
        QToolButton#segment {{ background: {raised.name()}; border: 1px solid {edge.name()}; padding: 5px 4px; }}
        QToolButton#segment:hover {{ background: {hover.name()}; }}
        QToolButton#segment:checked {{ background: {accent.name()}; color: {on_accent.name()};
            border-color: {accent.name()}; }}
        QToolButton#segment:focus {{ border-color: {text.name()}; }}
        QPushButton#run {{ background: {accent.name()}; color: {on_accent.name()}; font-weight: 600;
            border: 1px solid {accent.name()}; border-radius: {RADIUS}px; padding: 7px 10px; }}
        QPushButton#run:hover {{ background: {strong.name()}; }}
        QPushButton#run:focus {{ border-color: {text.name()}; }}
        QPushButton#run:disabled {{ background: {raised.name()}; color: {off.name()}; border-color: {edge.name()}; }}
        QPushButton#stop {{ background: {raised.name()}; border: 1px solid {edge.name()};
            border-radius: {RADIUS}px; padding: 7px 10px; }}
        QPushButton#stop:hover {{ background: {hover.name()}; }}
        QPushButton#stop:focus {{ border-color: {accent.name()}; }}
        QPushButton#stop:disabled {{ color: {off.name()}; }}
        QPushButton#small {{ background: {raised.name()}; border: 1px solid {edge.name()}; border-radius: 4px;
            padding: 3px 8px; }}
        QPushButton#small:hover {{ background: {hover.name()}; }}
        QPushButton#small:focus {{ border-color: {accent.name()}; }}
        QPushButton#strong {{ background: {accent.name()}; color: {on_accent.name()}; border-radius: 4px;
            border: 1px solid {accent.name()}; padding: 3px 8px; }}
        QPushButton#strong:hover {{ background: {strong.name()}; }}
        QPushButton#strong:focus {{ border-color: {text.name()}; }}
        QToolButton#thumb {{ background: {card.name()}; border: 1px solid {edge.name()}; border-radius: 4px;
            padding: 2px; }}
        QToolButton#thumb:hover {{ background: {hover.name()}; }}
        QToolButton#thumb:checked {{ border: 2px solid {accent.name()}; padding: 1px; }}
        QToolButton#thumb:focus {{ border-color: {text.name()}; }}
        QToolButton#flat {{ border: none; padding: 3px; border-radius: 4px; }}
        QToolButton#flat:hover, QToolButton#flat:focus {{ background: {hover.name()}; }}
        QToolButton#flat::menu-indicator {{ image: none; }}
        QProgressBar#progress {{ background: {hover.name()}; border: none; border-radius: 2px; }}
        QProgressBar#progress::chunk {{ background: {accent.name()}; border-radius: 2px; }}
        QListWidget#faces {{ background: {card.name()}; border: 1px solid {edge.name()}; border-radius: {RADIUS}px; }}
        QScrollArea#jobs, QWidget#jobs, QScrollArea#plain, QWidget#plain {{ background: transparent; border: none; }}
    """


def fitted(image: Any, width: int, height: int, ratio: float) -> Any:
    """Return a QPixmap of a QImage that fits into width by height logical pixels, sharp at the screen's ratio."""
    wanted = QtCore.QSize(round(width * ratio), round(height * ratio))
    scaled = image.scaled(wanted, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    pixmap = QtGui.QPixmap.fromImage(scaled)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def square(image: Any, side: int, ratio: float) -> Any:
    """Return a QPixmap of the middle of a QImage, `side` logical pixels wide and high."""
    short = min(image.width(), image.height())
    middle = image.copy((image.width() - short) // 2, (image.height() - short) // 2, short, short)
    return fitted(middle, side, side, ratio)


def unfinished(_job: Any, shown: job_list.PreviewPicture) -> Any:
    """Return a QImage of what the server shows of a job that runs, or None for a layout that no server sends."""
    return picture(host.Image(shown.event.pixels.extent, shown.pixels, shown.event.pixels.format))


def picture(image: host.Image) -> Any:
    """Return a QImage of RGB in 8 bit, or None of another layout."""
    extent, layout = image.extent, image.format
    if layout != pixels.PixelFormat(pixels.SampleType.U8, pixels.Channels.RGB):
        return None
    format_ = QtGui.QImage.Format.Format_RGB888
    # Qt neither copies the bytes nor keeps them.
    return QtGui.QImage(bytes(image.data), extent.width, extent.height, 3 * extent.width, format_).copy()
