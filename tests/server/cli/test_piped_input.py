"""Pictures through pipes: `-` as IN and OUT, with nothing but the picture on stdout."""

import json
import subprocess

import numpy as np
import pytest

from fakes.pictures import scene
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import save
from foveate_shared.pixels import Channels, SampleType


def piped(workplace, *arguments, given=b"", status=0):
    """Run a command with bytes on stdin; return its bytes on stdout, and its text on stderr."""
    process = workplace.start(*arguments, stdin=subprocess.PIPE, text=False)
    output, errors = process.communicate(given, timeout=200)
    assert process.returncode == status, errors
    return output, errors.decode()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".exr"])
def test_a_picture_goes_through_in_its_own_kind(server, suffix):
    dtype = SampleType.F32 if suffix == ".exr" else SampleType.U8
    before, expected, after = (server.folder / f"pipe-{name}{suffix}" for name in ("in", "expected", "out"))
    save(scene(dtype), before)
    rect = ("--rect", "17,9,30,33")
    server.foveate("refocus", before, expected, *rect, "--quiet")
    output, said = piped(server, "refocus", "-", "-", *rect, given=before.read_bytes())
    after.write_bytes(output)
    assert read_picture(after).samples.tobytes() == read_picture(expected).samples.tobytes()
    assert "-: 64 x 64 pixels, " in said
    assert ("The recipe is not kept" in said) == (suffix in {".jpg", ".tif"})


def test_the_kind_can_be_said_and_a_result_is_replayed_with_its_original(server):
    before, after = server.folder / "said.png", server.folder / "said.webp"
    save(scene(), before)
    after.write_bytes(piped(server, "refocus", before, "-", "--as", "webp", "--quiet")[0])
    assert read_picture(after).kind == "webp"
    after = server.folder / "through.png"
    piped(server, "refocus", "-", after, given=before.read_bytes())
    said = server.foveate("replay", after, status=2).stderr
    assert "came through a pipe. Say where it is: --input IN." in said
    assert "bit for bit" in server.foveate("replay", after, "--input", before).stdout
    assert "SHA-256 differs" in server.foveate("replay", after, "--input", after, status=2).stderr
    piped(server, "refocus", "-", after, given=before.read_bytes())  # a result of the same original makes room


def test_faces_are_found_in_what_comes_through_a_pipe(server):
    path = server.folder / "faces-pipe.png"
    save(scene(), path)
    output, _ = piped(server, "detect", "-", "--json", "--quiet", given=path.read_bytes())
    assert output.decode() == server.foveate("detect", path, "--json", "--quiet").stdout


@pytest.mark.parametrize(("given", "sentence"), [(b"", "stdin is empty."), (b"nothing", "stdin is not a picture")])
def test_what_is_no_picture_is_a_sentence(workplace, given, sentence):
    output, said = piped(workplace, "refocus", "-", "-", given=given, status=2)
    assert output == b""
    assert sentence in said


def test_what_cannot_be_written_is_refused_before_the_server_is_asked(workplace):
    save(scene(channels=Channels.RGBA), workplace.folder / "in.png")
    _, said = piped(workplace, "refocus", "in.png", "-", "--as", "jpg", status=2)
    assert "JPEG cannot hold alpha." in said
    assert not workplace.runtime_file.exists()


def test_a_reader_that_goes_costs_no_result(server):
    save(scene(), server.folder / "closed.png")
    process = server.start("refocus", "closed.png", "-", "--quiet", text=False)
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(200) == 1
    assert "stdout cannot be written: Broken pipe." in said
    (job,) = json.loads(server.foveate("jobs", "--json").stdout)["jobs"]
    server.foveate("jobs", "resume", job["job"], "closed.png", "closed-out.png", "--quiet")
    old, new = (read_picture(server.folder / name).samples for name in ("closed.png", "closed-out.png"))
    assert not np.array_equal(old, new)
