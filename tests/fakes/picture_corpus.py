"""Many small pictures of every kind that we write, whose files say much; by seeds, so that they are always the same."""

import random
import struct
import zlib

import numpy as np
import OpenImageIO
from PIL import Image, TiffImagePlugin
from PIL.TiffImagePlugin import IFDRational

from fakes.told_pictures import IPTC, PIXELS, jpeg, png_file, profile, resource, segment
from foveate_server.picture_files import jpeg_segments

EACH = 45  # files of each kind but OpenEXR
PACKET = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" xmp:Rating="%d" crs:Exposure2012="+0.50">
<dc:title><rdf:Alt>
<rdf:li xml:lang="x-default">Title %d</rdf:li><rdf:li xml:lang="de">Gr\xfc\xdfe</rdf:li></rdf:Alt></dc:title>
<dc:subject><rdf:Bag><rdf:li>one</rdf:li><rdf:li>\u984c\u540d</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def write_corpus(folder):
    """Write the pictures into `folder`; return their paths."""
    paths = []
    for suffix, write in ((".png", _png), (".jpg", _jpeg), (".webp", _webp), (".tif", _tiff)):
        for number in range(EACH):
            paths.append(folder / f"{number:02}{suffix}")
            write(paths[-1], random.Random(f"{suffix}{number}"))
    for number in range(EACH // 2):
        paths.append(folder / f"{number:02}.exr")
        _exr(paths[-1], random.Random(f"exr{number}"))
    return paths


def _exif(chance):
    """Return an Exif block; its values differ from file to file."""
    block = Image.Exif()
    block.endian = chance.choice("<>")
    block[0x010F], block[0x0110] = "Maker", f"Model {chance.randrange(100)}"
    block[0x0132], block[0x8298] = "2020:01:02 03:04:05", "(c) Somebody"
    if chance.random() < 0.5:
        block[0x010E], block[0x9C9B] = "A description", "Windows' title".encode("utf-16-le")
        block[0x011A], block[0x011B], block[0x0128] = IFDRational(240), IFDRational(240), 2
    if chance.random() < 0.5:
        block[0x0112] = chance.randrange(1, 9)
    details = block.get_ifd(0x8769)
    details[0x829A], details[0x829D], details[0x8827] = IFDRational(1, 125), IFDRational(28, 10), chance.randrange(3000)
    details[0x9000], details[0x9003], details[0x9286] = b"0232", "2020:01:02 03:04:05", b"ASCII\0\0\0a comment"
    details[0xA434], details[0xA002], details[0xA003] = "50mm F1.8", 8, 6
    if chance.random() < 0.5:
        place = block.get_ifd(0x8825)
        place[1], place[2] = "N", (IFDRational(48), IFDRational(chance.randrange(60)), IFDRational(305, 10))
        place[3], place[4] = "E", (IFDRational(9), IFDRational(0), IFDRational(0))
    return block.tobytes()[6:]


def _packet(chance):
    return (PACKET % (chance.randrange(6), chance.randrange(100))).encode()


def _resources(chance):
    """Return Photoshop's resources in any order."""
    parts = [
        resource(0x0404, IPTC),
        resource(0x03ED, struct.pack(">IHHIHH", 300 << 16, 1, 1, 300 << 16, 1, 1)),
        resource(0x040A, b"\1"),
        resource(0x0421, b"\0\0\0\1\1" + bytes(4)),
    ]
    chance.shuffle(parts)
    return b"".join(parts)


def _some(chance, *parts):
    return [part for part in parts if chance.random() < 0.5]


def _png(path, chance):
    mode = chance.choice(["L", "LA", "RGB", "RGBA", "P", "I;16", "1"])
    image = _image(mode)
    is_gray = mode in {"L", "LA", "I;16", "1"}
    colors = [
        (),
        ((b"gAMA", struct.pack(">I", chance.choice([45455, 55556, 100_000]))),),
        ((b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 45455))),
        ((b"cICP", bytes((12, 13, 0, 1))),),
        () if is_gray else ((b"iCCP", b"Some name\0\0" + zlib.compress(profile())),),
        (
            (b"gAMA", struct.pack(">I", 45455)),
            (b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)),
        ),
    ]
    texts = (
        (b"tEXt", b"Author\0J\xfcrgen"),
        (b"tEXt", b"Software\0A program"),
        (b"zTXt", b"Comment\0\0" + zlib.compress(b"long " * 30)),
        (b"iTXt", b"Title\0\0\0de\0Titel\0Gr\xc3\xbc\xc3\x9fe"),
        (b"iTXt", b"Description\0\1\0ja\0\xe9\xa1\x8c\0" + zlib.compress("題名".encode())),
        (b"tEXt", b"parameters\0a prompt\nNegative prompt: none\nSteps: 20, Sampler: Euler a, Seed: 1"),
        (b"tEXt", b'workflow\0{"nodes": []}'),
    )
    path.write_bytes(
        png_file(
            *chance.choice(colors),
            *_some(
                chance,
                (b"pHYs", struct.pack(">IIB", 11811, 11811, 1)),
                (b"tIME", struct.pack(">H5B", 2020, 1, 2, 3, 4, 5)),
            ),
            *_some(chance, (b"eXIf", _exif(chance)), (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + _packet(chance))),
            *_some(chance, *texts),
            image=image,
        )
    )


def _jpeg(path, chance):
    told = []
    resources = _resources(chance)
    if chance.random() < 0.6:
        told.append(segment(0xE1, jpeg_segments.EXIF_PREFIX + _exif(chance)))
    if chance.random() < 0.6:
        told.append(segment(0xE1, jpeg_segments.XMP_PREFIX + _packet(chance)))
    if chance.random() < 0.6:
        cut = chance.randrange(10, len(resources))
        parts = chance.choice([(resources,), (resources[:cut], resources[cut:])])
        told += [segment(0xED, jpeg_segments.PHOTOSHOP_PREFIX + part) for part in parts]
    if chance.random() < 0.5:
        told += [segment(0xFE, b"A comment"), segment(0xFE, "noch einer: \xfc".encode())][: chance.randrange(1, 3)]
    is_gray = chance.random() < 0.2
    icc = None if is_gray else chance.choice([None, profile(), profile(100_000)])
    options = {"progressive": chance.random() < 0.3, "subsampling": chance.choice([0, 2])}
    if icc:
        options["icc_profile"] = icc
    if chance.random() < 0.5:
        options["dpi"] = (300, 300)
    path.write_bytes(jpeg(*told, image=_image("L" if is_gray else "RGB"), **options))


def _webp(path, chance):
    options = dict(
        _some(chance, ("exif", b"Exif\0\0" + _exif(chance)), ("xmp", _packet(chance)), ("icc_profile", profile()))
    )
    _image(chance.choice(["RGB", "RGBA"])).save(path, lossless=True, exact=True, **options)


def _tiff(path, chance):
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    if chance.random() < 0.6:
        block = Image.Exif()
        block.load(b"Exif\0\0" + _exif(chance))
        for tag, value in block.items():
            directory[tag] = value
        for tag in (0x8769, 0x8825):
            if block.get_ifd(tag):
                directory[tag] = block.get_ifd(tag)
    for tag, kind, value in _some(
        chance,
        (700, 1, _packet(chance)),
        (0x83BB, 7, IPTC),
        (0x8649, 1, resource(0x040A, b"\1")),
        (33550, 12, (0.5, 0.5, 0.0)),
        (0x010D, 2, "A document"),
        (0x013C, 2, "A computer"),
        (65_000, 2, "a field of one's own"),
    ):
        directory[tag] = value
        directory.tagtype[tag] = kind
    options = {"icc_profile": profile()} if chance.random() < 0.4 else {}
    image = _image(chance.choice(["RGB", "RGBA", "L", "I;16", "F", "P"]) if not options else "RGB")
    # Pillow compresses no picture with Exif.
    compression = "raw" if 0x8769 in directory else chance.choice(["raw", "tiff_lzw", "tiff_adobe_deflate"])
    image.save(path, tiffinfo=directory, compression=compression, **options)


def _exr(path, chance):
    """Write an OpenEXR with what OpenImageIO knows of Exif."""
    kind, names = chance.choice(["half", "float"]), chance.choice(["RGB", "RGBA"])
    spec = OpenImageIO.ImageSpec(8, 6, len(names), kind)
    spec.attribute("compression", chance.choice(["zip", "piz", "none"]))
    spec.attribute(
        "chromaticities", OpenImageIO.TypeDesc("float[8]"), (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329)
    )
    texts = (
        ("Artist", "Somebody"),
        ("Copyright", "(c) Somebody"),
        ("ImageDescription", "A caption"),
        ("DateTime", "2020:01:02 03:04:05"),
    )
    numbers = ("ExposureTime", 0.008), ("FNumber", 2.8), ("Exif:FocalLength", 50.0)
    for name, value in _some(chance, *texts, *numbers):
        spec.attribute(name, value)
    output = OpenImageIO.ImageOutput.create(str(path))
    output.open(str(path), spec)
    output.write_image(np.random.default_rng(0).random((6, 8, len(names)), np.float32))
    output.close()


def _image(mode):
    if mode == "P":
        return Image.fromarray(PIXELS).quantize(16)
    if mode == "I;16":
        return Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257)
    if mode == "F":
        return Image.fromarray(PIXELS[..., 0].astype(np.float32) / 255)
    return Image.fromarray(PIXELS).convert(mode)
