"""What each operation asks for itself, besides strength, model and prompt."""

from __future__ import annotations

from typing import Any

from ._shared import form, protocol
from .controller import Desk
from .extend_fields import ExtendFields
from .faces_list import FacesList
from .parameter_widgets import PercentSlider, Steps
from .qt import QtWidgets, Signal
from .widgets import column

_SCALES = ((2, "2 ×"), (3, "3 ×"), (4, "4 ×"))
_TARGETS = (("new", "New image"), ("document", "In place"))
_AREAS = (("selection", "Selection"), ("canvas", "Extend canvas"))
_STARTS = (("fill", "Surroundings"), ("original", "What is there"), ("noise", "Noise"))


class OwnFields(QtWidgets.QWidget):  # type: ignore[misc]
    """The fields of one operation. As they are, those of an operation that asks for nothing."""

    changed = Signal()
    names: frozenset[str] = frozenset()  # of the parameters that the fields set
    needs_checkpoint = False
    has_variations = True
    is_always_full = False  # without a prompt: it has no strength then

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    @property
    def values(self) -> protocol.JsonObject:
        """Return what is set, by parameter."""
        return {}

    @property
    def folded(self) -> tuple[Any, ...]:
        """Return the fields that are seldom changed: they stand elsewhere."""
        return ()

    @property
    def takes_all(self) -> bool:
        """Tell whether all of the image is worked on, whatever is selected."""
        return False

    @property
    def decided(self) -> frozenset[str]:
        """Return the parameters about which the form's other fields have nothing to say now."""
        return frozenset()

    def recall(self, used: protocol.JsonObject) -> None:
        """Show what was used last."""

    def offer(self, shown: form.Form) -> None:
        """Follow what the server knows of the operation and its model."""

    def ask(self, parameter: str) -> None:
        """Show the fields that set a parameter, and let the person type there."""

    def missing(self) -> str:
        """Return why nothing can be started yet; empty where it can."""
        return ""

    def verb(self, selected: bool) -> str:
        """Return what stands on the button; `selected`: a part of the image is."""
        return self._desk.say("Refocus selection") if selected else self._desk.say("Refocus image")


class FacesFields(OwnFields):
    """Which faces."""

    names = frozenset({"only", "min_score"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        say = desk.say
        self.faces = FacesList(desk)
        self.certainty = PercentSlider(
            say("Certainty"), say("How certain the detector must be of a face; less finds more, also what is none"), 0.5
        )
        column(self).addWidget(self.faces)
        self.faces.chosen_changed.connect(self.changed.emit)
        self.certainty.changed.connect(self._take_certainty)

    @property
    def values(self) -> protocol.JsonObject:
        """See OwnFields."""
        chosen: protocol.JsonObject = {"min_score": self.certainty.value}
        return {**chosen, "only": list(self.faces.chosen)} if self.faces.is_listing else chosen

    @property
    def folded(self) -> tuple[Any, ...]:
        """See OwnFields."""
        return (self.certainty,)

    def recall(self, used: protocol.JsonObject) -> None:
        """See OwnFields."""
        self.certainty.value = used.get("min_score", 0.5)

    def missing(self) -> str:
        """See OwnFields."""
        return self._desk.say("Tick a face first.") if self.faces.is_listing and not self.faces.chosen else ""

    def verb(self, selected: bool) -> str:
        """See OwnFields."""
        say, count = self._desk.say, len(self.faces.chosen)
        if count == 1:
            return say("Refocus 1 face")
        return say("Refocus {count} faces", count=count) if count else say("Refocus all faces")

    def _take_certainty(self) -> None:
        self.faces.certainty = self.certainty.value


class UpscaleFields(OwnFields):
    """How large, and where the result goes."""

    names = frozenset({"scale", "target"})
    is_always_full = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        say = desk.say
        self.scale = Steps(say("Scale"), say("How many times as wide and high the result is"), _SCALES, 4)
        self.target = Steps(
            say("Result"),
            say("A new, larger image; or in place: the detail of a larger rendering at the image's own size"),
            [(value, say(text)) for value, text in _TARGETS],
            "new",
        )
        layout = column(self, spacing=8)
        layout.addWidget(self.scale)
        layout.addWidget(self.target)

    @property
    def values(self) -> protocol.JsonObject:
        """See OwnFields."""
        return {"scale": self.scale.value, "target": self.target.value}

    def recall(self, used: protocol.JsonObject) -> None:
        """See OwnFields."""
        self.scale.value = used.get("scale", 4)
        self.target.value = used.get("target", "new")

    def verb(self, selected: bool) -> str:
        """See OwnFields."""
        return self._desk.say("Upscale selection") if selected else self._desk.say("Upscale image")


class FillFields(OwnFields):
    """What is filled: the selection, or a frame around all of the image."""

    names = frozenset({"start", "extend"})
    needs_checkpoint = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        say = desk.say
        self.area = Steps(
            say("Where"),
            say("New content in what is selected; or around all of the image, as a new, larger image"),
            [(value, say(text)) for value, text in _AREAS],
            "selection",
        )
        self.start = Steps(
            say("Start from"),
            say("What the selection holds at the start: a fill from its surroundings, what is there, or noise."),
            [(value, say(text)) for value, text in _STARTS],
            "fill",
        )
        self.extend = ExtendFields(say)
        layout = column(self, spacing=8)
        for widget in (self.area, self.start, self.extend):
            layout.addWidget(widget)
        self.area.changed.connect(self._show_area)
        self.extend.changed.connect(self.changed.emit)
        self._show_area()

    @property
    def values(self) -> protocol.JsonObject:
        """See OwnFields."""
        return {"extend": self.extend.value} if self.takes_all else {"start": self.start.value}

    @property
    def takes_all(self) -> bool:
        """See OwnFields."""
        return bool(self.area.value == "canvas")

    def recall(self, used: protocol.JsonObject) -> None:
        """See OwnFields."""
        self.start.value = used.get("start", "fill")
        self.extend.value = used.get("extend")
        self._choose_area("canvas" if used.get("extend") else "selection")

    def ask(self, parameter: str) -> None:
        """See OwnFields."""
        self._choose_area("canvas" if parameter == "extend" else "selection")

    def missing(self) -> str:
        """See OwnFields."""
        lacks = self.takes_all and not self.extend.value
        return self._desk.say("Say by how many pixels the canvas grows.") if lacks else ""

    def verb(self, selected: bool) -> str:
        """See OwnFields."""
        say = self._desk.say
        if self.takes_all:
            return say("Extend canvas")
        return say("Fill selection") if selected else say("Fill image")

    def _choose_area(self, area: str) -> None:
        self.area.value = area
        self._show_area()

    def _show_area(self) -> None:
        self.start.setVisible(not self.takes_all)
        self.extend.setVisible(self.takes_all)
        self.changed.emit()
