"""Qt as this Krita has it: there is one of the two bindings in an edition."""

try:
    from PyQt6 import QtCore, QtWidgets
except ModuleNotFoundError:
    from PyQt5 import QtCore, QtWidgets

Qt, QByteArray = QtCore.Qt, QtCore.QByteArray
QApplication = QtWidgets.QApplication

__all__ = ["QApplication", "QByteArray", "Qt", "QtCore", "QtWidgets"]
