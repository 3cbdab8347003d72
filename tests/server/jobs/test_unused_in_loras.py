import pytest

from foveate_server.families.registry import families
from foveate_server.jobs.unused_in_loras import notes_about
from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec


def entry(**facts) -> ModelEntry:
    return ModelEntry(
        "style",
        "Style",
        "lora",
        "sdxl",
        1,
        "",
        None,
        SourceSpec("file", {}),
        (ModelFile("x", "0" * 64, 1),),
        facts=facts,
    )


@pytest.mark.parametrize(
    ("family", "facts", "told"),
    [
        ("sdxl", {"targets": ["text_encoder", "text_encoder_2", "unet"], "bundled_words": []}, []),
        ("sdxl", {"bundled_words": ["sks", "ohwx"]}, ["brings the embedding sks, ohwx, which is left out"]),
        ("flux1", {"targets": ["text_encoder", "text_encoder_2", "transformer"]}, ["changes a text encoder, too"]),
        ("sd3", {"targets": ["text_encoder_3"]}, ["changes a text encoder, too"]),
        ("sd1", {}, []),
    ],
)
def test_what_is_left_out_is_told(family: str, facts: dict, told: list[str]):
    notes = notes_about([entry(**facts)], families()[family])
    assert len(notes) == len(told)
    assert all(each in str(note) for each, note in zip(told, notes, strict=True))
