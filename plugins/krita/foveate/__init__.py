"""Foveate's plugin for Krita: it is registered here, and begins to work when Krita has set up its first window."""

from .extension import register

register()
