"""Foveate in Blender: the selected region of an image, rendered again in place by a Foveate server."""

from . import controller
from .registration import register_classes, unregister_classes


def register() -> None:
    """Make the extension known to Blender; it connects when its panel is first seen, or a job is started."""
    controller.open_controller()
    register_classes()


def unregister() -> None:
    """Take everything back: classes, handlers, timers, the connection and its threads."""
    unregister_classes()
    controller.close_controller()
