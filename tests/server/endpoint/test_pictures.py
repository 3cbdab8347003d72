"""Named pictures beside the document, from the client's flow through the real server and worker and back."""

from dataclasses import replace

import numpy as np
import pytest

from fakes.documents import RGB8
from fakes.jobs import submit_of
from foveate_shared.errors import ErrorCode
from foveate_shared.geometry import Extent
from foveate_shared.jobs.host import Image
from foveate_shared.jobs.job_flow import JobState
from foveate_shared.jobs.named_pictures import FrozenPicture
from foveate_shared.pixels import COVERAGE_U8, Channels, PixelFormat, SampleType

GRAY = PixelFormat(SampleType.U8, Channels.Y)
EXTENT = Extent(16, 16)  # of the host's document
DOCUMENT = np.arange(256).astype(np.uint8)


def gray(value, extent=EXTENT, **fields):
    return FrozenPicture(Image(extent, bytes([value]) * extent.area, GRAY), "gray-srgb", **fields)


def made(host):
    """Return the samples of the only patch, and its coverage."""
    ((patch,),) = (result.patches for result in host.applied)
    return np.frombuffer(patch.pixels.data, np.uint8), patch.coverage


def test_an_operation_sees_the_pictures_that_it_declares(run):
    pictures = {"control": gray(3), "reference-1": gray(20, Extent(5, 4)), "reference-3": gray(7, Extent(1, 9))}
    flow, host = run("mix", pictures)
    assert flow.status.state is JobState.DONE
    pixels, coverage = made(host)
    assert np.array_equal(pixels, (DOCUMENT.astype(int) + 3 + 20 + 7) % 256)
    assert coverage is None


def test_a_picture_has_its_own_coverage(run):
    plane = bytes(range(256))
    mask = gray(0, coverage=Image(EXTENT, plane, COVERAGE_U8))
    _, host = run("mix", {"control": gray(0), "mask": mask})
    assert bytes(made(host)[1].data) == plane


def test_a_picture_has_its_own_format_and_profile(run):
    picture = FrozenPicture(Image(Extent(2, 1), bytes([9, 1, 1, 1, 1, 1]), RGB8), icc=b"a profile")
    flow, host = run("mix", {"control": gray(1), "reference-2": picture})
    assert np.array_equal(made(host)[0], (DOCUMENT.astype(int) + 1 + 9) % 256)
    told = {entry["name"]: entry for entry in flow.result.recipe["pictures"]}
    assert told["reference-2"]["profile"]["icc"]["size"] == len(b"a profile")
    assert told["reference-2"]["extent"] == [2, 1]


def test_the_recipe_names_the_pictures_by_their_content(run):
    pictures = {"control": gray(3), "reference-1": gray(4)}
    flow, _ = run("mix", pictures)
    told = {entry["name"]: entry["sha256"] for entry in flow.result.recipe["pictures"]}
    assert told == {name: picture.sha256 for name, picture in pictures.items()}
    sources = [entry.get("source") for entry in flow.result.recipe["inputs"]]
    assert sources == [None, "control", "reference-1"]


def test_a_recipe_without_pictures_is_as_ever(run):
    flow, _ = run("optional")
    assert "pictures" not in flow.result.recipe
    assert all("source" not in entry for entry in flow.result.recipe["inputs"])


def test_an_operation_may_take_no_document(run):
    flow, host = run("make", takes_document=False)
    assert flow.status.state is JobState.DONE
    assert bytes(made(host)[0]) == bytes(range(18))
    assert flow.result.extent == Extent(3, 2)
    assert flow.result.recipe["document"] is None


@pytest.mark.parametrize(
    ("operation", "pictures", "sentence", "remedy"),
    [
        ("mix", {}, "Mix needs the picture 'control', and it is missing.", "Choose what stands for Control picture."),
        (
            "mix",
            {"control": gray(0), "depth": gray(0)},
            "Mix takes no picture named 'depth'.",
            "It takes 'control', 'reference-1' to 'reference-3', 'mask'.",
        ),
        (
            "mix",
            {"control": gray(0), "reference-4": gray(0)},
            "Mix takes no picture named 'reference-4'.",
            "It takes 'control', 'reference-1' to 'reference-3', 'mask'.",
        ),
        ("paint", {"control": gray(0)}, "Paint takes no picture named 'control'.", "It takes none."),
        (
            "mix",
            {"control": gray(0, Extent(4, 5))},
            "The picture 'control' has 4 by 5 pixels, and the document 16 by 16.",
            "Make it as large as the document.",
        ),
        (
            "mix",
            {"control": FrozenPicture(Image(Extent(0, 0), b"", GRAY), "gray-srgb")},
            "The picture 'control' is empty.",
            "Choose one of at least one pixel.",
        ),
        (
            "mix",
            {"control": FrozenPicture(Image(EXTENT, bytes(256), GRAY), "srgb")},
            "The colour space 'srgb' is not one for Y pixels.",
            "Send an ICC profile, or name one of gray-gamma22, gray-linear, gray-srgb.",
        ),
    ],
)
def test_what_does_not_fit_is_refused_at_once(run, operation, pictures, sentence, remedy):
    flow, host = run(operation, pictures)
    assert flow.status.state is JobState.FAILED
    assert (flow.status.error.message, flow.status.error.remedy) == (sentence, remedy)
    assert not host.applied


def test_a_document_where_none_is_taken_is_refused(run):
    flow, _ = run("make")
    assert flow.status.error.message == "Make takes no document."
    flow, _ = run("mix", {"control": gray(0)}, takes_document=False)
    assert flow.status.error.message == "Mix works on a document, and there is none."


def test_two_pictures_of_one_name_are_refused(connect):
    picture = gray(1).described("control", None)
    twice, many = (replace(submit_of(operation="mix"), pictures=(picture,) * count) for count in (2, 257))
    with connect() as client:
        for message, sentence in ((twice, "Two pictures are named 'control'."), (many, "257 pictures")):
            client.post(message)
            problem = wait_for_problem(client)
            assert sentence in problem.error.message
        assert problem.error.code is ErrorCode.TOO_LARGE


def wait_for_problem(client):
    while client.wait(20):
        for event in client.poll():
            message = getattr(event, "message", None)
            if message is not None and message.TYPE == "error":
                return message
    raise AssertionError("nothing came")
