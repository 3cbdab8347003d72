"""The flow of one job, written once for all clients: freeze, submit, answer windows, collect, apply, acknowledge.

Poll-driven and single-threaded: the owner of the connection calls :func:`~.dispatch_events.dispatch` from time to time,
and nothing here calls back from another thread. Several flows may share one connection:

    flow = Rerender(client, host, "refocus", {"strength": 0.8})
    flow.start()
    while not flow.ended:
        dispatch(client.poll(), [flow])
        show(flow.status)

The result is applied only when it is complete, all of it or nothing; the server forgets it only after that.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ..errors import ErrorCode, ErrorInfo, FoveateError, ServerError
from ..wire.protocol import (
    PIXELS,
    RESULT_EVENTS,
    SELECTION,
    Accepted,
    Ack,
    Cancel,
    Cancelled,
    Done,
    Failed,
    FileMade,
    ItemEnded,
    JsonObject,
    Message,
    Note,
    Outcome,
    Patch,
    Planned,
    Preview,
    Problem,
    Progress,
    Queued,
    Reported,
    Resume,
    SelectionPatch,
    Started,
    Windows,
)
from .apply_result import Applying
from .collect_result import ResultParts, bytes_of
from .document_problems import frozen
from .host import Host, Result, Snapshot, takes
from .job_status import ENDED, JobProgress, JobState, as_line, place_in_queue, said_of_item
from .missing_parts import rows_missing_in
from .named_pictures import FrozenPicture
from .results_in_words import untakable
from .submission import JobSubmission
from .window_answers import Answers, FlowClient, PictureNotHereError

# A flow's status and connection are part of it.
__all__ = ["ENDED", "FlowClient", "JobProgress", "JobState", "Rerender"]


class Rerender:
    """One job, from the frozen document to the applied result."""

    def __init__(
        self,
        connection: FlowClient,
        host: Host,
        operation: str,
        parameters: JsonObject,
        *,
        job: str | None = None,
        retry: bool = False,
        priority: int = 0,
        ask_first: bool = False,
        asks_from: float | None = None,
        takes_incomplete: bool = False,
        only_result: bool = False,
        on_preview: Callable[[Preview, bytes], None] | None = None,
        pictures: Mapping[str, FrozenPicture] | None = None,
        takes_document: bool = True,
    ) -> None:
        """Prepare; nothing is sent before :meth:`start`.

        `pictures` go beside the document, by the names of the operation's slots; without `takes_document` it goes
        without one, and the host only takes the result.
        `job` is the id of an earlier job that shall be resumed, where it failed with a `retry` of what failed; else one
        is minted. What is expected to take `asks_from` seconds waits for :meth:`begin` before anything is made, with
        `ask_first` the complete result for :meth:`apply`. `on_preview` may draw. A new image of which parts failed is a
        result for who `takes_incomplete` ones; the server keeps it all the same. A job that is done, of which
        `only_result` is wanted, has no use for the windows any more that it once asked for.
        """
        self.job = job or str(uuid.uuid4())
        self.status = JobProgress()
        self.result: Result | None = None  # set when the job is done, before it is applied
        self._connection = connection
        self._host = host
        self._operation = operation
        self._parameters = parameters
        self._priority = priority
        self._retry = retry  # until the server is known to have heard of it
        self._ask_first = ask_first
        self._takes_incomplete = takes_incomplete
        self._only_result = only_result
        self._on_preview = on_preview
        self._pictures = dict(pictures or {})
        self._takes_document = takes_document
        self._snapshot: Snapshot | None = None
        self._plan: Planned | None = None
        self._is_resumed = self._accepted = job is not None
        self._has_rest = False  # the server keeps what is finished of a failed one: see can_make_rest
        self._cancelling = False  # the person wants its end, and the server has not confirmed it
        self._seq = 0  # of the newest lasting event that was taken: where resume goes on
        self._parts = ResultParts()
        self._outcomes: list[Outcome] = []
        self.answers = Answers(self.job, host, self._pictures, asks_from)
        self._applying: Applying | None = None  # while the host is bringing the result in
        self._away = self._before = ""  # what was said when the server was away, and what was shown before
        self._handlers: dict[type, Callable[..., None]] = {
            Accepted: self._on_accepted,
            Planned: self._on_plan,
            Queued: self._on_queued,
            Started: self._on_started,
            Progress: self._on_progress,
            Note: lambda event: self._add_note(event.text),
            **dict.fromkeys(RESULT_EVENTS, self._on_part),
            ItemEnded: self._on_item,
            Done: self._on_done,
            Failed: self._on_failed,
            Cancelled: self._on_cancelled,
        }

    @property
    def ended(self) -> bool:
        """Tell whether nothing more will happen by itself."""
        return self.status.state in ENDED

    @property
    def connection(self) -> FlowClient:
        """Return what it goes over, see :meth:`move_to`."""
        return self._connection

    @property
    def is_accepted(self) -> bool:
        """Tell whether a server has the job, or had it."""
        return self._accepted

    @property
    def is_cancelling(self) -> bool:
        """Tell whether the person wanted its end; the server may have confirmed it since."""
        return self._cancelling

    @property
    def can_make_rest(self) -> bool:
        """Tell whether it failed with a part of a new image finished, so that :meth:`make_rest` can try the others."""
        return self._has_rest and self.ended

    @property
    def is_applying(self) -> bool:
        """Tell whether the host is bringing the result in, step by step."""
        return self._applying is not None

    @property
    def has_work(self) -> bool:
        """Tell whether :meth:`pump` has more to do at once: an editor that works in steps then calls it again soon."""
        return self.is_applying or self.answers.can_go_on(self._connection)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Return how the items have ended so far."""
        return tuple(self._outcomes)

    def start(self) -> None:
        """Freeze the document and submit the job, or resume it where its id was given.

        Raises FoveateError where the host has nothing to work on; nothing was sent then.
        """
        if self._takes_document:
            self._snapshot = self._host.freeze()
        self._set(state=JobState.SUBMITTED, text="Sending the job" if not self._accepted else "Asking for the job")
        self._introduce()

    @property
    def is_held(self) -> bool:
        """Tell whether it waits for :meth:`begin`."""
        return self.answers.are_held and not self.ended

    def begin(self) -> None:
        """Let a job be made that waits for a yes, or would."""
        was_held = self.is_held
        self.answers.release()
        if was_held:
            self._set(text="Sending pixels")

    def make_rest(self) -> None:
        """Have what failed tried again, of the pixels that were frozen; what is finished stays."""
        self._retry = True
        kept = [outcome for outcome in self._outcomes if outcome.status != "failed"]
        over = {said_of_item(outcome) for outcome in self._outcomes} - {said_of_item(outcome) for outcome in kept}
        notes = tuple(note for note in self.status.notes if note not in over)
        self._outcomes = kept
        self._set(state=JobState.SUBMITTED, text="Asking for the job", error=None, fraction=0.0, notes=notes)
        self._introduce()

    def interrupted(self, reason: str) -> None:
        """Show that the server is away; the connection resumes the job by itself when it is there again."""
        if not self.ended and not self.is_applying:
            if self.status.text != self._away:
                self._before = self.status.text
            self._away = reason
            self._set(text=reason, seconds_left=None)

    def resumed(self) -> None:
        """Show what was shown before the server was away, unless something came since."""
        if self.status.text == self._away and not self.ended:
            self._set(text=self._before)

    def move_to(self, connection: FlowClient) -> None:
        """Go on over another connection of the same client, such as one with new settings.

        The job is resumed or submitted there; a server that does not know it ends it with a sentence.
        """
        self._connection = connection
        if self.ended or self.status.state is JobState.NEW:
            return
        self.answers.clear()  # they are asked for anew
        self._introduce()
        if self._cancelling:
            connection.post(Cancel(self.job))

    def cancel(self) -> None:
        """Ask the server to end the job; :attr:`ended` follows with its answer. Drops what was made and not applied."""
        if self._applying is not None and self._applying.is_stepping:
            return  # too late, and the next moment shows it
        if self.status.state is JobState.UNAPPLIED or self.is_applying or self.can_make_rest:
            self._has_rest = False
            self._connection.post(Ack(self.job))
            self._end(JobState.CANCELLED, text="Dropped")
        elif not self.ended:
            self.answers.clear()
            self._cancelling = True
            self._set(text="Cancelling", step=0, steps=0, seconds_left=None)
            self._connection.post(Cancel(self.job))

    def abandon(self, error: FoveateError) -> None:
        """End here, without the server, such as when it cannot be reached again. The job goes on over there.

        A result that is complete needs no server any more: it is applied all the same.
        """
        if not self.ended and not self.is_applying:
            self._has_rest = self._has_rest and not self._cancelling
            self._end(JobState.FAILED, error=error.info)

    def handle(self, message: Message, payloads: Sequence[object] = ()) -> bool:
        """Take a message with the bytes of its blobs; return whether it was about this job."""
        if getattr(message, "job", None) != self.job or self.status.state is JobState.NEW:
            return False
        if self.ended:
            return True
        if isinstance(message, Problem):
            self._on_problem(message)
        elif isinstance(message, Windows):
            self._count(message.seq)
            if not self._only_result:
                self.answers.ask(message.requests)
        elif isinstance(message, Preview):
            if self._on_preview:
                self._on_preview(message, bytes_of(payloads[0]))
        elif isinstance(message, (Progress, Queued, Started)):
            self._handlers[type(message)](message)
        elif message.seq > self._seq:  # type: ignore[union-attr]  # all that is left are a job's lasting events
            self._count(message.seq)  # type: ignore[union-attr]
            self._handlers[type(message)](message, *payloads)
        return True

    def _count(self, seq: int) -> None:
        """Take note of a lasting event: a new one shows that the server tries again what failed, where it was asked."""
        if seq > self._seq:
            self._seq = seq
            self._retry = self._has_rest = False

    def pump(self, *, answers: bool = True) -> None:
        """Answer waiting windows, as far as the connection keeps up with them; go on applying a result.

        Without `answers`, windows wait: another one's come first.
        """
        if self._applying is not None:
            self._go_on(self._applying)
        try:
            if answers and not self.ended:
                self.answers.go_on(self._connection)
        except FoveateError as error:
            if not (self._is_resumed and isinstance(error, PictureNotHereError)):  # that may still be given
                self._connection.post(Cancel(self.job))
            self._end(JobState.FAILED, error=error.info)

    def apply(self, *, even_if_changed: bool = False) -> None:
        """Apply the complete result, once more where it was not applied before; then let the server forget it.

        A document that is not what was frozen any more is left alone, and the result waits (state UNAPPLIED), unless
        the person wants it `even_if_changed`.
        """
        assert self.result is not None  # noqa: S101 - set before, by the only caller and by state UNAPPLIED
        placed = self.result.frame == "document" and self.result.kind in {PIXELS, SELECTION}
        check = placed and not even_if_changed
        self._set(state=JobState.RUNNING, text="Applying the result", error=None, seconds_left=None)
        self._applying = Applying(self._host, self.result, check=check, takes_incomplete=self._takes_incomplete)
        self._go_on(self._applying)

    # --- events ---

    def _on_accepted(self, event: Accepted) -> None:
        self._accepted = True
        self._show(state=JobState.WAITING, text="Accepted")

    def _on_plan(self, event: Planned) -> None:
        self._plan = event
        if not takes(self._host, event.kind):
            self._connection.post(Cancel(self.job))
            self._end(JobState.FAILED, error=untakable(event.kind, self._operation).info)
            return
        text = "Not begun" if self.answers.are_held_by(event.seconds) else "Sending pixels"
        expected = {"expected": event.seconds, "is_measured": event.is_measured}
        self._show(state=JobState.WAITING, text=text, summary=event.summary, **expected)

    def _on_queued(self, event: Queued) -> None:
        self._show(state=JobState.WAITING, text=event.reason or place_in_queue(event.position), position=event.position)

    def _on_started(self, event: Started) -> None:
        is_new = self.status.state is not JobState.RUNNING  # what was said until now is over: pixels were sent
        self._show(state=JobState.RUNNING, text="Running" if is_new else self.status.text, position=None)

    def _on_progress(self, event: Progress) -> None:
        self._show(
            state=JobState.RUNNING,
            text=as_line(event.stage),
            fraction=max(self.status.fraction, min(1.0, event.fraction)),
            step=event.step,
            steps=event.steps,
            seconds_left=event.seconds_left,
            position=None,
        )

    def _on_part(self, event: Patch | SelectionPatch | Reported | FileMade, *payloads: object) -> None:
        self._parts.add(event, payloads)

    def _on_item(self, event: ItemEnded) -> None:
        self._outcomes.append(event.outcome)
        if event.outcome.message:
            self._add_note(said_of_item(event.outcome))

    def _on_done(self, event: Done) -> None:
        if self._cancelling:  # it was complete before the server knew: what was called off is not applied
            self._on_cancelled(event)
            return
        if self._plan is None:
            self._end(JobState.FAILED, error=ServerError("The server ended the job without having planned it.").info)
            return
        self._outcomes = list(event.outcomes)
        self._take_result(self._parts.complete(self._plan, event.outcomes, event.recipe))

    def _take_result(self, result: Result) -> None:
        self.result = result
        if self._ask_first:
            self._set(state=JobState.UNAPPLIED, text="Waiting for your yes", fraction=1.0, seconds_left=None)
            return
        self.apply()

    def _on_failed(self, event: Failed) -> None:
        self._outcomes = list(event.outcomes)
        if event.recipe is None or self._cancelling:  # else the server keeps what is finished
            self._connection.post(Ack(self.job))
        elif self._takes_incomplete and self._plan:
            self._take_result(self._parts.complete(self._plan, event.outcomes, event.recipe))
            return
        else:
            self._has_rest = not self._only_result
        self._end(JobState.FAILED, error=event.error)

    def _on_cancelled(self, event: Cancelled | Done) -> None:
        self._connection.post(Ack(self.job))
        self._end(JobState.CANCELLED, text="Cancelled")

    def _on_problem(self, problem: Problem) -> None:
        is_gone = problem.error.code in (ErrorCode.UNKNOWN_JOB, ErrorCode.EXPIRED)
        self._has_rest = self._has_rest and not is_gone
        if self._cancelling and (is_gone or not self._accepted):
            self._end(JobState.CANCELLED, text="Cancelled")
        elif self._accepted and not is_gone:
            self._add_note(str(problem.error))
        else:  # the server does not have the job: nothing more will come
            self._end(JobState.FAILED, error=problem.error)

    # --- sending ---

    def _introduce(self) -> None:
        """Make the server know the job: resume it where it was accepted, submit it else."""
        if self._accepted:
            self._connection.post(Resume(self.job, self._seq, self._retry))
            return
        snapshot = frozen(self._snapshot) if self._takes_document else None
        JobSubmission(self.job, self._operation, self._parameters, self._priority, snapshot, self._pictures).send(
            self._connection
        )

    # --- applying ---

    def _go_on(self, applying: Applying) -> None:
        """Apply for a moment, and end the job where nothing is left to do."""
        try:
            if not applying.go_on():
                return
        except FoveateError as error:
            self._applying = None
            self._set(state=JobState.UNAPPLIED, text="Not applied", error=error.info)
            return
        except BaseException:  # nobody foresaw it; the result is not lost for that
            self._applying = None
            self._set(state=JobState.UNAPPLIED, text="Not applied")
            raise
        self._applying = None
        is_part = self._takes_incomplete and self.result is not None and rows_missing_in(self.result)
        if not is_part:  # whole, else it would not have been applied
            self._connection.post(Ack(self.job))
        self._end(JobState.DONE, text="Done", fraction=1.0)

    # --- state ---

    def _add_note(self, text: str) -> None:
        if text not in self.status.notes:
            self._set(notes=(*self.status.notes, text))

    def _show(self, **changes: object) -> None:
        """Show what happens; while it is being cancelled, that is what is shown."""
        if not self._cancelling:
            self._set(**changes)

    def _set(self, **changes: object) -> None:
        self.status = replace(self.status, **changes)  # type: ignore[arg-type]

    def _end(self, state: JobState, *, error: ErrorInfo | None = None, **changes: object) -> None:
        self.answers.clear()
        if self._applying is not None:
            self._applying.close()
            self._applying = None
        if not self._has_rest:  # which is made of what was frozen
            self._host.release()
            self._pictures.clear()  # the history lives longer
        if state is JobState.CANCELLED:  # what was said on the way is about a result that nobody wants any more
            changes["notes"] = ()
        if error is not None:  # what it did is over
            changes |= {"error": error, "text": "Cancelled" if error.code is ErrorCode.CANCELLED else "Failed"}
        self._set(state=state, step=0, steps=0, seconds_left=None, position=None, **changes)
