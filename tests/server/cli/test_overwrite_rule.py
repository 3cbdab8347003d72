"""What commands may write over, and that all of them ask the one rule, before anything is done."""

import json
import os
import shutil
import socket
from dataclasses import replace

import numpy as np
import pytest

from fakes.pictures import scene
from foveate_server.cli.file_recipe import describe_result
from foveate_server.cli.overwrite_rule import OverwriteRule
from foveate_server.picture_files.embed_metadata import read_recipe, sidecar_of
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import prepare, save
from foveate_shared.errors import InputError
from foveate_shared.pixels import Channels, SampleType


@pytest.fixture
def original(tmp_path):
    save(scene(), tmp_path / "in.png")
    return read_picture(tmp_path / "in.png")


def make_result(original, path, picture=None):
    """Write a result of `original`."""
    made = prepare(picture or scene(), path)
    server_recipe = {"operation": "refocus", "parameters": {}}
    save(made, path, recipe=describe_result(original, None, None, made, server_recipe))


def refusal(rule, path):
    with pytest.raises(InputError) as refused:
        rule.require_picture(path)
    return str(refused.value)


def test_what_exists_stays_unless_it_is_said(tmp_path):
    path = tmp_path / "out.png"
    OverwriteRule(force=False).require_picture(path)
    path.write_text("anything")
    assert "out.png exists already. Give OUT another name, or say --force" in refusal(OverwriteRule(force=False), path)
    OverwriteRule(force=True).require_picture(path)


def test_so_does_a_recipe_that_lies_where_ours_would(tmp_path):
    path = tmp_path / "out.jpg"
    sidecar_of(path).write_text("notes of somebody")
    assert "out.jpg.foveate.json exists already." in refusal(OverwriteRule(force=False), path)


def test_what_is_read_only_stays_in_any_case(tmp_path):
    path = tmp_path / "out.png"
    path.write_text("anything")
    path.chmod(0o444)
    assert "out.png is read-only." in refusal(OverwriteRule(force=True), path)


def test_so_does_what_is_no_ordinary_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "null.png").symlink_to("/dev/null")
    assert "pipe.png is no ordinary file." in refusal(OverwriteRule(force=True), tmp_path / "pipe.png")
    assert "loop.png cannot be replaced" in refusal(OverwriteRule(force=True), tmp_path / "loop.png")
    assert "null.png is no ordinary file." in refusal(OverwriteRule(force=True), tmp_path / "null.png")


def test_of_a_link_its_target_counts(tmp_path):
    link, target = tmp_path / "link.png", tmp_path / "target.png"
    link.symlink_to(target)
    OverwriteRule(force=False).require_picture(link)
    target.write_text("anything")
    assert "link.png exists already." in refusal(OverwriteRule(force=False), link)
    target.chmod(0o444)
    assert "link.png is read-only." in refusal(OverwriteRule(force=True), link)


KINDS = [
    (".png", SampleType.U8, Channels.RGB),
    (".png", SampleType.U16, Channels.RGBA),
    (".png", SampleType.U8, Channels.Y),
    (".jpg", SampleType.U8, Channels.RGB),
    (".webp", SampleType.U8, Channels.Y),
    (".tif", SampleType.F32, Channels.RGB),
    (".exr", SampleType.F16, Channels.RGB),
]


@pytest.mark.parametrize(("suffix", "dtype", "channels"), KINDS, ids=str)
def test_a_result_of_the_same_original_makes_room_until_it_is_changed(tmp_path, original, suffix, dtype, channels):
    path = tmp_path / f"out{suffix}"
    rule = OverwriteRule(force=False, original=original.sha256)
    make_result(original, path, scene(dtype, channels))
    rule.require_picture(path)
    assert "exists already" in refusal(replace(rule, original="0" * 64), path)
    assert "exists already" in refusal(replace(rule, original=""), path)
    painted = read_picture(path)
    painted.samples[10:20, 10:20] = 0
    save(painted, path, recipe=read_recipe(path) if suffix in {".png", ".exr"} else None)
    if suffix not in {".png", ".exr"}:
        make_result(original, tmp_path / f"other{suffix}", scene(dtype, channels))
        sidecar_of(tmp_path / f"other{suffix}").rename(sidecar_of(path))
    assert f"out{suffix} exists already." in refusal(rule, path)


def test_a_result_of_a_picture_is_not_its_original(tmp_path, original):
    path = tmp_path / "in.png"
    make_result(original, path)
    said = refusal(OverwriteRule(force=False, sources=(path,), original=original.sha256), path)
    assert "in.png is the picture that is read." in said
    assert "--force to replace the original" in said


def test_a_shell_glob_does_not_make_the_second_picture_the_output(workplace):
    save(scene(), workplace.folder / "IMG_1.png")
    save(scene(channels=Channels.RGBA), workplace.folder / "rgba.png")
    before = [(workplace.folder / name).read_bytes() for name in ("IMG_1.png", "rgba.png")]
    said = workplace.foveate("refocus", "IMG_1.png", "rgba.png", "--rect", "8,8,24,24", "--strength", "0", status=2)
    assert said.stderr == "rgba.png exists already. Give OUT another name, or say --force to replace it.\n"
    assert [(workplace.folder / name).read_bytes() for name in ("IMG_1.png", "rgba.png")] == before
    assert not workplace.runtime_file.exists(), "no server was started for that"


COMMANDS = {
    "refocus": ("refocus", "in.png", "there.png"),
    "one of several variations": ("refocus", "in.png", "there.png", "--variations", "3"),
    "fetch": ("jobs", "fetch", "0123", "there.png"),
    "resume": ("jobs", "resume", "0123", "in.png", "there.png"),
    "replay": ("replay", "result.png", "--to", "there.png"),
    "replay onto itself": ("replay", "result.png", "--to", "result.png"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_asks_before_the_server_is(command, workplace):
    folder = workplace.folder
    save(scene(), folder / "in.png")
    make_result(read_picture(folder / "in.png"), folder / "result.png")
    for name in ("there.png", "there-2.png"):
        save(scene(side=32), folder / name)
    before = {path.name: path.read_bytes() for path in folder.glob("*.png")}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        (folder / "token").write_text("fvt_0123456789012345678901234567")
        server = ("--server", f"ws://127.0.0.1:{free.getsockname()[1]}", "--token-file", "token", "--quiet")
        said = workplace.foveate(*COMMANDS[command], *server, status=2).stderr
    assert "say --force to replace" in said
    assert {path.name: path.read_bytes() for path in folder.glob("*.png")} == before


def test_what_comes_while_the_job_runs_stays_and_the_server_keeps_the_result(slow):
    folder = slow.folder
    save(scene(), folder / "race-in.png")
    process = slow.start("refocus", "race-in.png", "race-out.png")
    process.stderr.readline()  # the job has begun
    (folder / "race-out.png").write_text("of another program")
    _, said = process.communicate()
    assert process.returncode == 2, said
    assert "race-out.png exists already." in said
    assert "The server keeps the result: `foveate jobs resume " in said
    assert (folder / "race-out.png").read_text() == "of another program"
    (job,) = json.loads(slow.foveate("jobs", "--json").stdout)["jobs"]
    slow.foveate("jobs", "resume", job["job"], "race-in.png", "race-out.png", "--force", "--quiet")
    assert read_picture(folder / "race-out.png").extent == scene().extent


def test_the_same_command_twice_and_force(server):
    folder = server.folder / "twice"
    folder.mkdir()
    save(scene(), folder / "in.png")
    for strength in ("0.5", "1"):
        for name in ("twice/out.jpg", "twice/out.png"):
            server.foveate("refocus", "twice/in.png", name, "--strength", strength, "--quiet")
    server.foveate("replay", "twice/out.jpg", "--to", "twice/again.jpg", "--quiet")
    server.foveate("replay", "twice/out.jpg", "--to", "twice/again.jpg", "--quiet")
    server.foveate("replay", "twice/again.jpg", "--to", "twice/again.jpg", "--force", "--quiet")
    shutil.copy(folder / "in.png", folder / "whole.png")
    link = folder / "link.png"
    link.symlink_to("whole.png")
    server.foveate("refocus", link, link, "--rect", "8,8,24,24", "--force", "--quiet")
    assert link.is_symlink()
    old, new = read_picture(folder / "in.png").samples, read_picture(folder / "whole.png").samples
    assert np.array_equal(old[:8], new[:8])
    assert not np.array_equal(old, new)
