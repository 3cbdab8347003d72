"""Krita's active document, for the controller."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import layer_pictures
from ._shared import document_controller, job_records
from .document import KritaHost, find_selection, selected_bounds, why_unusable
from .face_survey import FaceSurvey
from .lost_document import LostDocument
from .new_image_host import NewImageHost
from .settings_place import settings_path


@dataclass(frozen=True)
class KritaEditor:
    """See foveate_shared.editor.document_controller.Editor. `krita` is Krita's module."""

    krita: Any

    def context(self, *, pictures: bool) -> document_controller.DocumentState | None:
        """See Editor."""
        document = self._active()
        if document is None:
            return None
        extent, key = layer_pictures.extent_of(document), layer_pictures.document_key(document)
        layers = layer_pictures.offered(document) if pictures else ()
        selection = selected_bounds(document)
        is_outside = selection is None and find_selection(document) is not None
        return document_controller.DocumentState(
            document, extent, selection, key, layers, is_outside=is_outside, unusable=why_unusable(document)
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
        return self.krita.Krita.instance().activeDocument()
