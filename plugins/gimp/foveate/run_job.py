"""One job from a procedure: run it, show how it goes in GIMP's progress bar, and bring its result to the person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gi.repository import Gimp

from . import connection
from ._shared import (
    chosen_pictures,
    errors,
    inquiry,
    job_flow,
    job_records,
    job_status,
    operation_form,
    picture_slots,
    protocol,
    run_blocking,
    together,
    translations,
)
from .document import GimpHost
from .orphan_cleanup_process import Caretaker

_BAR_CHARACTERS = 40  # that GIMP's progress bar shows in a small window: what is longer, it would cut


@dataclass(frozen=True)
class WantedJob:
    """What is wanted."""

    operation: str  # the protocol's name
    title: str  # for the person, and the layer's name
    parameters: Callable[[protocol.OperationInfo], protocol.JsonObject]  # of what the server tells of it now
    to_image: bool  # the result becomes an image of its own
    is_whole: bool = False  # the selection does not count
    variations: int = 1  # jobs that differ by their seeds
    chosen: chosen_pictures.ChosenPictures = chosen_pictures.NONE_CHOSEN  # layers beside the image
    slots: tuple[picture_slots.PictureSlot, ...] = ()  # which it takes there
    takes_image: bool = True


@dataclass(frozen=True)
class AppliedResult:
    """What came of it."""

    layers: tuple[Gimp.Layer, ...]  # empty where nothing was changed, or the result is an image
    image: Gimp.Image | None  # the result as an image of its own
    recipe: protocol.JsonObject
    notes: tuple[str, ...]  # sentences about it
    is_as_asked: bool  # all was done: no note has to be shown
    told: tuple[str, ...] = ()  # what the result says in words: it is shown
    report: tuple[protocol.JsonObject, ...] = ()  # what was found out
    is_weaker: bool = False  # less of the effect was applied than was asked for
    is_unchanged: bool = False  # pixels were asked for, and all stay as they are


Flows = Sequence[job_flow.Rerender]


class Decide(Protocol):
    """What is asked while a job is run."""

    def results(self, flows: Flows, host: GimpHost) -> None:
        """Apply results that wait, keep them or drop them."""

    def wants_rest(self, flow: job_flow.Rerender) -> bool:
        """Tell whether what failed of a new image shall be tried again."""

    def wants_all(self, flows: Flows) -> bool:
        """Tell whether jobs shall be begun that take long: on all of an image, since nothing is selected."""


def run(
    image: Gimp.Image | None, work: WantedJob, say: translations.Texts, *, show: bool, ask_first: bool, decide: Decide
) -> AppliedResult:
    """Run a job, or its variations, to the end.

    It is for `decide` where a result waits for the person, or could not be applied, and where a part of one failed;
    variations always wait. Raises the FoveateError that ended it, CancelledJobError where the person did.
    """
    host = GimpHost(image, title=work.title, to_image=work.to_image, show=show, is_whole=work.is_whole)
    host.names_seeds = work.variations > 1
    waits = ask_first or work.variations > 1
    Gimp.progress_init(work.title)
    try:
        snapshot = host.freeze() if work.takes_image else None  # as it is now: a server may have to be started
        pictures = work.chosen.freeze(work.slots, host, snapshot.extent if snapshot else None)
        beside: dict[str, Any] = {"pictures": pictures, "takes_document": work.takes_image}
        with connection.open_client() as client:
            info = _offered(inquiry.Inquiry(client).welcome(), work.operation)
            wishes = operation_form.with_seeds(work.parameters(info), work.variations)
            is_unselected = snapshot is not None and snapshot.selection is None and not work.is_whole
            beside["asks_from"] = job_status.LONG_SECONDS if is_unselected else None
            flows = [
                job_flow.Rerender(client, host, work.operation, wish, ask_first=waits, **beside) for wish in wishes
            ]
            with Caretaker(connection.settings_path(), *(flow.job for flow in flows)) as caretaker:
                group = together.Together(flows)
                group.start()
                _write_down(flows, host.record())
                bar = _Bar(say)

                def follow(status: job_status.JobProgress) -> None:
                    bar.show(status)
                    _begin_what_waits(flows, decide)

                run_blocking.run_to_end(client, group, on_status=follow, is_reached=True)
                while lacking := [flow for flow in flows if flow.can_make_rest]:
                    caretaker.results_wait()  # what is finished of them does
                    if not decide.wants_rest(lacking[0]):
                        break
                    for flow in lacking:
                        flow.make_rest()
                    run_blocking.run_to_end(client, group, on_status=bar.show, is_reached=True)
                if waiting(flows):
                    caretaker.results_wait()
                    decide.results(flows, host)
                _cross_out(flows)
    finally:
        host.close()
        Gimp.progress_end()
    return _finished(flows, host)


def _offered(welcome: protocol.Welcome, operation: str) -> protocol.OperationInfo:
    """Return what the server tells of an operation. Raises InputError where it has none such any more."""
    for info in welcome.operations:
        if info.name == operation:
            return info
    raise errors.InputError(
        "This server has no operation {name}.",
        name=operation,
        code=errors.ErrorCode.UNKNOWN_OPERATION,
        remedy="Choose another server in Filters > Foveate > Server Settings.",
    )


def _begin_what_waits(flows: Flows, decide: Decide) -> None:
    """Ask once the server has told of all of them how long they take. Raises CancelledJobError after a no."""
    held = [flow for flow in flows if flow.is_held]
    if not held or len(held) < sum(not flow.ended for flow in flows):
        return
    if not decide.wants_all(held):
        raise errors.CancelledJobError("Cancelled.")
    for flow in held:
        flow.begin()


def waiting(flows: Flows) -> Flows:
    """Return the flows whose results are complete and not applied."""
    return [flow for flow in flows if flow.status.state is job_flow.JobState.UNAPPLIED]


class NobodyDecides:
    """Where nobody can be asked: all variations are applied, and what failed is an error."""

    def results(self, flows: Flows, host: GimpHost) -> None:
        """Apply what can be; keep pixels that could not be applied as a new image, what is none at the server.

        Raises what was wrong.
        """
        for flow in waiting(flows):
            if flow.status.error is None:
                flow.apply(even_if_changed=bool(host.layers))  # by the variation before
        for flow in waiting(flows):
            _keep_as_image(flow, host)

    def wants_rest(self, flow: job_flow.Rerender) -> bool:
        """Leave the finished parts at the server: the error says how the rest is made."""
        return False

    def wants_all(self, flows: Flows) -> bool:
        """Say yes: a script means what it says."""
        return True


def _keep_as_image(flow: job_flow.Rerender, host: GimpHost) -> None:
    error = flow.status.error
    if flow.result is None or error is None:
        return
    if not flow.result.patches:
        raise errors.to_exception(error)
    image = host.keep(flow.result)
    flow.cancel()  # the server may forget it
    remedy = f"The result was kept as a new image, number {image.get_id()}."
    raise errors.InputError(error.message, code=error.code, remedy=remedy, fault=error.fault)


def _write_down(flows: Flows, record: job_records.Record) -> None:
    """Write down what a result needs to be opened without its image, should this process end before the job does."""
    folder = job_records.folder_of(connection.settings_path())
    for flow in flows:
        job_records.write(folder, flow.job, record)


def _cross_out(flows: Flows) -> None:
    """Remove what was written down; what nobody took, or went on without us, is noted instead: that result waits."""
    folder = job_records.folder_of(connection.settings_path())
    for flow in flows:
        status = flow.status
        is_lost = status.error is not None and status.error.code is errors.ErrorCode.CONNECTION_LOST
        if is_lost or status.state is job_flow.JobState.UNAPPLIED:
            job_records.mark_left(folder, flow.job)
        else:
            job_records.forget(folder, flow.job)


def _finished(flows: Flows, host: GimpHost) -> AppliedResult:
    flow = next((each for each in flows if each.status.state is job_flow.JobState.DONE), flows[0])
    status = flow.status
    if host.result_image is None and status.state is job_flow.JobState.CANCELLED:
        raise errors.CancelledJobError("The result was dropped.")
    if status.state is job_flow.JobState.UNAPPLIED:  # who asked the person told where it waits
        raise errors.CancelledJobError("The result waits.")
    if status.error is not None and status.state is not job_flow.JobState.CANCELLED:
        raise run_blocking.failure_of(flow, status.error, " --as gimp")
    recipe = flow.result.recipe if flow.result else {}
    is_as_asked = bool(host.layers or host.result_image) and all(each.status == "done" for each in flow.outcomes)
    report = tuple(each.data for each in flow.result.reports) if flow.result else ()
    is_pixels = flow.result is None or flow.result.kind == protocol.PIXELS
    return AppliedResult(
        host.layers,
        host.result_image,
        recipe,
        status.notes,
        is_as_asked,
        host.told,
        report,
        is_weaker=any(_is_weaker(each, recipe) for each in flow.outcomes),
        is_unchanged=is_pixels and not (host.layers or host.result_image),
    )


def _is_weaker(outcome: protocol.Outcome, recipe: protocol.JsonObject) -> bool:
    """Tell whether the server applied less of the effect than was asked for, and says why."""
    applied, asked = outcome.data.get("strength"), recipe.get("parameters", {}).get("strength")
    return bool(outcome.message) and None not in (applied, asked) and applied < asked


class _Bar:
    """GIMP's progress bar. It is told only what is new: each word crosses to another process."""

    def __init__(self, say: translations.Texts) -> None:
        self._say = say
        self._shown = ("", -1.0)

    def show(self, status: job_flow.JobProgress) -> None:
        """Show what happens, how far it is, and how long it takes."""
        now = (job_status.describe_shortly(status, self._say, _BAR_CHARACTERS), round(status.fraction, 3))
        if now[0] != self._shown[0]:
            Gimp.progress_set_text(now[0])
        if now[1] != self._shown[1]:
            Gimp.progress_update(now[1])
        self._shown = now
