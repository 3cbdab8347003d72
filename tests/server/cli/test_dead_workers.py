"""A worker is killed while it works on one of the strips of a new image: through a real server and the command line."""

import json

import numpy as np
import pytest

from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import save
from foveate_shared.pixels import Channels

WIDTH, HEIGHT = 1024, 2052  # three strips, just so
SECOND_STRIP = (1368, 2736)  # rows of what is twice as large: the first one, and the first one after it


class Mortals:
    """A workplace whose workers die as a test says."""

    def __init__(self, workplace):
        self.workplace = workplace
        self.before, self.after = workplace.folder / "in.png", workplace.folder / "out.png"
        rows, columns = np.mgrid[:HEIGHT, :WIDTH]
        save(Picture(((rows * 3 + columns) % 251 + 1).astype(np.uint8)[..., None], Channels.Y), self.before)

    def die(self, *fates):
        folder = self.workplace.folder / "home" / "data" / "foveate"
        (folder / "fates").write_text(" ".join(fates))

    def upscale(self, output=None, status=0):
        wish = ("upscale", self.before, output or self.after, "--scale", "2", "--model", "deterministic-x2")
        return self.workplace.foveate(*wish, status=status)

    def undisturbed(self):
        """Return the samples that are to be had where nobody dies."""
        self.upscale(self.workplace.folder / "undisturbed.png")
        return read_picture(self.workplace.folder / "undisturbed.png").samples

    def jobs(self):
        return json.loads(self.workplace.foveate("jobs", "--json").stdout)["jobs"]

    def fetch(self, *options, status=0):
        (job,) = self.jobs()
        return self.workplace.foveate("jobs", "fetch", job["job"], self.after, *options, status=status)


@pytest.fixture(scope="module")
def mortals(tmp_path_factory, make_workplace):
    workplace = make_workplace(tmp_path_factory.mktemp("mortals"))
    workplace.engine = "fakes.engines:mortal"
    with workplace.serving():
        yield Mortals(workplace)


@pytest.fixture(scope="module")
def undisturbed(mortals):
    return mortals.undisturbed()


def test_a_strip_whose_worker_died_is_made_again(mortals, undisturbed):
    mortals.die("live", "die", "die", "live")
    said = mortals.upscale().stderr
    assert "is tried again" in said
    np.testing.assert_array_equal(read_picture(mortals.after).samples, undisturbed)
    assert mortals.jobs() == []


def test_a_strip_that_cannot_be_made_costs_neither_the_others_nor_the_truth(mortals, undisturbed):
    mortals.after.unlink(missing_ok=True)
    mortals.die("live", "die", "live", *["die"] * 3)  # the second strip, then the third, then the second again
    said = mortals.upscale(status=1).stderr
    assert "1 of 3 parts of the new image failed: The worker process was killed" in said
    (job,) = mortals.jobs()
    assert f"`foveate jobs resume {job['job']} IN OUT` makes the rest." in " ".join(said.split())
    assert not mortals.after.exists()
    assert job["state"] == "failed"

    said = mortals.fetch(status=2).stderr
    assert "The job is not done: it is failed." in said
    assert f"`foveate jobs resume {job['job']} IN OUT`" in " ".join(said.split())
    assert not mortals.after.exists()

    said = mortals.fetch("--incomplete", "--quiet", status=1).stderr
    first, end = SECOND_STRIP
    assert f"rows {first}-{end - 1} of {2 * HEIGHT} are missing" in said
    samples = read_picture(mortals.after).samples
    assert not samples[first:end].any()
    np.testing.assert_array_equal(samples[:first], undisturbed[:first])
    np.testing.assert_array_equal(samples[end:], undisturbed[end:])

    (job,) = mortals.jobs()  # it is kept: what was written is not whole
    mortals.workplace.foveate("jobs", "resume", job["job"], mortals.before, mortals.after, "--force", "--quiet")
    np.testing.assert_array_equal(read_picture(mortals.after).samples, undisturbed)
    assert mortals.jobs() == []
