"""Strategies for every message of the protocol: valid by construction, for round trips."""

from __future__ import annotations

from hypothesis import strategies as st

from foveate_shared.errors import ErrorCode, ErrorInfo, Fault
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.pixels import AlphaMode, Channels, PixelFormat, RowOrder, SampleType
from foveate_shared.wire import protocol as p
from foveate_shared.wire.rules import FRAMES, JOB_STATES, OUTCOME_STATUSES, is_file_name

integers = st.integers(-(2**53), 2**53)
counts = st.integers(0, 2**53)
sides = st.integers(1, 40_000)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
names = st.text(st.characters(categories=["L", "M", "N", "P", "S"], include_characters=" "), min_size=1, max_size=40)
jobs = st.uuids().map(str)
numbers = st.floats(0, 1e12)
seqs = st.integers(1, 2**53)

json_values = st.recursive(
    st.none() | st.booleans() | integers | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(texts, json_values, max_size=4)

extents = st.builds(Extent, sides, sides)
bounds = st.builds(Bounds, integers, integers, sides, sides)
formats = st.builds(
    PixelFormat,
    st.sampled_from(SampleType),
    st.sampled_from(Channels),
    st.sampled_from(AlphaMode),
    st.sampled_from(RowOrder),
)
coverage_formats = st.builds(
    PixelFormat, st.sampled_from([SampleType.U8, SampleType.U16, SampleType.F32]), st.just(Channels.Y)
)
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
blobs = st.builds(p.Blob, st.integers(1, 2**32 - 1), st.integers(1, 2**40), hashes)


@st.composite
def pixels(draw: st.DrawFn, extent: Extent | None = None, like: st.SearchStrategy[PixelFormat] = formats) -> p.Pixels:
    extent = extent or draw(extents)
    layout = draw(like)
    return p.Pixels(extent, layout, p.Blob(draw(st.integers(1, 2**32 - 1)), layout.size(extent), draw(hashes)))


profiles = st.builds(p.Profile, space=names) | st.builds(p.Profile, icc=blobs)
documents = st.builds(p.Document, extents, formats, profiles)
selections = st.builds(p.Selection, st.builds(Bounds, integers, integers, st.integers(0, 9), sides))
pictures = st.builds(
    p.NamedPicture,
    names,
    st.builds(Extent, st.integers(0, 9), sides),
    formats,
    profiles,
    hashes,
    st.booleans(),
)
outcomes = st.builds(p.Outcome, names, st.sampled_from(OUTCOME_STATUSES), texts, objects)
peers = st.builds(p.Peer, names, names)
positive = st.integers(1, 2**53)
limits = st.builds(p.Limits, positive, positive, positive, positive, positive)
operations = st.builds(p.OperationInfo, names, texts, objects)
models = st.builds(p.ModelInfo, names, texts, st.lists(texts, max_size=3).map(tuple), sides, st.booleans(), texts)
summaries = st.builds(
    p.JobSummary,
    jobs,
    texts,
    st.sampled_from(JOB_STATES),
    st.none() | positive,
    numbers,
    counts,
    st.lists(st.builds(p.PictureHash, names, hashes), max_size=2).map(tuple),
)
errors = st.builds(ErrorInfo, st.sampled_from(ErrorCode), texts, texts, st.sampled_from(Fault))


@st.composite
def window_requests(draw: st.DrawFn) -> p.WindowRequest:
    region = draw(bounds)
    extent = Extent(draw(st.integers(1, region.width)), draw(st.integers(1, region.height)))
    return p.WindowRequest(draw(names), region, extent, draw(st.booleans()), draw(st.just(p.DOCUMENT) | names))


@st.composite
def windows(draw: st.DrawFn) -> p.Window:
    plane = draw(pixels())
    coverage = draw(st.none() | pixels(plane.extent, coverage_formats))
    return p.Window(draw(jobs), draw(names), plane, coverage)


@st.composite
def patches(draw: st.DrawFn) -> p.Patch:
    plane = draw(pixels())
    coverage = draw(st.none() | pixels(plane.extent, coverage_formats))
    region = Bounds(draw(integers), draw(integers), plane.extent.width, plane.extent.height)
    return p.Patch(draw(jobs), draw(seqs), draw(names), region, plane, coverage)


@st.composite
def selection_patches(draw: st.DrawFn) -> p.SelectionPatch:
    plane = draw(pixels(like=coverage_formats))
    region = Bounds(draw(integers), draw(integers), plane.extent.width, plane.extent.height)
    return p.SelectionPatch(draw(jobs), draw(seqs), draw(names), region, plane)


def tuples_of(entries: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(entries, max_size=3).map(tuple)


versions = st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple)
BY_CLASS: dict[type, st.SearchStrategy[p.Message]] = {
    p.Hello: st.builds(p.Hello, versions, peers, names, tuples_of(names), positive),
    p.Submit: st.builds(
        p.Submit,
        jobs,
        names,
        st.none() | documents,
        st.none() | selections,
        objects,
        integers,
        tuples_of(pictures),
    ),
    p.Window: windows(),
    p.Cancel: st.builds(p.Cancel, jobs),
    p.Resume: st.builds(p.Resume, jobs, counts),
    p.Ack: st.builds(p.Ack, jobs),
    p.ListJobs: st.builds(p.ListJobs, counts),
    p.ListModels: st.builds(p.ListModels, counts),
    p.Credit: st.builds(p.Credit, positive),
    p.Welcome: st.builds(p.Welcome, positive, peers, tuples_of(names), limits, tuples_of(operations), positive),
    p.Problem: st.builds(p.Problem, errors, st.booleans(), st.none() | jobs, st.none() | counts),
    p.Jobs: st.builds(p.Jobs, counts, tuples_of(summaries)),
    p.Models: st.builds(p.Models, counts, tuples_of(models)),
    p.Accepted: st.builds(p.Accepted, jobs, seqs),
    p.Planned: st.builds(
        p.Planned, jobs, seqs, st.sampled_from(FRAMES), extents, texts, st.sampled_from(p.RESULT_KINDS)
    ),
    p.Windows: st.builds(p.Windows, jobs, seqs, tuples_of(window_requests())),
    p.Queued: st.builds(p.Queued, jobs, seqs, positive),
    p.Started: st.builds(p.Started, jobs, seqs, names),
    p.Progress: st.builds(p.Progress, jobs, seqs, texts, st.floats(0, 1), counts, counts, st.none() | numbers),
    p.Note: st.builds(p.Note, jobs, seqs, texts),
    p.Preview: st.builds(p.Preview, jobs, seqs, bounds, pixels()),
    p.Patch: patches(),
    p.SelectionPatch: selection_patches(),
    p.Reported: st.builds(p.Reported, jobs, seqs, names, objects, st.none() | pixels()),
    p.FileMade: st.builds(
        p.FileMade,
        jobs,
        seqs,
        names,
        st.from_regex(r"[a-z][a-z0-9]{0,20}\.[a-z]{3}", fullmatch=True).filter(is_file_name),
        names,
        blobs,
    ),
    p.ItemEnded: st.builds(p.ItemEnded, jobs, seqs, outcomes),
    p.Done: st.builds(p.Done, jobs, seqs, tuples_of(outcomes), objects),
    p.Failed: st.builds(p.Failed, jobs, seqs, errors, tuples_of(outcomes)),
    p.Cancelled: st.builds(p.Cancelled, jobs, seqs),
}
messages = st.one_of(*BY_CLASS.values())
