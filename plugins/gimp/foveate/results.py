"""Results that wait for the person: a preview, or one that does not fit the image any more."""

from __future__ import annotations

from gi.repository import GdkPixbuf, Gimp, Gtk

from . import layers, other_results, thumbnails
from ._shared import arrange_patches, errors, job_flow, protocol, translations
from .document import GimpHost

_PREVIEW = "Preview, not applied"  # as the person sees it, also where windows have no titles
_PREVIEW_SIDE = 480  # pixels of the longest side
APPLY, AS_IMAGE, DROP, LEAVE, REST = 1, 2, 3, 4, 5  # answers; LEAVE lets it wait at the server
WAITS = "If you close this window, it waits in Filters > Foveate > Waiting Results."


class Decision:
    """Asks what becomes of a result."""

    def __init__(self, image: Gimp.Image, say: translations.Texts) -> None:
        self._image = image
        self._say = say

    def ask(self, flow: job_flow.Rerender, host: GimpHost) -> None:
        """Apply the result, keep it as a new image, or drop it, as the person says.

        Asks again where applying fails. A closed dialog is no answer: the result waits at the server, see WAITS.
        """
        while flow.status.state is job_flow.JobState.UNAPPLIED:
            error = flow.status.error
            wish = self._ask_about(error, flow, host) if error else self._ask_with_preview(flow, host)
            if wish == APPLY:
                flow.apply(even_if_changed=error is not None)
            elif wish == AS_IMAGE:
                host.result_image = host.keep(flow.result)
                flow.cancel()
            elif wish == LEAVE:
                return
            else:
                flow.cancel()

    def _ask_with_preview(self, flow: job_flow.Rerender, host: GimpHost) -> int:
        say = self._say
        dialog = Gtk.Dialog(title=say("Preview: not applied yet"))
        dialog.add_button(say("Discard"), DROP)
        if flow.result.patches:
            dialog.add_button(say("Open as new image"), AS_IMAGE)
        dialog.add_button(say("Apply"), APPLY).grab_default()
        row = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=12, border_width=12)
        for title, picture in pictures(self._image, flow, host):
            column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
            column.pack_start(Gtk.Label(label=say(title)), False, False, 0)
            column.pack_start(Gtk.Image.new_from_pixbuf(picture), True, True, 0)
            row.pack_start(column, True, True, 0)
        dialog.get_content_area().add(row)
        if words := other_results.words(flow.result):
            text = Gtk.Label(label=words, xalign=0.0, margin_start=12, margin_end=12, wrap=True, max_width_chars=60)
            dialog.get_content_area().add(text)
        dialog.get_content_area().add(Gtk.Label(label=say(WAITS), xalign=0.0, margin=12))
        return answer(dialog)

    def _ask_about(self, error: errors.ErrorInfo, flow: job_flow.Rerender, host: GimpHost) -> int:
        say, result = self._say, flow.result
        refusal = host.refusal(result)
        told = refusal or error
        message = told.message if result.kind == protocol.PIXELS else str(told)
        dialog = Gtk.MessageDialog(message_type=Gtk.MessageType.WARNING, text=say.sentence(message))
        dialog.format_secondary_text(f"{say('The result is complete. It is lost if you discard it.')} {say(WAITS)}")
        dialog.set_title("Foveate")
        dialog.add_button(say("Discard"), DROP)
        if refusal is None:
            dialog.add_button(say("Apply all the same"), APPLY)
        if result.patches:
            dialog.add_button(say("Open as new image"), AS_IMAGE).grab_default()
        else:
            dialog.add_button(say("Close"), LEAVE).grab_default()  # no Return may discard it
        return answer(dialog)


def wants_rest(flow: job_flow.Rerender, say: translations.Texts) -> bool:
    """Ask whether what failed of a new image shall be tried again. A closed dialog leaves the rest at the server."""
    dialog = Gtk.MessageDialog(message_type=Gtk.MessageType.WARNING, text=say.sentence(flow.status.error.message))
    dialog.format_secondary_text(say.sentence(flow.status.error.remedy))
    dialog.set_title("Foveate")
    dialog.add_button(say("Close"), LEAVE)
    dialog.add_button(say("Make the rest"), REST).grab_default()
    return answer(dialog) == REST


def is_wanted(question: str, say: translations.Texts) -> bool:
    """Ask before something is begun that takes long."""
    dialog = Gtk.MessageDialog(message_type=Gtk.MessageType.QUESTION, text=question)
    dialog.set_title("Foveate")
    dialog.add_button(say("Cancel"), DROP)
    dialog.add_button(say("Begin"), APPLY).grab_default()
    return answer(dialog) == APPLY


def answer(dialog: Gtk.Dialog) -> int:
    """Show a dialog until it is closed; return what was answered: LEAVE where nothing was."""
    dialog.set_keep_above(True)
    dialog.show_all()
    given = dialog.run()
    dialog.destroy()
    while Gtk.events_pending():
        Gtk.main_iteration()
    return given if given in (APPLY, AS_IMAGE, DROP, REST) else LEAVE


def pictures(
    image: Gimp.Image, flow: job_flow.Rerender, host: GimpHost, side: int = _PREVIEW_SIDE
) -> list[tuple[str, GdkPixbuf.Pixbuf]]:
    """Return pictures with their titles: before and after, made in a copy of the image that nobody sees.

    Of what is no pixels: the selection, or a report's drawing.
    """
    result = flow.result
    if result.kind in other_results.KINDS:
        made = other_results.drawn(result, _PREVIEW)
        return [(_PREVIEW, _thumbnail(made, side))] if made is not None else []
    if not result.patches:
        return []
    if result.frame == "new" or not host.is_open:
        return [(_PREVIEW, _thumbnail(host.build(result), side))]
    bounds = arrange_patches.covered_bounds(result.patches)
    copy = image.duplicate()
    try:
        copy.undo_disable()
        copy.crop(bounds.width, bounds.height, bounds.x, bounds.y)
        before = thumbnails.of(copy, side)
        for placed in layers.build_layers(copy, result, host.kind, "preview"):
            layers.insert(copy, placed, placed.bounds.relative_to(bounds))
        return [("Now", before), (_PREVIEW, thumbnails.of(copy, side))]
    finally:
        copy.delete()


def _thumbnail(made: Gimp.Image, side: int) -> GdkPixbuf.Pixbuf:
    """Return a picture of an image, which is deleted."""
    try:
        return thumbnails.of(made, side)
    finally:
        made.delete()
