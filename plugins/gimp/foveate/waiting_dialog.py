"""Waiting Results: what the server still has of jobs whose plug-in is gone, to be opened or discarded.

Jobs that still run are listed as well: of one whose image was closed, nothing else in GIMP shows that it goes on.
"""

from __future__ import annotations

from gi.repository import GdkPixbuf, Gimp, GLib, Gtk

from . import connection, dialogs, help_page, other_results, thumbnails
from ._shared import (
    expired_jobs,
    faces,
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
_LIST_WIDTH = 300  # pixels, at least


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
        self._listed: list[tuple[str, bool]] | None = None  # what the list shows: jobs, and whether they run
        self._dialog = Gtk.Dialog(title=say("Foveate: Waiting Results"))
        help_page.add_button(self._dialog, say)
        self._discard = self._dialog.add_button(say("Discard"), _DISCARD)
        self._open = self._dialog.add_button(say("Open as new image"), _OPEN)
        self._dialog.add_button(say("Close"), Gtk.ResponseType.CLOSE)
        self._dialog.set_default_response(_OPEN)
        self._what = Gtk.Label(xalign=0.0, wrap=True, width_chars=45, max_width_chars=70)
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
            if answer == _OPEN:
                self._take(job)
            elif self._is_running(job):
                self._results.cancel(job)
            else:
                self._results.discard(job)
                job_records.forget(self._folder, job.job)
            self._show()

    def close(self) -> None:
        """Let go of the server and the window."""
        GLib.source_remove(self._timer)
        self._client.close()
        self._dialog.destroy()

    def _take(self, job: protocol.JobSummary) -> None:
        """Open a result, where it is there already."""
        flow = None if self._is_running(job) else self._results.fetch(job)
        if flow is None or flow.status.state is not job_flow.JobState.UNAPPLIED:
            return
        flow.apply()
        self._results.poll()
        if flow.status.state is job_flow.JobState.DONE:
            job_records.forget(self._folder, job.job)
        if told := self._hosts[job.job].told:
            Gimp.message("\n".join(map(self._say.sentence, told)))

    def _lay_out(self) -> None:
        window = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, min_content_height=_SIDE, shadow_type=1)
        window.set_size_request(_LIST_WIDTH, -1)
        window.add(self._list)
        self._picture.set_size_request(_SIDE, _SIDE)
        column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        column.pack_start(self._picture, True, True, 0)
        column.pack_start(self._about, False, False, 0)
        row = Gtk.Box(spacing=12)
        row.pack_start(window, True, True, 0)
        row.pack_start(column, False, False, 0)
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=12, border_width=12)
        box.pack_start(self._what, False, False, 0)
        box.pack_start(row, True, True, 0)
        box.pack_start(self._state.widget, False, False, 0)
        self._dialog.get_content_area().add(box)
        box.show_all()

    @property
    def _selected(self) -> protocol.JobSummary | None:
        row = self._list.get_selected_row()
        return row.job if row is not None else None

    def _jobs(self) -> list[protocol.JobSummary]:
        """Return what is listed: results, then what runs. A look for faces is not worth a line."""
        listed = (*(self._results.jobs or ()), *self._results.running)
        return [job for job in listed if job.operation != faces.SURVEY]

    def _is_running(self, job: protocol.JobSummary) -> bool:
        return any(each.job == job.job for each in self._results.running)

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
            for job in gone:
                job_records.forget(self._folder, job.job)
            told = expired_jobs.told(gone, connection.load_known()[0], self._say)
            Gimp.message(self._say.sentence(str(told)))
        return True

    def _show(self) -> None:
        self._state.show(self._results.connection)
        if self._results.jobs is not None:
            if self._listed is None:
                job_records.mark_seen(self._folder)
            self._show_jobs(self._jobs())
        self._show_selected()

    def _show_jobs(self, jobs: list[protocol.JobSummary]) -> None:
        listed = [(job.job, self._is_running(job)) for job in jobs]
        self._what.set_text(self._say(_what([runs for _, runs in listed])))
        if self._listed != listed:
            self._listed = listed
            self._fill_list(jobs)
        for row, job in zip(self._list.get_children(), jobs, strict=True):
            row.state.set_text(self._state_of(job))

    def _fill_list(self, jobs: list[protocol.JobSummary]) -> None:
        before = self._list.get_selected_row()
        at, chosen = (before.get_index(), before.job.job) if before is not None else (0, "")
        for row in self._list.get_children():
            self._list.remove(row)
        for job in jobs:
            self._list.add(self._row(job))
        self._list.show_all()
        if jobs:
            place = next((number for number, job in enumerate(jobs) if job.job == chosen), min(at, len(jobs) - 1))
            self._list.select_row(self._list.get_row_at_index(place))

    def _row(self, job: protocol.JobSummary) -> Gtk.ListBoxRow:
        record = job_records.read(self._folder, job.job)
        title = labels.left_line(self._title(job, record), record)
        row, box = Gtk.ListBoxRow(), Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=2, border_width=6)
        box.add(Gtk.Label(label=title, xalign=0.0, wrap=True, max_width_chars=36))
        row.state = Gtk.Label(xalign=0.0)
        row.state.get_style_context().add_class("dim-label")
        box.add(row.state)
        row.add(box)
        row.job = job
        return row

    def _state_of(self, job: protocol.JobSummary) -> str:
        """Return how far a job is that runs; of one that is done, when it was begun."""
        if self._is_running(job):
            return labels.running_line(job, self._say)
        return GLib.DateTime.new_from_unix_local(int(job.created)).format("%x %R")

    def _chosen(self) -> None:
        job = self._selected
        if job is not None and not self._is_running(job):
            self._results.fetch(job)
        self._show_selected()

    def _show_selected(self) -> None:
        job = self._selected
        flow = self._results.flow(job) if job is not None else None
        is_ready = flow is not None and flow.status.state is job_flow.JobState.UNAPPLIED
        is_told = is_ready and flow.result.kind in results_in_words.KINDS
        self._open.set_label(self._say("Apply" if is_told else "Open as new image"))
        self._open.set_sensitive(is_ready)
        self._discard.set_label(self._say("Cancel the job" if job and self._is_running(job) else "Discard"))
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
            return ""
        if flow.status.error is not None:
            return self._say.sentence(str(flow.status.error))
        return self._say("Fetching the result")


def _what(runs: list[bool]) -> str:
    """Return what stands above the list, of jobs that run or have run."""
    if not runs:
        return "Nothing waits, and nothing is being made."
    if all(runs):
        return "These jobs are still being made."
    return "These results were made, and nobody has taken them. The server keeps them for some days."
