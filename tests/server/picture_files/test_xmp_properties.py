"""Packets are anyone's text: whatever is in one, it is read and changed in time that grows as it does.

With the square of its length, each of these would take longer than the suite's limit for hangs.
"""

import pytest

from foveate_server.picture_files import xmp, xmp_properties
from foveate_shared.geometry import Extent

IMAGE, TIFF, XAP = (
    b"http://ns.google.com/photos/1.0/image/",
    b"http://ns.adobe.com/tiff/1.0/",
    b"http://ns.adobe.com/xap/1.0/",
)
HEAD = b'<rdf:D xmlns:G="%s" xmlns:t="%s" xmlns:x="%s">' % (IMAGE, TIFF, XAP)
MANY = 100_000


@pytest.mark.parametrize(
    "part",
    [
        b"<G:a>",
        b"<G:a ",
        b"<x:Thumbnails>",
        b"<t:Orientation ",
        b"<t:Orientation>",
        b" t:Orientation='",
        b' G:a="',
        b"</G:a",
    ],
)
def test_what_never_ends_is_soon_looked_through(part):
    packet = HEAD + part * MANY
    assert xmp.orientation_in(packet) is None
    xmp.outdated_in(packet)
    assert xmp.describing(packet, Extent(4, 4)).startswith(HEAD)


def test_many_prefixes_of_a_namespace_are_soon_looked_through():
    names = b"".join(b' xmlns:p%d="%s"' % (number, TIFF) for number in range(MANY))
    packet = b"<rdf:D" + names + b"><p7:Orientation>6</p7:Orientation></rdf:D>"
    assert xmp.orientation_in(packet) == 6
    assert b">1</p7:Orientation>" in xmp.describing(packet, Extent(4, 4))


def test_an_element_ends_at_its_own_end_and_one_within_goes_with_it():
    packet = HEAD + b"<G:a><G:b>1</G:b><x:c/></G:a><x:d/><G:b/><G:a>left open" + b"</rdf:D>"
    assert xmp_properties.without(packet, IMAGE, rb"\w+") == HEAD + b"<x:d/><G:a>left open</rdf:D>"
    assert xmp_properties.without(packet, IMAGE, rb"b") == HEAD + b"<G:a><x:c/></G:a><x:d/><G:a>left open</rdf:D>"
    assert xmp_properties.without(packet, b"http://nobody/", rb"\w+") == packet
    nested = b"<G:a><G:a>1</G:a><G:b>left open</G:a>"
    assert xmp_properties.without(HEAD + nested + b"</rdf:D>", IMAGE, rb"\w+") == HEAD + b"</rdf:D>"
