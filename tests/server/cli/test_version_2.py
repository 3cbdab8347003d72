"""Pictures beside the document, and results that are no pictures, from the command line through a real server."""

import json
from dataclasses import replace

import numpy as np
import pytest

from fakes.version_2 import DRAWING
from fakes.workplace import Workplace
from foveate_server.cli.document import PictureDocument
from foveate_server.cli.job_pictures import frozen
from foveate_server.cli.region import Region
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import save
from foveate_shared.connection.client import Client
from foveate_shared.connection.running_server import find_server
from foveate_shared.connection.settings import Settings
from foveate_shared.connection.settings import save as save_settings
from foveate_shared.jobs.job_flow import JobState, Rerender
from foveate_shared.jobs.run_blocking import run_to_end
from foveate_shared.pixels import Channels
from foveate_shared.wire.protocol import Peer, Windows


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    workplace = Workplace(tmp_path_factory.mktemp("version2"), server="fakes.version_2")
    with workplace.serving():
        yield workplace


def gray(values):
    return Picture(np.asarray(values, np.uint8)[..., np.newaxis], Channels.Y, space="gray-srgb")


@pytest.fixture
def place(server, tmp_path):
    """A folder with a document and two pictures to go with it."""
    rows, columns = np.indices((6, 8))
    save(gray(10 * rows + columns), tmp_path / "in.png")
    save(gray(np.full((6, 8), 100)), tmp_path / "edges.png")
    save(gray(np.full((2, 3), 7)), tmp_path / "style.png")
    return tmp_path


def samples(path):
    return read_picture(path).samples[..., 0].astype(int)


def mix(server, place, *more, status=0):
    return server.foveate("mix", place / "in.png", place / "out.png", "--quiet", *more, status=status)


def files_of(place):
    return {"control": place / "edges.png", "reference-1": place / "style.png"}


BOTH = ("--image", "control={}/edges.png", "--image", "reference-1={}/style.png")


def both(place):
    return [word.format(place) for word in BOTH]


def test_pictures_are_named_on_the_command_line(server, place):
    mix(server, place, *both(place))
    assert np.array_equal(samples(place / "out.png"), samples(place / "in.png") + 107)


REFUSED = {
    "missing": ([], "Mix needs the picture 'control', and it is missing."),
    "unknown": (["--image", "depth={}/edges.png"], "Mix takes no picture named 'depth'."),
    "a gap": (["--image", "reference-2={}/style.png"], "Name 'reference-1', too: pictures are counted without a gap."),
    "another size": (["--image", "control={}/style.png"], "The picture 'control' has 3 by 2 pixels"),
    "no file": (["--image", "control={}/none.png"], "none.png"),
    "no name": (["--image", "{}/edges.png"], "names no picture. Write it as --image control=FILE."),
    "twice": (["--image", "control={0}/edges.png"] * 2, "Two pictures are named control."),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_one_sentence(server, place, case):
    words, sentence = REFUSED[case]
    said = mix(server, place, *(word.format(place) for word in words), status=2)
    assert sentence in said.stderr
    assert said.stderr.count("\n") == 1
    assert not (place / "out.png").exists()


def test_a_picture_is_not_written_over(server, place):
    words = ("--image", f"control={place}/edges.png", "--quiet")
    said = server.foveate("mix", place / "in.png", place / "edges.png", *words, status=2)
    assert "edges.png is the picture that is read." in said.stderr


def test_a_replay_takes_the_pictures_that_lie_beside_it(server, place):
    mix(server, place, *both(place))
    assert "the same samples again" in server.foveate("replay", place / "out.png").stdout


def test_a_replay_names_what_is_missing_and_takes_it_by_name(server, place):
    mix(server, place, *both(place))
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    for name in ("edges.png", "style.png"):
        (place / name).rename(elsewhere / name)
    said = server.foveate("replay", place / "out.png", status=2).stderr
    assert "are not at hand: control (edges.png), reference-1 (style.png)." in said
    assert "--image control=FILE" in said
    named = ("--image", f"control={elsewhere}/edges.png", "--image", f"reference-1={elsewhere}/style.png")
    assert "the same samples again" in server.foveate("replay", place / "out.png", *named).stdout


def test_a_replay_checks_what_is_in_the_pictures(server, place):
    mix(server, place, *both(place))
    save(gray(np.full((6, 8), 101)), place / "edges.png")
    said = server.foveate("replay", place / "out.png", status=2).stderr
    assert "edges.png is not the picture control that out.png was made with." in said
    unknown = server.foveate("replay", place / "out.png", "--image", f"mask={place}/style.png", status=2).stderr
    assert "was made without a picture named mask. It has control, reference-1." in unknown


def test_a_selection_is_a_grey_picture_that_a_mask_can_be(server, place):
    save(gray([[0, 127, 128, 255]]), place / "in.png")
    server.foveate("choose", place / "in.png", place / "chosen.png", "--quiet")
    chosen = read_picture(place / "chosen.png")
    assert (chosen.channels, chosen.samples.dtype) == (Channels.Y, np.uint8)
    assert chosen.samples[..., 0].tolist() == [[0, 0, 255, 255]]
    server.foveate("paint", place / "in.png", place / "out.png", "--mask", place / "chosen.png", "--quiet")
    assert samples(place / "out.png").tolist() == [[0, 127, 127, 0]]


def test_a_report_is_json_and_its_drawing(server, place):
    said = server.foveate("measure", place / "in.png", place / "found.json", "--json", "--quiet")
    assert json.loads((place / "found.json").read_text()) == {"mean": 28.5}
    assert np.array_equal(read_picture(place / "found.png").samples, DRAWING)
    told = json.loads(said.stdout)
    assert told["outputs"] == [str(place / "found.json"), str(place / "found.png")]
    assert told["recipe"]["operation"] == "measure"


def test_files_go_into_a_folder(server, place):
    server.foveate("export", place / "in.png", place / "all", "--quiet")
    assert {path.name for path in (place / "all").iterdir()} == {"raw.bin", "about.json", "empty.txt"}
    assert json.loads((place / "all/about.json").read_text()) == {"extent": [8, 6]}
    assert (place / "all/empty.txt").read_bytes() == b""
    (place / "all/about.json").write_text("mine")
    said = server.foveate("export", place / "in.png", place / "all", "--quiet", status=2).stderr
    assert "exists already." in said
    assert (place / "all/about.json").read_text() == "mine"
    server.foveate("export", place / "in.png", place / "all", "--force", "--quiet")
    assert json.loads((place / "all/about.json").read_text()) == {"extent": [8, 6]}


def test_no_result_goes_where_it_cannot(server, place):
    said = server.foveate("measure", place / "in.png", place / "found.txt", "--quiet", status=2).stderr
    assert "Give OUT the ending .json." in said
    said = server.foveate("export", place / "in.png", place / "edges.png", "--quiet", status=2).stderr
    assert "Give a folder as OUT." in said
    read = place / "found.png"
    (place / "in.png").rename(read)
    said = server.foveate("measure", read, place / "found.json", "--quiet", status=2).stderr
    assert "found.png is the picture that is read." in said
    assert not (place / "found.json").exists()
    said = server.foveate("export", place / "in.png", "-", "--quiet", status=2).stderr
    assert "Files do not go through a pipe. Give a folder as OUT." in said


def test_a_picture_is_made_out_of_nothing_and_replayed(server, place):
    server.foveate("make", place / "made.png", "--quiet")
    assert read_picture(place / "made.png").samples.tobytes() == bytes(range(18))
    assert "the same samples again" in server.foveate("replay", place / "made.png").stdout


def test_what_an_operation_takes_and_gives_is_in_its_help(server, place):
    said = server.foveate("measure", "IN", "--help").stdout
    assert "IN OUT" in said.replace("\n", " ")
    assert "MASK" in said
    said = server.foveate("make", "--help").stdout
    assert " IN " not in said


def test_a_result_of_any_kind_can_be_fetched(server, place):
    before = json.loads(server.foveate("jobs", "--json").stdout)["jobs"]
    save(replace(gray([[1, 2]])), place / "in.png")
    read = place / "found.png"
    (place / "in.png").rename(read)
    server.foveate("measure", read, place / "found.json", "--quiet", status=2)  # made, and not written
    jobs = json.loads(server.foveate("jobs", "--json").stdout)["jobs"]
    (job,) = (each for each in jobs if each not in before)
    server.foveate("jobs", "fetch", job["job"], place / "fetched.json", "--quiet")
    assert json.loads((place / "fetched.json").read_text()) == {"mean": 1.5}
    assert json.loads(server.foveate("jobs", "--json").stdout)["jobs"] == before


# --- a job that was left before its pictures were sent ---


@pytest.fixture
def left(server, place):
    """A job that waits for its windows, and the settings of its client, which answers none."""
    settings = place / "foveate.json"
    save_settings(settings, Settings("left-behind", runtime_file=str(server.runtime_file)))
    document = PictureDocument(read_picture(place / "in.png"), Region(None, None, None))
    pictures = {name: frozen(read_picture(path)) for name, path in files_of(place).items()}
    with Client(find_server(server.runtime_file), "left-behind", Peer("test", "1")) as client:
        flow = Rerender(client, document, "mix", {}, pictures=pictures)
        flow.start()
        while not any(isinstance(getattr(event, "message", None), Windows) for event in client.poll()):
            client.wait(0.1)
    return flow.job, settings


def resume(server, place, left, *more, status=0):
    job, settings = left
    words = ("jobs", "resume", job, place / "in.png", place / "out.png", "--settings", settings, "--quiet")
    return server.foveate(*words, *more, status=status)


def test_a_job_is_resumed_with_its_pictures(server, place, left):
    resume(server, place, left, *both(place))
    assert np.array_equal(samples(place / "out.png"), samples(place / "in.png") + 107)
    recipe = server.foveate("replay", place / "out.png").stdout
    assert "the same samples again" in recipe


WRONG = {
    "one is not given": (
        ["--image", "control={}/edges.png"],
        "are not given: reference-1. Say where they are: --image reference-1=FILE.",
    ),
    "none is given": ([], "Pictures that the job was started with are not given: control, reference-1."),
    "another picture": (
        ["--image", "control={0}/in.png", "--image", "reference-1={0}/style.png"],
        "in.png is not the picture control that the job was started with.",
    ),
    "an unknown name": (
        ["--image", "mask={}/edges.png"],
        "The job was started without a picture named mask. It has control, reference-1.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_job_whose_pictures_are_not_these_stays_as_it_is(server, place, left, case):
    words, sentence = WRONG[case]
    assert sentence in resume(server, place, left, *(word.format(place) for word in words), status=2).stderr
    assert not (place / "out.png").exists()
    resume(server, place, left, *both(place))
    assert (place / "out.png").exists()


def test_one_that_is_done_needs_its_pictures_too_or_its_result_could_not_be_replayed(server, place):
    settings, client_id = place / "settings.json", "went-away"
    save_settings(settings, Settings(client_id, runtime_file=str(server.runtime_file)))
    document = PictureDocument(read_picture(place / "in.png"), Region(None, None, None))
    pictures = {name: frozen(read_picture(path)) for name, path in files_of(place).items()}
    with Client(find_server(server.runtime_file), client_id, Peer("test", "1")) as client:
        flow = Rerender(client, document, "mix", {}, ask_first=True, pictures=pictures)
        flow.start()
        assert run_to_end(client, flow).state is JobState.UNAPPLIED
    said = resume(server, place, (flow.job, settings), status=2).stderr
    assert "are not given: control, reference-1." in said
    resume(server, place, (flow.job, settings), *both(place))
    assert "the same samples again" in server.foveate("replay", place / "out.png").stdout


def test_the_list_of_operations_says_which_pictures_they_take(server):
    said = server.foveate("operations", "mix").stdout
    assert "control (--image NAME=FILE; needed; as large as the picture)" in said
    assert "reference-1 to reference-3 (--image NAME=FILE)" in said
