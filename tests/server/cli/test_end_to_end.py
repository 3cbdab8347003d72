"""The command line as a person runs it, against a real server with the deterministic engine."""

import json
import socket
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from fakes.pictures import scene
from foveate_server.picture_files.embed_metadata import read_recipe
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import save
from foveate_shared.pixels import Channels, SampleType

CASES = [
    (".png", SampleType.U8, Channels.RGBA),
    (".png", SampleType.U16, Channels.RGB),
    (".tif", SampleType.F32, Channels.RGB),
    (".webp", SampleType.U8, Channels.RGB),
    (".exr", SampleType.F16, Channels.RGB),
    (".png", SampleType.U8, Channels.Y),
]


def with_faces():
    """Two magenta discs on grey: what counts as faces for the deterministic engine."""
    y, x = np.mgrid[0:120, 0:200]
    samples = np.full((120, 200, 3), 128, np.uint8)
    for center_x, radius in ((50, 22), (145, 26)):
        samples[(x - center_x) ** 2 + (y - 60) ** 2 <= radius**2] = (255, 0, 255)
    return Picture(samples, Channels.RGB)


@pytest.mark.parametrize(("suffix", "dtype", "channels"), CASES, ids=str)
def test_refocus_changes_the_region_alone(server, suffix, dtype, channels):
    before, after = (server.folder / f"{name}-{dtype.value}-{channels.value}{suffix}" for name in ("in", "refocused"))
    save(scene(dtype, channels), before)
    server.foveate("refocus", before, after, "--rect", "17,9,30,33", "--quiet")
    old, new = read_picture(before), read_picture(after)
    outside = np.ones(old.samples.shape[:2], bool)
    outside[9:42, 17:47] = False
    assert new.samples.dtype == old.samples.dtype
    assert new.samples[outside].tobytes() == old.samples[outside].tobytes()
    assert not np.array_equal(new.samples, old.samples)


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (("refocus", "shell-in.png", "shell-out.png", "--rect", "17,9,30,33", "--quiet"), 0),
        (("refocus", "shell-in.png", "shell-out.png", "--rect", "900,9,30,33"), 2),
        (("refocus", "no-such-file.png", "shell-out.png"), 2),
        (("refocus", "--no-such-option", "shell-in.png"), 2),
        (("status", "--server", "ws://127.0.0.1:1"), 2),
        (("status",), 0),
        (("--help",), 0),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else None,
)
def test_a_shell_is_told_the_same(server, command, status):
    """The other tests run commands in their own process."""
    save(scene(), server.folder / "shell-in.png")
    here, there = server.foveate(*command, status=status), server.in_a_process(*command)
    assert there.returncode == status
    assert (there.stdout, there.stderr) == (here.stdout, here.stderr)


def test_the_mask_is_not_written_over(server):
    mask = server.folder / "painted-mask.png"
    save(scene(), server.folder / "masked-in.png")
    save(scene(channels=Channels.Y), mask)
    before = mask.read_bytes()
    said = server.foveate("refocus", "masked-in.png", mask, "--mask", mask, status=2).stderr
    assert "painted-mask.png is the picture that is read." in said
    assert mask.read_bytes() == before


def test_strength_0_is_the_identity(server):
    before, after = server.folder / "identity-in.png", server.folder / "identity-out.png"
    save(scene(), before)
    server.foveate("refocus", before, after, "--strength", "0", "--quiet")
    assert read_picture(after).samples.tobytes() == read_picture(before).samples.tobytes()


def test_a_yes_alone_does_not_take_the_picture_for_its_answer(server):
    before, after = server.folder / "split-in.png", server.folder / "split-out.png"
    save(scene(), before)
    server.foveate("refocus", "--split", before, after, "--quiet")
    assert json.loads(read_recipe(after))["recipe"]["parameters"]["split"] is True


def test_a_mask_limits_the_change(server):
    before, after, mask = (server.folder / name for name in ("mask-in.png", "mask-out.png", "mask.png"))
    save(scene(), before)
    coverage = np.zeros((64, 64, 1), np.uint8)
    coverage[10:40, 20:50] = 255
    coverage[10:40, 20:24] = 60
    save(Picture(coverage, Channels.Y), mask)
    server.foveate("refocus", before, after, "--mask", mask, "--quiet")
    old, new = read_picture(before), read_picture(after)
    outside = coverage[..., 0] == 0
    assert new.samples[outside].tobytes() == old.samples[outside].tobytes()
    assert not np.array_equal(new.samples, old.samples)


def test_an_inverted_mask_of_16_bits_limits_the_change_and_replays(server):
    before, after, mask = (server.folder / name for name in ("kept-in.png", "kept-out.png", "kept.png"))
    save(scene(), before)
    kept = np.zeros((64, 64, 2), np.uint16)
    kept[..., 0] = 1234  # painted on a transparent layer
    kept[10:40, 20:50, 1] = 65_535
    save(Picture(kept, Channels.YA), mask)
    server.foveate("refocus", before, after, "--mask", mask, "--invert-mask", "--quiet")
    old, new = read_picture(before), read_picture(after)
    assert new.samples[10:40, 20:50].tobytes() == old.samples[10:40, 20:50].tobytes()
    assert not np.array_equal(new.samples, old.samples)
    assert "bit for bit" in server.foveate("replay", after).stdout
    said = server.foveate("refocus", before, after, "--rect", "1,2,3,4", "--invert-mask", status=2).stderr
    assert "--invert-mask was given without a mask." in said


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_upscale_makes_a_larger_picture(server, scale):
    before, after = server.folder / "small.png", server.folder / f"larger-{scale}.png"
    save(scene(SampleType.U16, Channels.RGBA, side=40), before)
    server.foveate("upscale", before, after, "--scale", scale, "--quiet")
    made = read_picture(after)
    assert (made.extent.width, made.extent.height) == (40 * scale, 40 * scale)
    assert made.samples.dtype == np.uint16
    assert made.channels is Channels.RGBA


def test_upscale_in_place_and_as_new(server):
    before, in_place, as_new = (server.folder / name for name in ("up-in.png", "in-place.png", "as-new.png"))
    save(scene(), before)
    server.foveate("upscale", before, in_place, "--rect", "8,8,20,24", "--in-place", "--quiet")
    server.foveate("upscale", before, as_new, "--rect", "8,8,20,24", "--as-new", "--scale", 2, "--quiet")
    old, new = read_picture(before), read_picture(in_place)
    assert new.extent == old.extent
    outside = np.ones((64, 64), bool)
    outside[8:32, 8:28] = False
    assert new.samples[outside].tobytes() == old.samples[outside].tobytes()
    made = read_picture(as_new)
    assert (made.extent.width, made.extent.height) == (40, 48)


def test_upscale_as_new_makes_the_bounds_of_a_mask_with_a_word(server):
    before, mask, after = (server.folder / name for name in ("soft-in.png", "soft-mask.png", "soft-out.png"))
    coverage = np.zeros((64, 64, 1), np.uint8)
    coverage[10:30, 20:50] = 90
    save(scene(), before)
    save(Picture(coverage, Channels.Y), mask)
    said = server.foveate("upscale", before, after, "--mask", mask, "--as-new", "--scale", 2).stderr
    assert "the mask's bounds, 30 x 20 pixels" in said
    made = read_picture(after)
    assert (made.extent.width, made.extent.height) == (60, 40)


def test_detect_prints_faces_from_left_to_right(server):
    path = server.folder / "faces.png"
    save(with_faces(), path)
    faces = json.loads(server.foveate("detect", path, "--json", "--quiet").stdout)["faces"]
    assert [set(face) for face in faces] == [{"box", "landmarks", "score"}] * 2
    (x, y, width, height), second = faces[0]["box"], faces[1]["box"]
    assert abs(x - 28) <= 1
    assert abs(y - 38) <= 1
    assert abs(width - 45) <= 2
    assert abs(height - 45) <= 2
    assert second[0] > x
    assert all(len(face["landmarks"]) == 5 for face in faces)
    lines = server.foveate("detect", path).stdout.splitlines()
    assert lines[0].startswith("1: --rect ")
    assert len(lines) == 2


def test_faces_tells_the_fate_of_each(server):
    before, after = server.folder / "faces-in.png", server.folder / "faces-out.png"
    save(with_faces(), before)
    output = json.loads(server.foveate("faces", before, after, "--only", "2", "--json").stdout)
    assert output["outcomes"][0]["item"] == "detect"
    old, new = read_picture(before), read_picture(after)
    assert new.samples[:, :100].tobytes() == old.samples[:, :100].tobytes(), "face 1 was not asked for"


def test_a_picture_without_faces_comes_back_as_it_was(server):
    before, after = server.folder / "noface-in.png", server.folder / "noface-out.png"
    save(Picture(np.full((40, 40, 3), 128, np.uint8), Channels.RGB), before)
    said = server.foveate("faces", before, after).stderr
    assert "face" in said.lower()
    assert read_picture(after).samples.tobytes() == read_picture(before).samples.tobytes()


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".exr"])
def test_a_result_replays_to_the_same_samples(server, suffix):
    dtype = SampleType.F32 if suffix == ".exr" else SampleType.U8
    before, after = server.folder / f"replay-in{suffix}", server.folder / f"replay-out{suffix}"
    save(scene(dtype), before)
    server.foveate("refocus", before, after, "--rect", "17,9,30,33", "--quiet")
    assert "bit for bit" in server.foveate("replay", after).stdout
    again = server.folder / f"replay-again{suffix}"
    verdict = json.loads(server.foveate("replay", after, "--to", again, "--json").stdout)
    assert verdict["same"]
    assert read_picture(again).samples.tobytes() == read_picture(after).samples.tobytes()


def test_replay_notices_what_is_not_the_same(server):
    before, after = server.folder / "notice-in.png", server.folder / "notice-out.png"
    save(scene(), before)
    server.foveate("refocus", before, after, "--quiet")
    moved = server.folder / "elsewhere.png"
    before.rename(moved)
    assert "--input" in server.foveate("replay", after, status=2).stderr
    assert server.foveate("replay", after, "--input", moved, "--quiet").returncode == 0
    save(scene(side=32), before)
    assert "SHA-256 differs" in server.foveate("replay", after, status=2).stderr


@pytest.mark.parametrize(("levels", "status", "words"), [(1, 0, "within"), (9, 1, "beyond")])
def test_replay_of_another_devices_result_tells_how_far_it_is(server, levels, status, words):
    before, after = server.folder / f"device-in-{levels}.png", server.folder / f"device-out-{levels}.png"
    save(scene(), before)
    server.foveate("refocus", before, after, "--quiet")
    recipe = json.loads(read_recipe(after)) | {"result_sha256": "0" * 64}
    recipe["recipe"]["device"] = "another device"
    made = read_picture(after)
    samples = made.samples.copy()
    samples[3, 4, 1] = abs(int(samples[3, 4, 1]) - levels)
    save(replace(made, samples=samples), after, recipe=json.dumps(recipe))
    said = server.foveate("replay", after, status=status).stdout
    assert f"by {levels} at most" in said
    assert words in said
    assert "It was made on another device" in said
    assert json.loads(server.foveate("replay", after, "--json", status=status).stdout)["agrees"] is (status == 0)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_name_that_is_too_long_for_the_recipe_beside_it_costs_the_recipe_alone(server, suffix):
    before, after = server.folder / "short.png", server.folder / ("n" * 240 + suffix)
    save(scene(), before)
    said = server.foveate("refocus", before, after).stderr
    assert read_picture(after).extent == scene().extent
    assert ("The recipe is not kept: " in said) == (suffix == ".jpg")
    assert json.loads(server.foveate("jobs", "--json").stdout)["jobs"] == []
    assert not list(server.folder.glob(".*"))


def test_without_recipe_nothing_tells_how_it_was_made(server):
    before, after = server.folder / "plain-in.jpg", server.folder / "plain-out.jpg"
    save(scene(), before)
    server.foveate("refocus", before, after, "--quiet")
    sidecar = server.folder / "plain-out.jpg.foveate.json"
    assert sidecar.exists()
    server.foveate("refocus", before, after, "--no-recipe", "--quiet")
    assert not sidecar.exists()


def test_quiet_says_nothing_and_else_progress_is_told(server):
    before, after = server.folder / "loud-in.png", server.folder / "loud-out.png"
    save(scene(), before)
    quiet = server.foveate("refocus", before, after, "--quiet")
    assert quiet.stdout == quiet.stderr == ""
    said = server.foveate("refocus", before, after)
    assert "Done" in said.stderr
    assert "64 x 64 pixels" in said.stderr
    assert said.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--model", "nonesuch"), 2, "nonesuch"),
        (("--rect", "60,60,10,10"), 2, "reaches out"),
    ],
)
def test_what_the_job_cannot_do_is_a_sentence(server, arguments, status, words):
    before, after = server.folder / "bad-in.png", server.folder / "bad-out.png"
    save(scene(), before)
    said = server.foveate("refocus", before, after, *arguments, "--quiet", status=status).stderr
    assert words in said
    assert len(said.splitlines()) == 1
    assert not after.exists()


def test_pixels_that_are_no_numbers_are_refused(server):
    before, after = server.folder / "nan.tif", server.folder / "nan-out.tif"
    picture = scene(SampleType.F32)
    picture.samples[40, 50] = np.nan
    save(picture, before)
    said = server.foveate("refocus", before, after, "--rect", "40,30,16,16", status=2).stderr
    assert said.count("x = 50, y = 40, counted from its top left corner, is NaN. ") == 1
    assert not after.exists()


def test_exif_orientation_counts_for_rectangles(server):
    before, after = server.folder / "turned.png", server.folder / "turned-out.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(scene().samples[:40]).save(before, exif=exif)
    server.foveate("refocus", before, after, "--rect", "5,30,30,30", "--quiet")  # 40 x 64 upright
    old, new = read_picture(before), read_picture(after)
    assert (new.extent.width, new.extent.height) == (40, 64)
    outside = np.ones((64, 40), bool)
    outside[30:60, 5:35] = False
    assert new.samples[outside].tobytes() == old.samples[outside].tobytes()


def test_status_and_its_page(server):
    assert server.foveate("status").stdout.startswith("server   http://127.0.0.1:")
    assert json.loads(server.foveate("status", "--json").stdout)["version"]
    assert "/?code=" in server.foveate("status", "--page").stdout


def test_results_leave_no_job_behind(server):
    assert json.loads(server.foveate("jobs", "--json", "--quiet").stdout) == {"jobs": []}


def test_a_wrong_token_is_refused(server):
    before = server.folder / "token-in.png"
    save(scene(), before)
    token = server.folder / "wrong-token"
    token.write_text("fvt_" + "0" * 40)
    url = json.loads(server.foveate("status", "--json").stdout)["url"]
    said = server.foveate("detect", before, "--server", url, "--token-file", token, "--quiet", status=3).stderr
    assert len(said.splitlines()) == 1


def test_a_named_token_lets_in_and_revoking_keeps_out(server):
    before = server.folder / "named-in.png"
    save(scene(), before)
    url = json.loads(server.foveate("status", "--json").stdout)["url"]
    token = server.folder / "named-token"
    token.write_text(server.foveate("token", "add", "guest").stdout)
    arguments = ("detect", before, "--server", url, "--token-file", token, "--quiet", "--json")
    assert "faces" in server.foveate(*arguments).stdout
    server.foveate("token", "revoke", "guest", "--quiet")
    server.foveate(*arguments, status=3)


def test_a_paired_client_trusts_one_certificate_alone(workplace):
    before = workplace.folder / "in.png"
    save(scene(), before)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with workplace.start("serve", "--pair", "127.0.0.1", "--port", port) as server:
        line = server.stdout.readline().strip()
        assert line.startswith(f"foveate://127.0.0.1:{port}?token=")
        (workplace.folder / "line").write_text(line)
        paired = ("--pairing", "@line", "--json", "--quiet")
        assert "faces" in workplace.foveate("detect", before, *paired).stdout
        assert json.loads(workplace.foveate("status", *paired).stdout)["url"] == f"https://127.0.0.1:{port}"
        (workplace.folder / "line").write_text(line[:-64] + "0" * 64)
        for command in (("detect", before), ("status",)):
            assert "certificate" in workplace.foveate(*command, *paired, status=3).stderr
        server.terminate()
        server.communicate()
