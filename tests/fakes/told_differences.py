"""What may differ between what ExifTool reads of a picture and of a result: the list of `docs/pictures.md`."""

import re

ALLOWED = re.compile(
    "|".join(
        (
            # how it was asked, and what ExifTool concludes itself
            r"SourceFile|ExifTool:.*|System:.*|Composite:.*",
            # how the samples are encoded, and where they lie
            r"File:(ExifByteOrder|BitsPerSample|ColorComponents|EncodingProcess|YCbCrSubSampling|CurrentIPTCDigest)",
            r"PNG:(BitDepth|ColorType|Palette|Transparency|Interlace|Filter|Compression)",
            r"IFD0:(SubfileType|BitsPerSample|Compression|PhotometricInterpretation|Strip.*|SamplesPerPixel|RowsPerStrip|"
            r"PlanarConfiguration|Predictor|SampleFormat|ExtraSamples|ColorMap)",
            r"OpenEXR:(Compression|Channels|LineOrder)",
            # upright, and so large
            r"(IFD0|XMP-tiff):Orientation|(File|PNG|IFD0|RIFF):Image(Width|Height|Length|Size)|ExifIFD:ExifImage(Width|Height)",
            # what would not be true, of which a note tells
            r"IFD1:.*|MPF\d:.*|XMP-xmpNote:HasExtendedXMP|XMP-hdrgm:.*|XMP-GCamera:(Motion|Micro).*|XMP-Container:.*|"
            r"Photoshop:PhotoshopThumbnail",
            # a second copy of IPTC, where a TIFF has two
            r"IPTC2:.*",
        )
    )
)
# A JPEG without a JFIF segment gets one, which says no resolution.
JFIF = {"JFIF:JFIFVersion", "JFIF:ResolutionUnit", "JFIF:XResolution", "JFIF:YResolution"}
# What every kind of file has a place for, by ExifTool's groups; IPTC has none in WebP.
EVERYWHERE = re.compile(
    r"(ExifIFD|GPS|InteropIFD|XMP-[\w-]+|IPTC):.*|IFD0:(Make|Model|Copyright|XPTitle|ImageDescription)"
)


def differences(before, after):
    """Return each tag that differs and should not, with what it said before and says after."""
    tags = (before.keys() | after.keys()) - (JFIF if "JFIF:JFIFVersion" not in before else set())
    return {
        tag: (before.get(tag), after.get(tag))
        for tag in sorted(tags)
        if before.get(tag) != after.get(tag) and not ALLOWED.fullmatch(tag)
    }


def lost_elsewhere(before, after, *, holds_iptc):
    """Return the differences of what another kind of file has a place for, too."""
    found = {tag: told for tag, told in differences(before, after).items() if EVERYWHERE.fullmatch(tag)}
    return {tag: told for tag, told in found.items() if holds_iptc or not tag.startswith("IPTC:")}
