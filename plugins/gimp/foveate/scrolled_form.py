"""The part of a dialog that scrolls where the screen is too low for all of it, so that its buttons stay in sight."""

from __future__ import annotations

from gi.repository import Gtk

_LEAST_HEIGHT = 60  # pixels that are seen of it, however low a person makes the window


class ScrolledForm:
    """A box in a scrolled window; the dialog follows what the box needs."""

    def __init__(self, dialog: Gtk.Dialog, spacing: int) -> None:
        self._dialog = dialog
        self._wanted = 0  # the dialog's height, as it was wanted last: a person may have changed it since
        self.box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=spacing)
        self.widget = Gtk.ScrolledWindow(
            hscrollbar_policy=Gtk.PolicyType.NEVER,
            propagate_natural_width=True,
            propagate_natural_height=True,
            min_content_height=_LEAST_HEIGHT,
            overlay_scrolling=False,  # it shall be seen that there is more
        )
        viewport = Gtk.Viewport(shadow_type=Gtk.ShadowType.NONE)
        viewport.add(self.box)
        self.widget.add(viewport)
        for each in (self.box, viewport, self.widget):
            each.show()

    def look(self) -> None:
        """Let the dialog be as high as its contents, as far as the screen is: GTK lets an open one grow at need."""
        dialog, window = self._dialog, self._dialog.get_window()
        if window is None:
            return
        width = max(dialog.get_preferred_width()[0], dialog.get_size()[0])
        wanted = dialog.get_preferred_height_for_width(width)[1]
        if wanted == self._wanted:
            return
        self._wanted = wanted
        area = dialog.get_display().get_monitor_at_window(window).get_workarea()
        frame = window.get_frame_extents()
        title_bar = frame.height - window.get_height()
        height = min(wanted, area.height - title_bar)
        dialog.resize(width, height)
        lowest = area.y + area.height - title_bar - height  # where it can begin
        if frame.y > lowest:
            dialog.move(frame.x, max(area.y, lowest))
