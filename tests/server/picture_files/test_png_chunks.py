"""What a PNG says survives, chunk by chunk, and nothing is made up beside it."""

import struct
import zlib

import pytest
from PIL import Image

from fakes.told_pictures import PIXELS, chunks_in, png_file, profile, segments_in
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import prepare, save
from foveate_shared.pixels import Channels

CHROMATICITIES = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
TEXTS = (
    (b"tEXt", b"Author\0J\xfcrgen"),
    (b"zTXt", b"Comment\0\0" + zlib.compress(b"long and \xfc" * 9)),
    (b"iTXt", b"Title\0\0\0de\0Titel\0Gr\xc3\xbc\xc3\x9fe"),
    (b"iTXt", b"Title\0\1\0ja\0\xe9\xa1\x8c\0" + zlib.compress("題名".encode())),
    (b"tEXt", b"Author\0another"),
    (b"tEXt", b"parameters\0a prompt\nSteps: 20"),
)


def through(tmp_path, data, target=".png", **options):
    original, result = tmp_path / "in.png", tmp_path / f"out{target}"
    original.write_bytes(data)
    prepared = prepare(read_picture(original), result)
    save(prepared, result, **options)
    return result.read_bytes(), " ".join(prepared.notes)


def test_texts_survive_whole_in_their_order_with_their_languages(tmp_path):
    data, notes = through(tmp_path, png_file(*TEXTS))
    assert chunks_in(data) == list(TEXTS)
    assert not notes


def test_older_words_go_only_where_new_ones_come(tmp_path):
    data, _ = through(tmp_path, png_file(*TEXTS), words="another prompt")
    assert [content for _, content in chunks_in(data) if content.startswith(b"parameters")] == [
        b"parameters\0another prompt"
    ]
    data, _ = through(tmp_path, png_file(*TEXTS), words="")
    assert b"parameters" not in data


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_nothing_is_made_up(tmp_path, mode):
    data, _ = through(tmp_path, png_file(image=Image.fromarray(PIXELS).convert(mode)))
    assert chunks_in(data) == []


def test_a_profile_adds_no_texts(tmp_path):
    save(Picture(PIXELS, Channels.RGB, icc=profile()), tmp_path / "a.png")
    assert [name for name, _ in chunks_in((tmp_path / "a.png").read_bytes())] == [b"iCCP"]
    assert read_picture(tmp_path / "a.png").icc == profile()


def test_a_profile_keeps_its_name(tmp_path):
    chunk = (b"iCCP", b"My monitor\0\0" + zlib.compress(profile()))
    data, _ = through(tmp_path, png_file(chunk))
    assert chunks_in(data) == [chunk]


def test_a_profile_for_other_samples_is_not_kept(tmp_path):
    gray = Image.fromarray(PIXELS).convert("L")
    data, notes = through(tmp_path, png_file((b"iCCP", b"x\0\0" + zlib.compress(profile())), image=gray))
    assert chunks_in(data) == []
    assert "does not fit" in notes


@pytest.mark.parametrize(
    "chunk",
    [
        (b"gAMA", struct.pack(">I", 45455)),
        (b"cHRM", CHROMATICITIES),
        (b"sRGB", b"\0"),
        (b"cICP", bytes((12, 13, 0, 1))),
        (b"mDCV", bytes(24)),
        (b"cLLI", bytes(8)),
        (b"pHYs", struct.pack(">IIB", 11811, 5000, 1)),
        (b"sBIT", b"\5\6\5"),
        (b"bKGD", struct.pack(">3H", 1, 2, 3)),
        (b"tIME", struct.pack(">H5B", 2020, 1, 2, 3, 4, 5)),
        (b"prVt", b"anybody may copy this"),
    ],
    ids=lambda chunk: chunk[0].decode(),
)
def test_chunks_survive_as_they_were(tmp_path, chunk):
    data, notes = through(tmp_path, png_file(chunk))
    assert chunks_in(data) == [chunk]
    assert not notes


@pytest.mark.parametrize(
    ("chunk", "word"),
    [
        ((b"oFFs", struct.pack(">iiB", 5, 0, 0)), "its place on a page"),
        ((b"caBX", b"jumb"), "the chunk caBX"),
        ((b"prVT", b"true of these samples alone"), "the chunk prVT"),
    ],
)
def test_what_may_not_be_true_any_more_is_told(tmp_path, chunk, word):
    data, notes = through(tmp_path, png_file(chunk))
    assert chunks_in(data) == []
    assert word in notes


@pytest.mark.parametrize(
    ("chunk", "is_checked"),
    [
        ((b"zTXt", b"Comment\0\7" + zlib.compress(b"text")), True),
        ((b"zTXt", b"Comment\0\0no zlib"), True),
        ((b"iTXt", b"Title\0\1\0\0\0no zlib"), True),
        ((b"iTXt", b"Title"), True),
        ((b"eXIf", b"II*\0\x08\0\0\0\0\0\0\0\0\0"), False),
        ((b"tEXt", b"Title\0text"), False),
    ],
)
def test_damaged_chunks_go_with_a_word(tmp_path, chunk, is_checked):
    data = png_file(chunk, (b"tEXt", b"Author\0me"))
    if not is_checked:
        end = data.index(chunk[1]) + len(chunk[1])
        data = data[:end] + bytes((data[end] ^ 1,)) + data[end + 1 :]
    data, notes = through(tmp_path, data)
    assert chunks_in(data) == [(b"tEXt", b"Author\0me")]
    assert f"the damaged chunk {chunk[0].decode()}" in notes


def test_what_a_palette_means_goes_with_it(tmp_path):
    image = Image.fromarray(PIXELS).quantize(8)
    data, notes = through(tmp_path, png_file((b"tIME", bytes(7)), image=image))
    end = data.index(b"IDAT")
    assert b"PLTE" not in data[:end]
    assert "palette" in notes


def test_data_behind_the_end_is_told(tmp_path):
    assert "the data behind the picture" in through(tmp_path, png_file(behind=b"PK\3\4"))[1]


def test_a_comment_becomes_that_of_a_jpeg_and_comes_back(tmp_path):
    data, notes = through(tmp_path, png_file((b"iTXt", b"Comment\0\0\0de\0\0Gr\xc3\xbc\xc3\x9fe"), *TEXTS[2:3]), ".jpg")
    assert (0xFE, b"Gr\xc3\xbc\xc3\x9fe") in segments_in(data)
    assert "the text Title" in notes
    (tmp_path / "b.jpg").write_bytes(data)
    save(prepare(read_picture(tmp_path / "b.jpg"), tmp_path / "b.png"), tmp_path / "b.png")
    assert (b"tEXt", b"Comment\0Gr\xfc\xdfe") in chunks_in((tmp_path / "b.png").read_bytes())


@pytest.mark.parametrize("target", [".webp", ".tif"])
def test_texts_without_a_place_are_named(tmp_path, target):
    _, notes = through(tmp_path, png_file(*TEXTS), target)
    assert "the text Author, the text Comment, the text Title, the text parameters" in notes


def test_a_text_that_is_too_long_for_a_comment_is_named(tmp_path):
    long = (b"zTXt", b"Comment\0\0" + zlib.compress(b"\xfc" * 40_000))
    data, notes = through(tmp_path, png_file(long), ".jpg")
    assert all(marker != 0xFE for marker, _ in segments_in(data))
    assert "the text Comment" in notes
