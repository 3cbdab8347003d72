"""Which faces: numbers to type, and the faces that were found, as thumbnails with ticks."""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import Gimp, Gtk

from ._shared import controller, errors, faces, job_list, protocol
from .argument_widgets import Line
from .face_survey import FaceSurvey

_LOOKS = 10  # of the dialog's, in which the selection is looked at once: each one asks GIMP
_MOST_IN_A_ROW = 6
_MOST_ROWS = 2  # of more, the list scrolls


class FacesField:
    """A line, a button that looks for faces, and ticks, which write the line."""

    def __init__(
        self,
        config: Gimp.ProcedureConfig,
        name: str,
        image: Gimp.Image,
        controller: controller.Controller,
        *,
        said: Callable[[], protocol.JsonObject],
        hint: str,
    ) -> None:
        """`said` returns what the form says: some of it is about finding faces, too."""
        self._config, self._name, self._image, self._controller, self._said = config, name, image, controller, said
        self._survey: job_list.JobEntry | None = None
        self._scene: object = None  # the selection in which it looks
        self._asked: protocol.JsonObject = {}  # its parameters, such as how certain it must be
        self._shown: tuple[faces.FoundFace, ...] = ()
        self._problem = ""  # why it could not be looked for
        self._is_telling = False  # the argument what is ticked
        self._looks_left = 0  # until the selection is looked at
        self._scene_is_same = False  # as it was seen then
        self._ticks: list[Gtk.CheckButton] = []
        say = controller.say
        self.entry = Line(config, name, hint=hint).widget
        self._find = Gtk.Button.new_with_mnemonic(say("_Find faces"))
        self._find.set_tooltip_text(say("List the faces of the selection, or of all of the image, to choose from"))
        self._find.connect("clicked", lambda _: self.find())
        self._state = Gtk.Label(xalign=0.0, wrap=True, max_width_chars=40)
        self._state.get_style_context().add_class("dim-label")
        self._list = Gtk.FlowBox(
            selection_mode=Gtk.SelectionMode.NONE,
            max_children_per_line=_MOST_IN_A_ROW,
            homogeneous=True,
        )
        self._window = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER)
        self._window.add(self._list)
        self._list.show()
        self._window.set_no_show_all(True)
        self.widget = self._lay_out()
        config.connect(f"notify::{name}", lambda *_: self._follow_text())

    def find(self) -> None:
        """Look for faces in the image."""
        rt = self._controller
        self._problem = ""
        before, scene, parameters = self._survey, self._scene_now(), self._asked_now()
        try:
            survey = FaceSurvey(self._image, rt.say)
            (self._survey,) = rt.start(
                lambda _: survey,
                faces.SURVEY,
                parameters,
                title=rt.say("Find faces"),
                ask_first=False,
                is_new_wish=False,
            )
        except errors.FoveateError as error:
            self._problem = rt.say.sentence(str(error.info))
            return
        self._scene, self._asked = scene, parameters
        if before is not None:
            rt.discard(before)

    def look(self) -> None:
        """Show what was found, as long as it is of what is selected."""
        survey = self._survey
        found = survey.host.faces if survey is not None and self._is_of_now() else ()
        self._state.set_text(self._problem or self._sentence(found))
        self._find.set_sensitive(survey is None or not survey.is_running)
        if found is not self._shown and (found or self._shown):
            self._show(found)

    def problem(self) -> str:
        """Return why nothing can be started: a face is named that was not found, or none is ticked."""
        if not self._ticks:
            return ""
        wrong = faces.wrong_number(self._text, len(self._shown))
        return wrong or ("" if any(tick.get_active() for tick in self._ticks) else "Tick a face first.")

    def reset(self) -> None:
        """Tick what the argument says, also where no tick was left."""
        self._follow_text()

    def _sentence(self, found: tuple[faces.FoundFace, ...]) -> str:
        say, survey = self._controller.say, self._survey
        if survey is not None and survey.host.faces and self._scene_is_same and not found:
            return say("The certainty changed; find them again.")
        return faces.sentence(found, survey, say)

    def _lay_out(self) -> Gtk.Box:
        line = Gtk.Box(spacing=6)
        line.pack_start(self.entry, True, True, 0)
        line.pack_start(self._find, False, False, 0)
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        for widget in (line, self._window, self._state):
            box.pack_start(widget, False, False, 0)
        return box

    def _show(self, found: tuple[faces.FoundFace, ...]) -> None:
        self._shown, self._ticks = found, []
        for child in self._list.get_children():
            self._list.remove(child)
        chosen = faces.named_in(self._text, len(found))
        self._list.set_min_children_per_line(max(1, min(_MOST_IN_A_ROW, len(found))))
        for face in found:
            tick = self._tick(face, is_chosen=face.number in chosen)
            self._list.add(tick)
            tick.get_parent().set_can_focus(False)  # Tab goes from tick to tick
        self._list.show_all()
        self._window.set_min_content_height(self._height())
        self._window.set_visible(bool(found))
        if not found:
            self._say("")  # the numbers were those of other faces

    def _height(self) -> int:
        """Return what the list needs: a dialog that is open already gives no more than it must."""
        rows = min(_MOST_ROWS, -(-len(self._ticks) // _MOST_IN_A_ROW))
        return rows * max((tick.get_parent().get_preferred_height()[1] for tick in self._ticks), default=0)

    def _tick(self, face: faces.FoundFace, *, is_chosen: bool) -> Gtk.CheckButton:
        column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=2)
        column.add(Gtk.Image.new_from_pixbuf(face.picture))
        column.add(Gtk.Label(label=str(face.number)))
        tick = Gtk.CheckButton(active=is_chosen, tooltip_text=face.tip(self._controller.say))
        tick.add(column)
        tick.connect("toggled", lambda _: self._ticked())
        self._ticks.append(tick)
        return tick

    def _ticked(self) -> None:
        if self._is_telling:
            return
        chosen = [face.number for face, tick in zip(self._shown, self._ticks, strict=True) if tick.get_active()]
        if chosen:  # else the line would say that all are meant
            self._say(faces.numbers_text(chosen, len(self._shown)))

    def _say(self, text: str) -> None:
        self._is_telling = True
        self._config.set_property(self._name, text)
        self._is_telling = False

    def _follow_text(self) -> None:
        """Tick what something else names: a person who types, or Reset."""
        if self._is_telling:
            return
        chosen = faces.named_in(self._text, len(self._shown))
        self._is_telling = True
        for face, tick in zip(self._shown, self._ticks, strict=True):
            tick.set_active(face.number in chosen)
        self._is_telling = False

    @property
    def _text(self) -> str:
        return self._config.get_property(self._name) or ""

    def _is_of_now(self) -> bool:
        if not self._looks_left:
            self._looks_left = _LOOKS
            self._scene_is_same = self._scene_now() == self._scene
        self._looks_left -= 1
        return self._scene_is_same and self._asked_now() == self._asked

    def _asked_now(self) -> protocol.JsonObject:
        """Return what the form says about finding faces."""
        form = self._controller.form(faces.SURVEY)
        return form.parameters_of(self._said()) if form else {}

    def _scene_now(self) -> object:
        if not self._image.is_valid():
            return None
        _, *bounds = Gimp.Selection.bounds(self._image)
        return self._image.get_width(), self._image.get_height(), tuple(map(int, bounds))
