from foveate_server.models.client_listing import tell
from foveate_server.models.entry import ModelEntry, ModelFile, SourceSpec


def entry(name, kind, family="", facts=None):
    return ModelEntry(
        name,
        name.title(),
        kind,
        family,
        1,
        "",
        None,
        SourceSpec("file", {}),
        (ModelFile("f", "0" * 64, 1),),
        family,
        facts or {},
    )


ENTRIES = [
    entry("restorer", "restore"),
    entry("finder", "detect"),
    entry("other", "restore"),
    entry("small", "diffusion", "sd1", {"steps": 4}),
    entry("large", "diffusion", "sdxl"),
    entry("base", "diffusion", "sd2", {"prediction": "epsilon"}),
    entry("film", "lora", "sdxl", {"trigger_words": ["film"]}),
    entry("eyes", "vae", "sd1"),
    entry("parts", "config"),
]


def told(default=None):
    catalog = tell(ENTRIES, lambda each: each.name != "large", lambda each: each.name == default)
    return {info.name: info for info in catalog.listing}


def test_clients_learn_kind_family_and_what_fits():
    infos = told()
    assert "parts" not in infos
    assert infos["film"].kind == "lora"
    assert infos["film"].fits == ("sdxl",)
    assert infos["film"].defaults == {"trigger_words": ["film"]}
    assert infos["eyes"].fits == ("sd1", "sd2")
    assert infos["small"].defaults == {"pixels": 512 * 512, "num_inference_steps": 4}
    assert infos["base"].defaults["pixels"] == 512 * 512
    assert infos["large"].defaults["pixels"] == 1024 * 1024
    assert not infos["large"].available


def test_the_default_comes_first_of_its_kind():
    assert list(told())[:4] == ["restorer", "finder", "other", "small"]
    assert [name for name, info in told("large").items() if info.kind == "diffusion"] == ["large", "small", "base"]
    assert next(iter(told("other"))) == "other"
