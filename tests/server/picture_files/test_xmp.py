"""What XMP says of a file with more than one picture, or with a video, is not so of a result, and goes with a note."""

import numpy as np
import pytest

from fakes.told_pictures import jpeg, segment
from foveate_server.picture_files import xmp
from foveate_server.picture_files.picture import Picture
from foveate_server.picture_files.read import read_picture
from foveate_server.picture_files.write import prepare, save
from foveate_shared.geometry import Extent
from foveate_shared.pixels import Channels

CAMERA = b"http://ns.google.com/photos/1.0/camera/"
CONTAINER = b"http://ns.google.com/photos/1.0/container/"
HDRGM = b"http://ns.adobe.com/hdr-gain-map/1.0/"
PACKET = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">%s</rdf:RDF></x:xmpmeta>'
MOTION = (
    b'<rdf:Description rdf:about="" xmlns:GCamera="%s" GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1"\n'
    b' GCamera:MotionPhotoPresentationTimestampUs="5" GCamera:MicroVideoOffset="3000" GCamera:SpecialTypeID="x"/>'
) % CAMERA
DIRECTORY = (
    b'<rdf:Description xmlns:Container="%s" xmlns:Item="http://ns.google.com/photos/1.0/container/item/"'
    b' xmlns:hdrgm="%s" hdrgm:Version="1.0"><Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource">'
    b'<Container:Item Item:Semantic="Primary" Item:Mime="image/jpeg"/></rdf:li></rdf:Seq></Container:Directory>'
    b"</rdf:Description>"
) % (CONTAINER, HDRGM)


@pytest.fixture
def through(tmp_path):
    def run(packet, *, behind=b"", segments=()):
        told = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + PACKET % packet)
        (tmp_path / "in.jpg").write_bytes(jpeg(told, *segments, behind=behind))
        prepared = prepare(read_picture(tmp_path / "in.jpg"), tmp_path / "out.jpg")
        save(prepared, tmp_path / "out.jpg")
        return read_picture(tmp_path / "out.jpg").xmp, prepared.notes

    return run


def test_a_motion_photo_is_a_photo_then(through):
    packet, notes = through(MOTION, behind=b"\0\0\0\x18ftypmp42" + bytes(3000))
    assert b"MotionPhoto" not in packet
    assert b"MicroVideo" not in packet
    assert b'GCamera:SpecialTypeID="x"' in packet
    assert notes == ("Left out, as no longer true, unknown or damaged: the video.",)


def test_an_ultra_hdr_photo_is_its_base(through):
    packet, notes = through(DIRECTORY, segments=[segment(0xE2, b"MPF\0II*\0")], behind=jpeg())
    assert b"Item:Semantic" not in packet
    assert b"hdrgm:Version" not in packet
    assert "Ultra HDR" in notes[0]
    assert notes[1:] == ("Left out, as no longer true, unknown or damaged: the further pictures in the file.",)


@pytest.mark.parametrize("form", [b' a:%s="1"', b"><a:%s>1</a:%s", b"><a:%s/"])
@pytest.mark.parametrize(
    ("names", "name"), [(CAMERA, b"MotionPhoto"), (HDRGM, b"GainMapMax"), (CONTAINER, b"Directory")]
)
def test_each_form_of_a_property_goes(names, name, form):
    head, tail = b'<rdf:D xmlns:a="' + names + b'"', b"><b:c>2</b:c></rdf:D>"
    made = xmp.describing(head + form.replace(b"%s", name) + tail, Extent(1, 1))
    assert name not in made
    assert b"<b:c>2</b:c>" in made


def test_what_is_so_stays_as_it_was():
    packet = b'<rdf:D xmlns:a="%s" a:BurstID="7"/>' % CAMERA
    assert xmp.describing(packet, Extent(1, 1)) == packet
    assert xmp.outdated_in(packet) == ()


PANORAMA = (
    b'<rdf:D xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" GPano:ProjectionType="equirectangular"'
    b' GPano:CroppedAreaImageWidthPixels="400" GPano:CroppedAreaImageHeightPixels="100"'
    b' GPano:CroppedAreaLeftPixels="20"'
    b"><GPano:FullPanoWidthPixels>500</GPano:FullPanoWidthPixels><GPano:CroppedAreaTopPixels>0</GPano:CroppedAreaTopPixels>"
    b"</rdf:D>"
)


def test_a_panorama_grows_with_its_picture():
    assert xmp.describing(PANORAMA, Extent(400, 100)) == PANORAMA
    made = xmp.describing(PANORAMA, Extent(801, 200))
    assert b'WidthPixels="801"' in made
    assert b'HeightPixels="200"' in made
    assert b'LeftPixels="40"' in made
    assert b"<GPano:FullPanoWidthPixels>1001</" in made
    assert b"TopPixels>0</" in made


def test_a_part_of_a_panorama_is_none(tmp_path):
    assert b"GPano:" not in xmp.describing(PANORAMA, Extent(100, 100)).replace(b"xmlns:GPano", b"")
    picture = Picture(np.zeros((100, 100, 3), np.uint8), Channels.RGB, xmp=PANORAMA)
    assert "the place in a panorama" in prepare(picture, tmp_path / "a.png").notes[0]


@pytest.mark.parametrize("value", [b"0", b"x", b"", b"-3", b"99999999999"])
def test_sides_that_are_none_change_nothing(value):
    packet = PANORAMA.replace(b'"400"', b'"' + value + b'"').replace(b'"100"', b'"' + value + b'"')
    assert xmp.describing(packet, Extent(50, 50)) == packet
