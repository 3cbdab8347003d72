"""Which models a package may bring."""

import re
from dataclasses import replace

import pytest

from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec
from foveate_server.models.package_models import check_model, listed_entries, registered
from foveate_shared.errors import InputError

GOOD = ModelEntry(
    "hands", "Hands", "detect", "hands", 1, "MIT", None,
    SourceSpec("hub", {"repository": "org/hands", "revision": "0a1b2c"}), (ModelFile("hands.onnx", "0" * 64, 5),),
)  # fmt: skip


def test_ours_are_those_of_the_manifest():
    assert [entry.name for entry in listed_entries()][:5] == [
        "realesrgan-x4plus",
        "realesrgan-x4plus-anime",
        "realesr-animevideov3",
        "centerface",
        "open-nsfw",
    ]
    assert registered().left_out == ()


def test_what_is_complete_is_taken():
    assert check_model(GOOD) == GOOD
    assert check_model(replace(GOOD, kind="restore", scale=2, source=SourceSpec("url", {}))).scale == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "diffusion"}, "brings models of restore and detect, not of diffusion"),
        ({"source": SourceSpec("file", {})}, "its source is none of package, hub, url"),
        ({"source": SourceSpec("package", {"distribution": "hands"})}, "its source does not say its version"),
        ({"license_file": "centerface.txt"}, "its licence is no file of ours"),
    ],
)
def test_what_it_cannot_bring_is_said(changes, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        check_model(replace(GOOD, **changes))


def test_it_is_checked_as_any_description_is():
    with pytest.raises(InputError, match="no proper SHA-256"):
        check_model(replace(GOOD, files=(ModelFile("hands.onnx", "0", 5),)))
    with pytest.raises(TypeError, match=r"a model is a foveate_server\.models\.entry\.ModelEntry, not a str"):
        check_model("hands")
