"""The dialog in front of a job: GIMP's own procedure dialog, with presets, and the models that the server offers."""

from __future__ import annotations

import gi

for _name, _version in (("Gtk", "3.0"), ("GimpUi", "3.0")):
    gi.require_version(_name, _version)

from gi.repository import Gimp, GimpUi, GLib, GObject, Gtk  # noqa: E402 - the versions come first

from . import add_model, arguments, connection, document, gimp_buttons, help_page, menu, scrolled_form  # noqa: E402
from ._shared import (  # noqa: E402
    checkpoint_choices,
    controller,
    errors,
    job_list,
    job_records,
    labels,
    offered_operations,
    protocol,
    translations,
)
from .argument_widgets import DropDown  # noqa: E402
from .form_fields import FormFields  # noqa: E402
from .operation_procedures import OperationProcedure  # noqa: E402
from .picture_fields import PictureFields  # noqa: E402

LOOK_MS = 100  # between two looks at the server
_IMAGE_LOOKS = 10  # of these, in which the image is looked at once: each one asks GIMP
_TROUBLE = "\N{WARNING SIGN}"
_WRAP_ANYWHERE = 2  # Pango's WORD_CHAR: a path or a command may be longer than a line


def init() -> None:
    """Prepare GTK for this process."""
    GimpUi.init("foveate")


def ask(
    procedure: Gimp.Procedure,
    image: Gimp.Image | None,
    config: Gimp.ProcedureConfig,
    operation: OperationProcedure,
    say: translations.Texts,
) -> bool:
    """Show the dialog until it is closed; return whether the job is wanted. The choices are in `config` then."""
    controller = connection.open_controller()
    dialog = GimpUi.ProcedureDialog.new(procedure, config, f"Foveate: {menu.title(operation, say)}")
    help_page.add_button(dialog, say)
    form = _JobForm(config, operation, image, controller)
    state, menu_line = StateLine(say), MenuLine(say)
    scrolled = _lay_out(dialog, form, operation)
    gimp_buttons.follow(dialog, form.reset)
    problem = ProblemLine()
    region, size = RegionLine(image, say, is_whole=operation.is_whole), SizeLine(image, config, say)
    left = LeftLine(say)
    _add_lines(dialog, region, size, left, problem, menu_line, state)
    controller.tell_left(left.note)
    controller.wake()

    def look() -> bool:
        if controller.poll():
            state.show(controller.connection)
            menu_line.look(controller)
        if form.look():
            region.look()
            size.look()
        reason = form.problem()
        dialog.set_response_sensitive(Gtk.ResponseType.OK, not reason)
        problem.show(say.sentence(reason))
        scrolled.look()
        return True

    timer = GLib.timeout_add(LOOK_MS, look)
    try:
        if not dialog.run():
            return False
        form.settle()
        return True
    finally:
        GLib.source_remove(timer)
        controller.close()
        dialog.destroy()


def _lay_out(
    dialog: GimpUi.ProcedureDialog, form: _JobForm, operation: OperationProcedure
) -> scrolled_form.ScrolledForm:
    """Put our form in the place of one of GIMP's widgets: a box without any shows all of them."""
    # GIMP complains of its own widget for a number of a short range.
    others = sorted(operation.arguments, key=lambda each: each.kind in {arguments.INTEGER, arguments.NUMBER})
    names = ["output"] if operation.has_output else [each.name for each in others]
    if names:
        box = dialog.fill_box("foveate-main", names[:1])
        _hide(dialog.get_widget(names[0], GObject.TYPE_NONE))
        dialog.fill(["foveate-main"])
    else:
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, border_width=12)
        box.show()
        dialog.get_content_area().pack_start(box, True, True, 0)
    scrolled = scrolled_form.ScrolledForm(dialog, box.get_spacing())
    form.lay_out(scrolled.box)
    box.pack_start(scrolled.widget, True, True, 0)
    return scrolled


class _JobForm:
    """The fields, which follow what is known of the server, and what is chosen."""

    def __init__(
        self,
        config: Gimp.ProcedureConfig,
        operation: OperationProcedure,
        image: Gimp.Image | None,
        controller: controller.Controller,
    ) -> None:
        self._config, self._operation, self._controller = config, operation, controller
        self._image = image
        self._image_problem = ""  # as it was seen last
        self._looks_left = 0  # until it is looked at again
        self._is_stale = False  # a model may have been added
        say = controller.say
        has_model = any(each.name == "model" for each in operation.arguments)
        self._models = ModelChoice(config, say) if has_model else None
        self._pictures = PictureFields(config, operation.pictures, image, say, takes_document=operation.takes_image)
        self._fields = FormFields(config, operation, image, controller)
        if self._models is not None:
            self._fields.add_last(say("_Model"), self._models.widget)
        if operation.has_output:
            self._fields.add_folded(say("O_utput"), _output_choice(config, say), say("What the result becomes"))
        self._more = Gtk.Expander(label=say("More"))
        self._help = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._help.pack_start(add_model.help_widget(say), True, True, 0)
        self._help.pack_start(add_model.add_button(say, self._refresh), False, False, 0)
        self._help.show_all()
        _hide(self._help)

    def lay_out(self, box: Gtk.Box) -> None:
        """Put the fields into the dialog."""
        self._more.add(self._fields.more)
        self._more.show()
        for widget in (self._help, self._pictures.widget, self._fields.main, self._more):
            box.pack_start(widget, False, False, 0)

    def look(self) -> bool:
        """Follow; return whether the image was looked at as well, which is done less often."""
        controller, name, wanted = self._controller, self._operation.name, ""
        if self._models is not None:
            able = checkpoint_choices.models_for(controller.models, name)
            self._models.offer(able)  # the first of them is the server's own choice
            self._help.set_visible(bool(controller.models) and not able)
            wanted = self._models.value
        self._fields.offer(controller.form(name, wanted, self._fields.preset, self._fields.loras), controller.models)
        self._pictures.look()
        if self._is_stale:
            controller.wake().refresh_models()
            self._is_stale = False
        return self._look_at_image()

    def problem(self) -> str:
        """Return why what is chosen makes no sense yet; empty where it does."""
        name, info = self._operation.name, self._operation.info
        live = next((each for each in self._controller.operations if each.name == name), info)
        if missing := self._image_problem or self._pictures.problem():
            return missing
        try:
            self._operation.parameters(self._config, live, self._controller.say, self._controller.models)
        except errors.FoveateError as error:
            return str(error.info)
        return self._fields.problem()

    def _look_at_image(self) -> bool:
        if self._looks_left:
            self._looks_left -= 1
            return False
        self._looks_left = _IMAGE_LOOKS - 1
        self._image_problem = document.problem(self._image) if self._image is not None else ""
        return True

    def reset(self) -> None:
        """See FormFields.reset."""
        self._fields.reset()

    def settle(self) -> None:
        """See FormFields.settle."""
        self._fields.settle()

    def _refresh(self) -> None:
        self._is_stale = True


def _output_choice(config: Gimp.ProcedureConfig, say: translations.Texts) -> Gtk.Widget:
    choice = DropDown(config, "output")
    choice.offer([("layer", say("New layer")), ("image", say("New image"))])
    return choice.widget


class ModelChoice:
    """A drop-down with the models of the server: the chosen one is kept also while the list is not there yet."""

    def __init__(self, config: Gimp.ProcedureConfig, say: translations.Texts) -> None:
        self._say = say
        self._selection = DropDown(config, "model")
        self.widget = self._selection.widget
        self.offer(())

    @property
    def value(self) -> str:
        """Return the chosen model's name; empty for the server's default."""
        return self._selection.value

    def offer(self, models: tuple | list) -> None:
        """Show the models, and the default."""
        usual = self._say("The server's default")
        if models:
            usual = f"{usual}: {offered_operations.short_title(models[0].name, models)}"
        self._selection.offer([("", usual), *((each.name, self._title(each)) for each in models)])

    def _title(self, model: object) -> str:
        return model.title if model.available else f"{model.title} ({self._say('fetched at first use')})"


class StateLine:
    """What is known about the server, in a line."""

    def __init__(self, say: translations.Texts, *, is_in_settings: bool = False) -> None:
        """`is_in_settings`: where the server is set, what is wrong is told beside what can be changed."""
        self._say = say
        self._is_in_settings = is_in_settings
        self.widget = Gtk.Label(xalign=0.0, wrap=True, wrap_mode=_WRAP_ANYWHERE, max_width_chars=60, selectable=True)
        self.widget.set_can_focus(False)  # it is copied with the mouse
        self.show(job_list.ConnectionView())

    def show(self, view: job_list.ConnectionView) -> None:
        """Show the state, and what is wrong where something is."""
        text = f"{self._say('Server')}: {labels.connection(view, self._say)}"
        if view.is_ready:
            text += f" ({view.server})"
        trouble = view.error or view.warning
        if trouble:
            text = f"{_TROUBLE} {text}" + ("" if self._is_in_settings else f". {connection.told(trouble, self._say)}")
        self._set(text, is_trouble=bool(trouble))

    def tell(self, text: str) -> None:
        """Show something else about the server than what a connection knows."""
        self._set(f"{self._say('Server')}: {text}", is_trouble=False)

    def _set(self, text: str, *, is_trouble: bool) -> None:
        self.widget.set_text(text.strip())
        style = self.widget.get_style_context()
        (style.remove_class if is_trouble else style.add_class)("dim-label")  # what is well is not to be read each time


class ProblemLine:
    """What a person has to change, where there is something."""

    def __init__(self) -> None:
        self.widget = Gtk.Label(
            xalign=0.0, wrap=True, wrap_mode=_WRAP_ANYWHERE, max_width_chars=60, selectable=True, can_focus=False
        )
        self.show("")
        _hide(self.widget)

    def show(self, sentence: str) -> None:
        """Show a sentence; nothing where it is empty."""
        self.widget.set_text(f"{_TROUBLE} {sentence}")
        self.widget.set_visible(bool(sentence))


class RegionLine:
    """Says what will be worked on."""

    def __init__(self, image: Gimp.Image | None, say: translations.Texts, *, is_whole: bool) -> None:
        """`is_whole`: the selection does not count."""
        self._image, self._say, self._is_whole = image, say, is_whole
        self.widget = Gtk.Label(xalign=0.0, wrap=True, max_width_chars=60)
        _hide(self.widget)
        self.look()

    def look(self) -> None:
        """Follow the selection."""
        if self._image is not None and self._image.is_valid():
            self.widget.set_text(self._sentence())
            self.widget.show()

    def _sentence(self) -> str:
        if self._is_whole:
            return self._say("All that is visible is worked on.")
        if Gimp.Selection.is_empty(self._image):
            return self._say("Nothing is selected: all that is visible is worked on.")
        width, height = _region_of(self._image)
        return self._say("The selection has {width} × {height} pixels.", width=width, height=height)


class SizeLine:
    """Says how large an enlarged picture becomes, where it is an image of its own."""

    def __init__(self, image: Gimp.Image | None, config: Gimp.ProcedureConfig, say: translations.Texts) -> None:
        self.widget = Gtk.Label(xalign=0.0, wrap=True, max_width_chars=60)
        _hide(self.widget)
        self._image: Gimp.Image | None = None  # where it becomes no image of its own
        if image is None or config.find_property("scale") is None or config.find_property("target") is None:
            return
        self._image, self._config, self._say, self._extent = image, config, say, _region_of(image)
        for name in ("scale", "target"):
            config.connect(f"notify::{name}", lambda *_: self._show())
        self._show()

    def look(self) -> None:
        """Follow the selection."""
        if self._image is not None and self._image.is_valid():
            self._extent = _region_of(self._image)
            self._show()

    def _show(self) -> None:
        scale, (width, height) = self._config.get_property("scale"), self._extent
        self.widget.set_visible(scale >= 1 and self._config.get_property("target") == "new-image")
        told = self._say("The result has {width} × {height} pixels.", width=width * scale, height=height * scale)
        self.widget.set_text(told)


class LeftLine:
    """Says that the server has a result of before, of which the person has not been told."""

    def __init__(self, say: translations.Texts) -> None:
        text = say("A result from before is waiting: Filters > Foveate > Waiting Results.")
        self.widget = Gtk.Label(label=text, xalign=0.0, wrap=True, max_width_chars=60)
        self._folder = job_records.folder_of(connection.settings_path())
        _hide(self.widget)

    def note(self, job: protocol.JobSummary) -> None:
        """Take a job of before whose result the server has."""
        if job_records.is_untold(self._folder, job.job):
            self.widget.show()


class MenuLine:
    """Says that GIMP is to be started anew, where it does not know all that the server has."""

    def __init__(self, say: translations.Texts) -> None:
        self.widget = Gtk.Label(label=say(menu.START_ANEW), xalign=0.0, wrap=True, max_width_chars=60)
        _hide(self.widget)

    def look(self, controller: controller.Controller) -> None:
        """Follow what the server has."""
        if controller.connection.is_ready:
            menu.note(controller.operations, controller.models)
        self.widget.set_visible(menu.is_behind(controller.operations, controller.models))


def _hide(widget: Gtk.Widget) -> None:
    widget.set_no_show_all(True)
    widget.hide()


def _region_of(image: Gimp.Image) -> tuple[int, int]:
    """Return the size of what is selected: of all, where nothing is."""
    _, _, left, top, right, bottom = Gimp.Selection.bounds(image)
    return right - left, bottom - top


def _add_lines(
    dialog: GimpUi.ProcedureDialog, *lines: RegionLine | SizeLine | LeftLine | ProblemLine | MenuLine | StateLine
) -> None:
    box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, border_width=12)
    for line in lines:
        box.pack_start(line.widget, False, False, 0)
    box.show_all()
    dialog.get_content_area().pack_end(box, False, False, 0)
