"""Waiting Results: what the server still has of jobs whose plug-in is gone, to be opened or discarded."""

from __future__ import annotations

from gi.repository import GdkPixbuf, Gimp, GLib, Gtk

from . import connection, dialogs, other_results, thumbnails
from ._shared import (
    expired_jobs,
    job_flow,
    job_records,
    labels,
    protocol,
    results_in_words,
    translations,
    unclaimed_results,
)
from .lost_image import LostImage

_OPEN, _DISCARD = 1, 2  # the buttons' answers
_SIDE = 320  # pixels of the preview's longest side


def run(say: translations.Texts) -> None:
    """Show the dialog until it is closed."""
    dialog = WaitingDialog(say)
    try:
        dialog.run()
    finally:
        dialog.close()


class WaitingDialog:
    """See the module."""

    def __init__(self, say: translations.Texts) -> None:
        self._say = say
        self._folder = job_records.folder_of(connection.settings_path())
        self._hosts: dict[str, LostImage] = {}  # by job
        self._pictures: dict[str, tuple[GdkPixbuf.Pixbuf | None, str]] = {}  # by job: a thumbnail, and its size
        self._listed: tuple[protocol.JobSummary, ...] | None = None  # what the list shows
        self._dialog = Gtk.Dialog(title=say("Foveate: Waiting Results"))
        self._discard = self._dialog.add_button(say("Discard"), _DISCARD)
        self._open = self._dialog.add_button(say("Open as new image"), _OPEN)
        self._dialog.add_button(say("Close"), Gtk.ResponseType.CLOSE)
        self._dialog.set_default_response(_OPEN)
        self._list = Gtk.ListBox()
        self._list.connect("row-selected", lambda *_: self._chosen())
        self._list.connect("row-activated", lambda *_: self._dialog.response(_OPEN))
        self._picture = Gtk.Image()
        self._about = Gtk.Label(wrap=True, max_width_chars=40, justify=Gtk.Justification.CENTER)
        self._state = dialogs.StateLine(say)
        self._lay_out()
        self._client = connection.open_client()
        self._results = unclaimed_results.WaitingResults(self._client, self._host_for)
        self._expired = expired_jobs.ExpiredJobs(connection.settings_path())
        self._timer = GLib.timeout_add(dialogs.LOOK_MS, self._look)
        self._show()

    def run(self) -> None:
        """Show it until it is closed."""
        while (answer := self._dialog.run()) in (_OPEN, _DISCARD):
            job = self._selected
            if job is None:
                continue
            if answer == _DISCARD:
                self._results.discard(job)
            else:
                flow = self._results.fetch(job)
                if flow.status.state is job_flow.JobState.UNAPPLIED:
                    flow.apply()
                    self._results.poll()
                    if told := self._hosts[job.job].told:
                        Gimp.message("\n".join(map(self._say.sentence, told)))
            self._show()

    def close(self) -> None:
        """Let go of the server and the window."""
        GLib.source_remove(self._timer)
        self._client.close()
        self._dialog.destroy()

    def _lay_out(self) -> None:
        window = Gtk.ScrolledWindow(
            hscrollbar_policy=Gtk.PolicyType.NEVER, min_content_width=300, min_content_height=_SIDE, shadow_type=1
        )
        window.add(self._list)
        self._picture.set_size_request(_SIDE, _SIDE)
        column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        column.pack_start(self._picture, True, True, 0)
        column.pack_start(self._about, False, False, 0)
        row = Gtk.Box(spacing=12)
        row.pack_start(window, True, True, 0)
        row.pack_start(column, False, False, 0)
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=12, border_width=12)
        text = self._say("These results were made, and nobody has taken them. The server keeps them for some days.")
        box.pack_start(Gtk.Label(label=text, xalign=0.0, wrap=True, max_width_chars=70), False, False, 0)
        box.pack_start(row, True, True, 0)
        box.pack_start(self._state.widget, False, False, 0)
        self._dialog.get_content_area().add(box)
        box.show_all()

    @property
    def _selected(self) -> protocol.JobSummary | None:
        row = self._list.get_selected_row()
        return row.job if row is not None else None

    def _host_for(self, job: protocol.JobSummary) -> LostImage:
        record = job_records.read(self._folder, job.job)
        self._hosts[job.job] = LostImage(self._title(job, record), record)
        return self._hosts[job.job]

    def _title(self, job: protocol.JobSummary, record: job_records.Record | None) -> str:
        return labels.left_title(job, record, connection.load_known()[0], self._say)

    def _look(self) -> bool:
        if self._results.poll():
            self._show()
        if gone := self._expired.news(self._results.expired):
            told = expired_jobs.told(gone, connection.load_known()[0], self._say)
            Gimp.message(self._say.sentence(str(told)))
        return True

    def _show(self) -> None:
        self._state.show(self._results.connection)
        if self._results.jobs != self._listed:
            self._fill_list()
        self._show_selected()

    def _fill_list(self) -> None:
        if self._listed is None:
            job_records.mark_seen(self._folder)
        before = self._list.get_selected_row()
        at = before.get_index() if before is not None else 0
        self._listed = self._results.jobs
        for row in self._list.get_children():
            self._list.remove(row)
        for job in self._listed or ():
            self._list.add(self._row(job))
        self._list.show_all()
        if self._listed:
            self._list.select_row(self._list.get_row_at_index(min(at, len(self._listed) - 1)))

    def _row(self, job: protocol.JobSummary) -> Gtk.ListBoxRow:
        record = job_records.read(self._folder, job.job)
        title = labels.left_line(self._title(job, record), record)
        when = GLib.DateTime.new_from_unix_local(int(job.created)).format("%x %R")
        row, box = Gtk.ListBoxRow(), Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=2, border_width=6)
        box.add(Gtk.Label(label=title, xalign=0.0, wrap=True, max_width_chars=36))
        time = Gtk.Label(label=when, xalign=0.0)
        time.get_style_context().add_class("dim-label")
        box.add(time)
        row.add(box)
        row.job = job
        return row

    def _chosen(self) -> None:
        job = self._selected
        if job is not None:
            self._results.fetch(job)
        self._show_selected()

    def _show_selected(self) -> None:
        job = self._selected
        flow = self._results.flow(job) if job is not None else None
        is_ready = flow is not None and flow.status.state is job_flow.JobState.UNAPPLIED
        is_told = is_ready and flow.result.kind in results_in_words.KINDS
        self._open.set_label(self._say("Apply" if is_told else "Open as new image"))
        self._open.set_sensitive(is_ready)
        self._discard.set_sensitive(job is not None)
        if is_ready and flow.status.error is None:
            self._show_result(job, flow)
            return
        self._picture.clear()
        self._about.set_text(self._why(flow))

    def _show_result(self, job: protocol.JobSummary, flow: job_flow.Rerender) -> None:
        host, result = self._hosts[job.job], flow.result
        if result.kind == protocol.PIXELS and not result.patches:
            self._about.set_text(self._say("This result is empty: nothing had to be changed."))
            return
        if job.job not in self._pictures:
            self._pictures[job.job] = self._picture_of(host.build(result))
        picture, told = self._pictures[job.job]
        self._picture.set_from_pixbuf(picture)
        told = "\n".join(filter(None, (told, other_results.words(result))))
        if host.lacks_profile(result):
            told += "\n" + self._say("The colour profile of its image is not known any more: sRGB is taken for it.")
        self._about.set_text(told)

    def _picture_of(self, made: Gimp.Image | None) -> tuple[GdkPixbuf.Pixbuf | None, str]:
        """Return a thumbnail of an image, which is deleted, and its size in words."""
        if made is None:
            return None, ""
        try:
            size = self._say("{width} × {height} pixels", width=made.get_width(), height=made.get_height())
            return thumbnails.of(made, _SIDE), size
        finally:
            made.delete()

    def _why(self, flow: job_flow.Rerender | None) -> str:
        """Return why no result is shown."""
        if flow is None:
            return self._say("Nothing waits.") if self._listed == () else ""
        if flow.status.error is not None:
            return self._say.sentence(str(flow.status.error))
        return self._say("Fetching the result")
