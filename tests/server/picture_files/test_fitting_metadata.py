"""What a file cannot say is told; what it can, it is asked to say."""

import numpy as np

from foveate_server.picture_files.container_facts import Carried, Resolution
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import prepare, save
from foveate_shared.pixels import Channels

FLOATS = Picture(np.zeros((4, 6, 3), np.float32), Channels.RGB, space="srgb-linear", kind="tiff")


def test_a_damaged_exif_block_is_left_out_with_a_word(tmp_path):
    prepared = prepare(Picture(np.zeros((4, 6, 3), np.uint8), Channels.RGB, exif=b"no TIFF"), tmp_path / "a.png")
    assert prepared.exif is None
    assert "the damaged Exif block" in prepared.notes[0]


def test_what_openexr_has_no_place_for_is_told(tmp_path):
    carried = Carried(iptc=b"\x1c", photoshop=b"8BIM", comments=(b"x",))
    told = Picture(FLOATS.samples, Channels.RGB, xmp=b"<x/>", carried=carried, kind="tiff")
    (note,) = prepare(told, tmp_path / "a.exr").notes
    assert "IPTC's records, Photoshop's resources, XMP packet, the comment" in note


def test_a_resolution_that_webp_cannot_tell_is_told(tmp_path):
    carried = Carried(resolution=Resolution(300, 300, "inch"))
    picture = Picture(np.zeros((4, 6, 3), np.uint8), Channels.RGB, carried=carried, kind="jpeg")
    assert "resolution" in prepare(picture, tmp_path / "a.webp").notes[0]


def test_the_same_is_not_told_twice(tmp_path):
    picture = Picture(np.zeros((4, 6, 3), np.uint8), Channels.RGB, carried=Carried(outdated=("the video",)))
    once = prepare(picture, tmp_path / "a.png")
    assert prepare(once, tmp_path / "a.png").notes == once.notes


def test_a_date_of_openexr_is_that_of_a_tiff(tmp_path):
    import OpenImageIO

    date = "2020:01:02 03:04:05"
    spec = OpenImageIO.ImageSpec(6, 4, 3, "float")
    spec.attribute("DateTime", date)
    output = OpenImageIO.ImageOutput.create("openexr")
    output.open(str(tmp_path / "a.exr"), spec)
    output.write_image(FLOATS.samples)
    output.close()
    save(prepare(read_picture(tmp_path / "a.exr"), tmp_path / "a.tif"), tmp_path / "a.tif")
    assert read_picture(tmp_path / "a.tif").metadata.get_string_attribute("DateTime") == date
