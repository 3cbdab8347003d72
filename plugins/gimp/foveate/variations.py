"""Variations that wait for the person: thumbnails to choose from."""

from __future__ import annotations

from gi.repository import Gimp, Gtk

from . import other_results, results
from ._shared import job_flow, translations
from .document import GimpHost
from .run_job import Flows, waiting

_IN_A_ROW = 4
_ALL_WAIT = "If you close this window, they wait in Filters > Foveate > Waiting Results."
_SIDE = 220  # pixels of a thumbnail's longest side


class VariationChooser:
    """Asks which variations are taken."""

    def __init__(self, image: Gimp.Image, say: translations.Texts) -> None:
        self._image = image
        self._say = say

    def ask(self, flows: Flows, host: GimpHost) -> None:
        """Apply the chosen results, or keep them as new images; drop the others.

        A chosen one that cannot be applied still waits afterwards, with its error. After a closed dialog all wait.
        """
        ready = list(waiting(flows))
        answer, chosen = self._show(ready, host)
        if answer == results.LEAVE:
            return
        for flow in ready:
            if flow not in chosen:
                flow.cancel()
        for flow in chosen:
            if answer == results.AS_IMAGE and flow.result.patches:
                host.result_image = host.keep(flow.result)
                flow.cancel()
            else:
                flow.apply(even_if_changed=bool(host.layers))  # by the one before

    def _show(self, ready: list[job_flow.Rerender], host: GimpHost) -> tuple[int, list[job_flow.Rerender]]:
        say = self._say
        dialog = Gtk.Dialog(title=say("Foveate: choose"))
        dialog.add_button(say("Discard"), results.DROP)
        if any(flow.result.patches for flow in ready):
            dialog.add_button(say("Open as new image"), results.AS_IMAGE)
        apply = dialog.add_button(say("Apply"), results.APPLY)
        apply.set_can_default(True)
        apply.grab_default()
        box = Gtk.FlowBox(
            selection_mode=Gtk.SelectionMode.MULTIPLE,
            min_children_per_line=min(_IN_A_ROW, len(ready)),
            max_children_per_line=_IN_A_ROW,
            activate_on_single_click=False,
            border_width=12,
        )
        for number, flow in enumerate(ready, 1):
            box.add(self._thumbnail(number, flow, host))
        box.connect("child-activated", lambda *_: dialog.response(results.APPLY))
        box.select_child(box.get_child_at_index(0))
        hints = say("Ctrl+click chooses several; each becomes a layer of its own."), say(_ALL_WAIT)
        dialog.get_content_area().add(Gtk.Label(label="\n".join(hints), xalign=0.0, margin=12))
        dialog.get_content_area().add(box)
        box.show_all()
        chosen: list[job_flow.Rerender] = []
        box.connect("selected-children-changed", lambda _: _take(box, ready, chosen))
        _take(box, ready, chosen)
        answer = results.answer(dialog)
        return answer, [] if answer == results.DROP else chosen

    def _thumbnail(self, number: int, flow: job_flow.Rerender, host: GimpHost) -> Gtk.Widget:
        column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, margin=6)
        pictures = results.pictures(self._image, flow, host, _SIDE)
        if pictures:
            column.pack_start(Gtk.Image.new_from_pixbuf(pictures[-1][1]), True, True, 0)
        if words := other_results.words(flow.result):
            column.pack_start(Gtk.Label(label=words, xalign=0.0), False, False, 0)
        seed = flow.result.recipe.get("parameters", {}).get("seed", "")
        text = self._say("{number}: seed {seed}", number=number, seed=seed) if seed != "" else str(number)
        column.pack_start(Gtk.Label(label=text), False, False, 0)
        return column


def _take(box: Gtk.FlowBox, ready: list[job_flow.Rerender], chosen: list[job_flow.Rerender]) -> None:
    chosen[:] = [ready[index] for index in sorted(child.get_index() for child in box.get_selected_children())]
