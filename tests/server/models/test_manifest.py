from __future__ import annotations

from foveate_server.models.manifest import embedded_entries, license_text


def test_the_first_restorer_is_the_one_for_photos() -> None:
    entries = embedded_entries()
    assert [entry.name for entry in entries] == [
        "realesrgan-x4plus",
        "realesrgan-x4plus-anime",
        "realesr-animevideov3",
        "centerface",
    ]
    assert entries[0].operations == ("refocus", "faces", "upscale")
    assert entries[3].kind == "detect"


def test_every_embedded_model_ships_its_licence() -> None:
    for entry in embedded_entries():
        assert entry.license_file is not None
        assert "Copyright (c)" in license_text(entry.license_file)


def test_embedded_models_come_from_pinned_packages() -> None:
    for entry in embedded_entries():
        assert entry.source.kind == "package"
        assert set(entry.source.options) == {"distribution", "version"}
