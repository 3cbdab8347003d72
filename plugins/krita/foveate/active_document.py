"""Krita's active document, for the controller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import layer_pictures
from ._shared import document_controller, job_records
from .document import KritaHost, bounds_within, find_selection, why_unusable
from .face_survey import FaceSurvey
from .lost_document import LostDocument
from .new_image_host import NewImageHost
from .settings_place import settings_path


@dataclass
class KritaEditor:
    """See foveate_shared.editor.document_controller.Editor. `krita` is Krita's module."""

    krita: Any
    _acting: Any = None  # the QMainWindow in which a person acts; Krita may be told later that it is the active one

    @contextmanager
    def acting_in(self, main_window: Any) -> Iterator[None]:
        """See WindowedEditor."""
        self._acting = main_window
        try:
            yield
        finally:
            self._acting = None

    def context(self, *, pictures: bool) -> document_controller.DocumentState | None:
        """See Editor."""
        document = self._active()
        if document is None:
            return None
        extent, key = layer_pictures.extent_of(document), layer_pictures.document_key(document)
        layers = layer_pictures.offered(document) if pictures else ()
        selection = find_selection(document)
        bounds = bounds_within(selection, document)
        is_outside = selection is not None and bounds is None
        return document_controller.DocumentState(
            document, extent, bounds, key, layers, is_outside=is_outside, unusable=why_unusable(document)
        )

    def open_host(self, title: str, *, whole: bool = False) -> KritaHost:
        """See Editor."""
        return KritaHost(self.krita, self._active(), title, whole=whole)

    def open_new_image(self, title: str) -> NewImageHost:
        """See Editor."""
        return NewImageHost(self.krita, self._active(), title)

    def open_left(self, record: job_records.Record | None, title: str) -> LostDocument:
        """See LeftEditor."""
        return LostDocument(self.krita, record, title)

    def open_survey(self) -> FaceSurvey:
        """See Editor."""
        return FaceSurvey(self.krita, self._active(), "")

    def settings_path(self) -> Path:
        """Return where the plugin's settings are."""
        return settings_path(self.krita)

    def _active(self) -> Any:
        app = self.krita.Krita.instance()
        for window in app.windows() if self._acting is not None else ():
            if window.qwindow() == self._acting:
                view = window.activeView()
                return view.document() if view is not None else None
        return app.activeDocument()
