"""Tells Blender about everything, in order, and takes it back in the opposite one."""

from __future__ import annotations

from typing import Any

import bpy

from . import (
    add_model,
    begin_operator,
    connection_box,
    controller,
    drag_region,
    name_choosers,
    operators,
    panels,
    parameter_panel,
    picture_choosers,
    preferences,
    properties,
    render_handler,
    results,
    show_result,
    watch_jobs,
)
from ._shared import translations

_MODULES = (
    properties,
    preferences,
    operators,
    results,
    begin_operator,
    watch_jobs,
    add_model,
    connection_box,
    drag_region,
    panels,
    parameter_panel,
    name_choosers,
    picture_choosers,
)
_CLASSES = tuple(cls for module in _MODULES for cls in module.CLASSES)


def register_classes() -> None:
    """Register classes, menus, handlers and translations."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    properties.attach()
    controller.get().on_question = begin_operator.ask
    controller.get().on_unwatched = watch_jobs.go_on
    bpy.types.IMAGE_MT_image.append(panels.draw_in_image_menu)
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).append(handler)
    bpy.app.translations.register(__package__, _translations())
    drag_region.start_drawing()


def unregister_classes() -> None:
    """Take it all back."""
    drag_region.stop_drawing()
    bpy.app.translations.unregister(__package__)
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).remove(handler)
    bpy.types.IMAGE_MT_image.remove(panels.draw_in_image_menu)
    properties.detach()
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)


@bpy.app.handlers.persistent
def _after_undo(*_: Any) -> None:
    show_result.after_undo(controller.get().swaps)


_HANDLERS = (*render_handler.HANDLERS, ("undo_post", _after_undo), ("redo_post", _after_undo))


def _translations() -> dict[str, dict[tuple[str, str], str]]:
    """Return our catalogues as Blender wants them: for labels and descriptions, which it translates itself."""
    return {
        language: {
            (context, text): translated
            for text, translated in translations.Texts(language).catalogue.items()
            for context in ("*", "Operator")
        }
        for language in translations.languages()
    }
