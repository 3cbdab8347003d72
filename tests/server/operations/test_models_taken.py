"""Which models our operations take, of all that there can be."""

import pytest

from foveate_server.models.client_listing import tell
from foveate_server.models.entry import KINDS, ModelEntry, ModelFile, SourceSpec
from foveate_server.models.manifest import embedded_entries, optional_entries
from foveate_server.operations.operation import models_taken
from foveate_server.operations.registry import operations

UNETS = ("refocus", "faces", "upscale", "fill", "compare")
TRANSFORMERS = ("refocus", "faces", "fill", "compare")


OURS = {name: operations()[name] for name in ("refocus", "faces", "detect", "upscale", "fill", "compare")}


def served(*entries):
    catalog = tell(entries, lambda _: True, lambda _: False).serving(models_taken(OURS))
    return {info.name: info.operations for info in catalog.listing}


def entry(name, kind, family="", scale=1):
    source, files = SourceSpec("file", {}), (ModelFile("f", "0" * 64, 1),)
    return ModelEntry(name, name, kind, family, scale, "", None, source, files, family)


def test_what_comes_with_foveate():
    enlarging = ("refocus", "faces", "upscale")
    assert served(*embedded_entries(), *optional_entries()) == {
        "realesrgan-x4plus": enlarging,
        "realesrgan-x4plus-anime": enlarging,
        "realesr-animevideov3": enlarging,
        "centerface": ("detect",),
        "open-nsfw": (),
    }


@pytest.mark.parametrize(("scale", "names"), [(1, ("refocus", "faces")), (2, ("refocus", "faces", "upscale"))])
def test_restorers_by_their_scale(scale, names):
    assert served(entry("mine", "restore", scale=scale)) == {"mine": names}


def test_checkpoints_by_their_family():
    expected = {"sd1": UNETS, "sd2": UNETS, "sdxl": UNETS, "sd3": TRANSFORMERS, "flux1": TRANSFORMERS}
    assert served(*(entry(name, "diffusion", name) for name in expected)) == expected


def test_nothing_else_is_given_to_a_job_by_itself():
    others = set(KINDS) - {"restore", "detect", "diffusion", "config"}
    assert served(*(entry(kind, kind, "sd1") for kind in sorted(others))) == dict.fromkeys(sorted(others), ())
