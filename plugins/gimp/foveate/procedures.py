"""The procedures that GIMP sees, and what happens when one is called."""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

import gi

for _name, _version in (("Babl", "0.1"), ("Gegl", "0.4"), ("Gimp", "3.0")):
    gi.require_version(_name, _version)

from gi.repository import Gimp, Gio, GLib, GObject  # noqa: E402 - the versions come first

from . import asked_values, connection, help_page, imageless_procedures, menu, picture_arguments, run_job  # noqa: E402
from ._shared import errors, job_flow, labels, translations  # noqa: E402
from .arguments import VARIATIONS  # noqa: E402
from .operation_procedures import OperationProcedure, all_operations, wants_image  # noqa: E402

# A menu is in the order of its paths, sections included; ours have numbers for names, and GIMP, which has no such
# sections there, shows them as one list.
_MENU = "<Image>/Filters/Foveate/[{place:02}]"
_HELP_DOMAIN = "foveate"
_FIRST_TASK = 90  # of the places: settings stand below all operations


class FoveatePlugIn(Gimp.PlugIn):
    """See GIMP's documentation of GimpPlugIn."""

    def do_query_procedures(self) -> list[str]:
        """Return the names of all procedures. GIMP asks once, and again where the menu is to change."""
        self.set_help_domain(_HELP_DOMAIN, Gio.File.new_for_path(str(help_page.FOLDER)))
        connection.learn_beforehand()
        menu.asked()
        return [
            *(operation.procedure for operation in all_operations()),
            *(task.procedure for task in imageless_procedures.TASKS),
        ]

    def do_set_i18n(self, name: str) -> bool:
        """Decline GIMP's translations: we have texts of our own."""
        del name
        return False

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        """Return the procedure of that name."""
        say = connection.load_texts()
        for task in imageless_procedures.TASKS:
            if task.procedure == name:
                return _create_task(self, task, say)
        return _create(self, next(each for each in all_operations() if each.procedure == name), say)


def serve(arguments: Sequence[str]) -> None:
    """Hand over to GIMP."""
    Gimp.main(FoveatePlugIn.__gtype__, list(arguments))


def _create(plug_in: Gimp.PlugIn, operation: OperationProcedure, say: translations.Texts) -> Gimp.Procedure:
    kind = Gimp.PDBProcType.PLUGIN
    if operation.takes_image:
        procedure = Gimp.ImageProcedure.new(plug_in, operation.procedure, kind, _run, operation)
        procedure.set_image_types("*")  # where one does not fit, a sentence says so, and no entry is grey for no reason
        mask = Gimp.ProcedureSensitivityMask
        procedure.set_sensitivity_mask(mask.DRAWABLE | mask.DRAWABLES | mask.NO_DRAWABLES)
    else:
        procedure = Gimp.Procedure.new(plug_in, operation.procedure, kind, _run_without_image, operation)
        _add_run_mode(procedure, "Without interaction, no dialog is shown")
    operations = all_operations()
    others = [say(task.menu_label) for task in imageless_procedures.TASKS]
    label = menu.label(operation, operations, say, others) if menu.shows(operation) else ""
    place = [each.procedure for each in operations].index(operation.procedure)
    _describe(procedure, label, say(operation.blurb), min(place, _FIRST_TASK - 1))
    for argument in (*operation.arguments, *([VARIATIONS] if operation.has_variations else [])):
        argument.add_to(procedure, say)
    for picture in operation.pictures:
        picture.add_to(procedure, say)
    flags = GObject.ParamFlags.READWRITE
    if operation.has_output:
        _add_output(procedure, say)
    procedure.add_layer_return_value("layer", "Layer", "The result; none where it is an image", True, flags)
    procedure.add_image_return_value("result-image", "Image", "The result; none where it is a layer", True, flags)
    procedure.add_string_return_value("recipe", "Recipe", "What makes the same result again, as JSON", "", flags)
    procedure.add_string_return_value("notes", "Notes", "What a person should know about it", "", flags)
    procedure.add_string_return_value("report", "Report", "What was found out, as JSON; else empty", "", flags)
    return procedure


def _add_output(procedure: Gimp.Procedure, say: translations.Texts) -> None:
    output = Gimp.Choice.new()
    output.add("layer", 0, say("New layer"), say("Above all others, in the same place"))
    output.add("image", 1, say("New image"), say("The document is left alone"))
    flags = GObject.ParamFlags.READWRITE
    procedure.add_choice_argument("output", say("O_utput"), say("What the result becomes"), output, "layer", flags)


def _create_task(
    plug_in: Gimp.PlugIn, task: imageless_procedures.ImagelessProcedure, say: translations.Texts
) -> Gimp.Procedure:
    procedure = Gimp.Procedure.new(plug_in, task.procedure, Gimp.PDBProcType.PLUGIN, _run_task, task)
    _describe(procedure, say(task.menu_label), say(task.blurb), _FIRST_TASK + imageless_procedures.TASKS.index(task))
    flags = GObject.ParamFlags.READWRITE
    _add_run_mode(procedure, "Without interaction, it only tells")
    procedure.add_string_return_value(task.returns, task.returns.capitalize(), task.returned, "", flags)
    return procedure


def _add_run_mode(procedure: Gimp.Procedure, blurb: str) -> None:
    modes, flags = Gimp.RunMode, GObject.ParamFlags.READWRITE
    procedure.add_enum_argument("run-mode", "Run mode", blurb, modes, modes.NONINTERACTIVE, flags)


def _describe(procedure: Gimp.Procedure, label: str, blurb: str, place: int) -> None:
    """Describe a procedure; with a label it has the `place` in the menu, counted from the top."""
    if label:
        procedure.set_menu_label(label)
        procedure.add_menu_path(_MENU.format(place=place))
    procedure.set_documentation(blurb, blurb, procedure.get_name())
    procedure.set_attribution("The Foveate founders", "GPL-3.0-or-later", "2026")


@dataclass(frozen=True)
class _Call:
    """What GIMP asks for."""

    procedure: Gimp.Procedure
    mode: Gimp.RunMode
    image: Gimp.Image | None  # None where it takes none
    config: Gimp.ProcedureConfig
    operation: OperationProcedure
    say: translations.Texts


def _run(  # noqa: PLR0917 - GIMP passes them so
    procedure: Gimp.Procedure,
    mode: Gimp.RunMode,
    image: Gimp.Image,
    drawables: Sequence[Gimp.Drawable],
    config: Gimp.ProcedureConfig,
    operation: OperationProcedure,
) -> Gimp.ValueArray:
    del drawables  # what is visible counts, whichever layers are selected
    return _answer(_Call(procedure, mode, image, config, operation, connection.load_texts()))


def _run_without_image(
    procedure: Gimp.Procedure, config: Gimp.ProcedureConfig, operation: OperationProcedure
) -> Gimp.ValueArray:
    mode = config.get_property("run-mode")
    return _answer(_Call(procedure, mode, None, config, operation, connection.load_texts()))


def _answer(call: _Call) -> Gimp.ValueArray:
    procedure, mode, image, say = call.procedure, call.mode, call.image, call.say
    try:
        finished = _silently(call) if mode == Gimp.RunMode.NONINTERACTIVE else _with_person(call)
    except errors.CancelledJobError:
        return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
    except errors.FoveateError as error:
        return _failed(procedure, error, say)
    except Exception as error:
        return _failed(procedure, _unforeseen(error), say)
    if mode != Gimp.RunMode.NONINTERACTIVE and image is not None and not image.is_valid():
        # The result is there, but with success GIMP would store the values in the closed image, and tell an error.
        return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
    if mode == Gimp.RunMode.INTERACTIVE:
        asked_values.forget(call.operation)
    return _succeeded(procedure, finished)


def _silently(call: _Call) -> run_job.AppliedResult:
    picture_arguments.check_script(call.config, call.operation.pictures)
    return run_job.run(call.image, _work(call), call.say, show=False, ask_first=False, decide=run_job.NobodyDecides())


def _with_person(call: _Call) -> run_job.AppliedResult:
    asked_values.restore(call.config, call.operation)
    if call.mode == Gimp.RunMode.INTERACTIVE:
        if not _asked(call):
            raise errors.CancelledJobError("The dialog was closed.")
        asked_values.keep(call.config, call.operation)  # already now: GIMP's own Cancel kills this process
    controller = connection.open_controller()
    controller.keep_prompts(
        {name: _said(call.config, name.replace("_", "-")) for name in ("prompt", "negative_prompt")}
    )
    connection.tell_problem(controller.problem)
    ask_first = controller.settings.ask_first
    finished = run_job.run(
        call.image, _work(call), call.say, show=True, ask_first=ask_first, decide=_PersonDecides(call)
    )
    if message := _message(call, finished):
        Gimp.message(message)
    return finished


def _message(call: _Call, finished: run_job.AppliedResult) -> str:
    """Return what a person has to be told when it is done; empty for nothing.

    That less was applied is told after a dialog, and not again each time that it is repeated without one.
    """
    is_weaker = finished.is_weaker and call.mode == Gimp.RunMode.INTERACTIVE
    if not finished.told and (not finished.notes or (finished.is_as_asked and not is_weaker)):
        return ""
    lines = (*finished.notes, *finished.told)
    if finished.is_unchanged:  # GIMP opens a window for several lines: one alone would soon be gone from its status bar
        lines = ("Nothing was changed.", *lines)
    return "\n".join(map(call.say.sentence, lines))


def _asked(call: _Call) -> bool:
    from . import dialogs  # noqa: PLC0415 - only now: loading GTK takes longer than all else, and few calls need it

    dialogs.init()
    return dialogs.ask(call.procedure, call.image, call.config, call.operation, call.say)


class _PersonDecides:
    """Asks in dialogs."""

    def __init__(self, call: _Call) -> None:
        self._call = call

    def results(self, flows: run_job.Flows, host: run_job.GimpHost) -> None:
        """See run_job.Decide."""
        from . import dialogs, results, variations  # noqa: PLC0415 - only now, see _asked

        dialogs.init()
        image, say = self._call.image, self._call.say
        if len(flows) > 1:
            variations.VariationChooser(image, say).ask(flows, host)
        for flow in run_job.waiting(flows):
            if len(flows) == 1 or flow.status.error is not None:  # the other variations were asked about
                results.Decision(image, say).ask(flow, host)

    def wants_rest(self, flow: job_flow.Rerender) -> bool:
        """See run_job.Decide."""
        from . import dialogs, results  # noqa: PLC0415 - likewise

        dialogs.init()
        return results.wants_rest(flow, self._call.say)

    def wants_all(self, flows: run_job.Flows) -> bool:
        """See run_job.Decide."""
        from . import dialogs, results  # noqa: PLC0415 - likewise

        dialogs.init()
        say = self._call.say
        return results.is_wanted(labels.before_beginning([flow.status for flow in flows], say), say)


def _work(call: _Call) -> run_job.WantedJob:
    operation = call.operation
    return run_job.WantedJob(
        operation.name,
        call.say(operation.title),
        lambda live: operation.parameters(call.config, live, call.say, connection.load_known()[1]),
        wants_image(call.config),
        operation.is_whole,
        call.config.get_property("variations") if operation.has_variations else 1,
        picture_arguments.chosen(call.config, operation.pictures),
        picture_arguments.slots_of(operation.pictures),
        operation.takes_image,
    )


def _said(config: Gimp.ProcedureConfig, name: str) -> str:
    return (config.get_property(name) or "").strip() if config.find_property(name) is not None else ""


def _succeeded(procedure: Gimp.Procedure, finished: run_job.AppliedResult) -> Gimp.ValueArray:
    values = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
    returned = (
        finished.layers[-1] if finished.layers else None,
        finished.image,
        json.dumps(finished.recipe, ensure_ascii=False, sort_keys=True),
        "\n".join((*finished.notes, *finished.told)),
        json.dumps(finished.report, ensure_ascii=False) if finished.report else "",
    )
    for at, value in enumerate(returned, 1):
        if value is not None:
            values.remove(at)
            values.insert(at, _gvalue(value))
    return values


def _gvalue(value: object) -> GObject.Value:
    kind = GObject.TYPE_STRING if isinstance(value, str) else type(value)
    return GObject.Value(kind, value)


def _failed(procedure: Gimp.Procedure, error: errors.FoveateError, say: translations.Texts) -> Gimp.ValueArray:
    sentence = connection.told(error.info, say)
    return procedure.new_return_values(
        Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error.new_literal(Gimp.PlugIn.error_quark(), sentence, 0)
    )


def _unforeseen(error: Exception) -> errors.FoveateError:
    """Return a mistake of ours as a sentence; all that is known about it goes to where GIMP's own complaints go."""
    traceback.print_exc()
    return errors.ServerError(
        "The plugin failed in a way that nobody foresaw: {reason!r}.",
        remedy="Nothing was changed. Please report it with what GIMP printed.",
        reason=error,
    )


def _run_task(
    procedure: Gimp.Procedure, config: Gimp.ProcedureConfig, task: imageless_procedures.ImagelessProcedure
) -> Gimp.ValueArray:
    say = connection.load_texts()
    try:
        if config.get_property("run-mode") == Gimp.RunMode.NONINTERACTIVE:
            told = task.tell(say)
        else:
            from . import dialogs  # noqa: PLC0415 - as above

            dialogs.init()
            told = task.show(say)
    except errors.CancelledJobError:
        return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
    except errors.FoveateError as error:
        return _failed(procedure, error, say)
    except Exception as error:
        return _failed(procedure, _unforeseen(error), say)
    values = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
    values.remove(1)
    values.insert(1, _gvalue(told))
    return values
