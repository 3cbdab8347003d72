"""An editor's jobs, looked after from the command line: what an editor that is gone has left at the server."""

import contextlib
import json
import re
import sqlite3
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from fakes.pictures import scene
from foveate_server.cli.document import PictureDocument
from foveate_server.cli.region import Region
from foveate_server.cli.result_alone import picture_of
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import save
from foveate_shared.connection.client import Client
from foveate_shared.connection.running_server import find_server
from foveate_shared.connection.settings import Settings
from foveate_shared.connection.settings import save as save_settings
from foveate_shared.geometry import Bounds, Extent
from foveate_shared.jobs.host import Image, Result, ResultPatch
from foveate_shared.jobs.job_flow import Rerender
from foveate_shared.jobs.run_blocking import run_to_end
from foveate_shared.pixels import COVERAGE_U8, Channels, PixelFormat, RowOrder, SampleType
from foveate_shared.wire.protocol import Peer, Selection

SELECTED = Bounds(8, 16, 24, 20)


@dataclass
class Editor:
    """An editor on a workplace, with a plugin that has settings of its own."""

    workplace: object
    settings: object
    client_id: str = "an-editor"
    picture: object = field(default_factory=lambda: scene(channels=Channels.RGBA))

    def leave(self, operation, parameters):
        """Run a job to its end, and go away without its result; return what it would have been."""
        region = Region(Selection(SELECTED, has_coverage=False), None, None)
        document = PictureDocument(self.picture, region)
        with Client(find_server(self.workplace.runtime_file), self.client_id, Peer("test", "1")) as client:
            flow = Rerender(client, document, operation, parameters, ask_first=True)
            flow.start()
            run_to_end(client, flow)
        return flow

    def foveate(self, *arguments, **options):
        return self.workplace.foveate("jobs", *arguments, **options)


@pytest.fixture
def editor(server):
    path = server.folder / "home/config/GIMP/3.0/foveate.json"
    save_settings(path, Settings("an-editor", runtime_file=str(server.runtime_file)))
    return Editor(server, path)


@pytest.mark.parametrize("by", ["editor", "file"])
def test_an_editors_jobs_are_listed_fetched_and_dropped(editor, by):
    owner = ("--as", "gimp") if by == "editor" else ("--settings", str(editor.settings))
    kept, dropped = editor.leave("upscale", {"scale": 2, "target": "new"}), editor.leave("refocus", {})
    listed = json.loads(editor.foveate(*owner, "--json").stdout)["jobs"]
    assert [(job["job"], job["state"]) for job in listed] == [(kept.job, "done"), (dropped.job, "done")]
    assert editor.foveate("--quiet").stdout.strip() == "No jobs."
    target = editor.workplace.folder / f"{by}.png"
    editor.foveate("fetch", kept.job[:13], target, *owner, "--quiet")
    made = read_picture(target)
    (patch,) = kept.result.patches
    assert made.extent == Extent(48, 40)
    assert made.samples.tobytes() == bytes(patch.pixels.data)
    editor.foveate("cancel", dropped.job, *owner, "--quiet")
    assert json.loads(editor.foveate(*owner, "--json").stdout)["jobs"] == []


def test_a_region_is_fetched_with_its_coverage_as_alpha(editor):
    flow = editor.leave("refocus", {"strength": 1.0})
    target = editor.workplace.folder / "region.png"
    report = json.loads(editor.foveate("fetch", flow.job, target, "--as", "gimp", "--json", "--quiet").stdout)
    assert report["recipe"]["operation"] == "refocus"
    made = read_picture(target).samples
    assert made.shape == (20, 24, 4)
    (patch,) = flow.result.patches
    assert patch.bounds == SELECTED
    assert made[..., 3].tobytes() == bytes(patch.coverage.data)
    pixels = np.frombuffer(patch.pixels.data, np.uint8).reshape(20, 24, 4)
    assert np.array_equal(made[..., :3], pixels[..., :3])


@pytest.mark.parametrize(
    ("operation", "parameters"), [("refocus", {"strength": 0.5}), ("upscale", {"scale": 2, "target": "new"})]
)
def test_what_was_fetched_is_made_again_of_its_recipe_and_the_picture(editor, operation, parameters):
    flow = editor.leave(operation, parameters)
    folder = editor.workplace.folder
    target, original, other = folder / f"{operation}-again.png", folder / "whole.png", folder / "other.png"
    editor.foveate("fetch", flow.job, target, "--as", "gimp", "--quiet")
    save(editor.picture, original)
    save(replace(editor.picture, samples=editor.picture.samples[::-1].copy()), other)
    replay = ("replay", target)
    said = editor.workplace.foveate(*replay, status=2).stderr
    assert "it was fetched from the server, or came through a pipe. Say where it is: --input IN." in said
    assert "bit for bit" in editor.workplace.foveate(*replay, "--input", original).stdout
    assert "the samples differ" in editor.workplace.foveate(*replay, "--input", other, status=1).stdout


def test_what_is_there_is_not_written_over_and_a_region_says_where_it_belongs(editor):
    flow = editor.leave("refocus", {})
    target = editor.workplace.folder / "original.png"
    save(scene(), target)
    before = target.read_bytes()
    said = editor.foveate("fetch", flow.job, target, "--as", "gimp", status=2).stderr
    assert "original.png exists already. Give OUT another name" in said
    assert target.read_bytes() == before
    said = editor.foveate("fetch", flow.job, target, "--as", "gimp", "--force").stderr
    assert "24 x 20 pixels, which belong at 8, 16 of the picture" in said


def test_what_cannot_be_fetched_is_kept(editor):
    flow = editor.leave("refocus", {})
    said = editor.foveate("fetch", flow.job, editor.workplace.folder / "x.jpg", "--as", "gimp", status=2).stderr
    assert "JPEG cannot hold alpha" in said
    assert flow.job in editor.foveate("--as", "gimp").stdout
    editor.foveate("cancel", flow.job, "--as", "gimp", "--quiet")


@pytest.mark.parametrize("owner", [(), ("--as", "gimp")])
def test_a_job_whose_client_is_not_known_any_more_is_fetched_by_its_id(editor, owner):
    flow = replace(editor, client_id="of-lost-settings").leave("refocus", {})
    assert flow.job not in editor.foveate(*owner).stdout
    target = editor.workplace.folder / f"lost{len(owner)}.png"
    editor.foveate("fetch", flow.job[:13], target, "--quiet", *owner)
    assert read_picture(target).extent == Extent(24, 20)
    assert flow.job not in editor.foveate("--all").stdout
    gone = editor.foveate("fetch", flow.job, editor.workplace.folder / "gone.png", *owner, status=2).stderr
    assert "There is no job whose id begins" in gone


def test_of_settings_that_cannot_be_read_it_is_said_what_makes_them_anew(editor):
    whole = editor.settings.read_text()
    editor.settings.write_text(whole[:60])
    said = editor.foveate("--as", "gimp", status=2).stderr
    assert "cannot be read: it holds no settings. `foveate plugins install gimp` makes them anew" in said
    assert editor.settings.read_text() == whole[:60]


def test_an_editor_that_is_not_there_and_one_with_several_settings(editor):
    said = editor.foveate("--as", "blender", status=2).stderr
    assert "foveate plugins install blender" in said
    second = editor.settings.parents[1] / "3.2/foveate.json"
    save_settings(second, Settings("another"))
    try:
        assert "Name one with --settings FILE." in editor.foveate("--as", "gimp", status=2).stderr
    finally:
        second.unlink()
    none = editor.workplace.folder / "none.json"
    assert "cannot be read" in editor.foveate("--settings", none, status=2).stderr
    assert not none.exists()


def result_of(frame, layout, *patches):
    made = tuple(
        ResultPatch(bounds, Image(bounds.extent, pixels.tobytes(), layout), coverage)
        for bounds, pixels, coverage in patches
    )
    return Result(frame, Extent(8, 8), made, (), {"document": {"profile": {"icc": {"sha256": "0", "size": 1}}}})


def covered(values):
    return Image(Extent(values.shape[1], values.shape[0]), values.astype(np.uint8).tobytes(), COVERAGE_U8)


def test_layouts_of_editors_become_those_of_files_and_overlaps_are_blended():
    layout = PixelFormat(SampleType.U8, Channels.BGRA, rows=RowOrder.BOTTOM_UP)
    low = np.zeros((2, 2, 4), np.uint8) + np.array([30, 20, 10, 7], np.uint8)
    low[0] = [33, 22, 11, 7]  # in memory first: the lower row
    high = np.zeros((2, 2, 4), np.uint8) + np.array([130, 120, 110, 7], np.uint8)
    half = covered(np.array([[128, 0], [128, 0]]))
    result = result_of("document", layout, (Bounds(2, 2, 2, 2), low, None), (Bounds(3, 2, 2, 2), high, half))
    made = picture_of(result)
    assert made.channels is Channels.RGBA
    assert made.samples[:, 0].tolist() == [[10, 20, 30, 255], [11, 22, 33, 255]]
    assert made.samples[0, 1].tolist() == [60, 70, 80, 255]
    assert made.samples[0, 2].tolist() == [0, 0, 0, 0]
    assert "colour profile" in made.notes[0]


def test_soft_edges_keep_their_colour():
    layout = PixelFormat(SampleType.F32, Channels.Y)
    pixels = np.full((1, 2, 1), 1.5, np.float32)
    made = picture_of(result_of("document", layout, (Bounds(0, 0, 2, 1), pixels, covered(np.array([[51, 255]])))))
    assert made.channels is Channels.YA
    np.testing.assert_allclose(made.samples, [[[1.5, 0.2], [1.5, 1.0]]])


def test_a_job_that_runs_cannot_be_fetched(endless):
    before = endless.folder / "in.png"
    save(replace(scene(), notes=()), before)
    process = endless.start("upscale", before, endless.folder / "out.png", "--scale", "2")
    assert any("Restoring" in line for line in process.stderr)
    process.kill()
    process.communicate()
    (job,) = json.loads(endless.foveate("jobs", "--json").stdout)["jobs"]
    assert re.search(r"upscale  running \(\d+%(, .+ left)?\)$", endless.foveate("jobs").stdout.strip())
    assert 0 <= job["fraction"] < 1
    assert "not done" in endless.foveate("jobs", "fetch", job["job"], endless.folder / "x.png", status=2).stderr
    endless.foveate("jobs", "cancel", job["job"], "--quiet")


def test_what_expired_is_listed(workplace):
    path = workplace.folder / "home/config/GIMP/3.0/foveate.json"
    save_settings(path, Settings("an-editor", runtime_file=str(workplace.runtime_file)))
    editor = Editor(workplace, path)
    with workplace.serving():
        job = editor.leave("upscale", {"scale": 2, "target": "new"}).job
    database = workplace.folder / "home/data/foveate/spool/jobs.sqlite3"
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:  # as 7 days of running would
        connection.execute("INSERT INTO expired SELECT number, token, client, job, 'upscale', created FROM jobs")
        connection.execute("DELETE FROM jobs")
    with workplace.serving():
        said = editor.foveate("--settings", path).stdout
        listed = json.loads(editor.foveate("--settings", path, "--json").stdout)
        refused = editor.foveate("fetch", job, "out.png", "--settings", path, status=2).stderr
    assert job in said
    assert "expired: its result is gone" in said
    assert [gone["job"] for gone in listed["expired"]] == [job]
    assert refused.startswith("There is no job whose id begins with")
