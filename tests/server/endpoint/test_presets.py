"""What clients are told of presets and of parameters that only checkpoints know."""

from jsonschema import Draft202012Validator

OPERATIONS = "foveate_server.operations.registry:operations"


def offered(site):
    with site.client() as client:
        return {operation.name: operation.parameters for operation in client.welcome.operations}


def test_presets_and_kinds_are_in_the_schemas(start_site, tmp_path):
    file = tmp_path / "presets.toml"
    file.write_text('[presets.film]\ntitle = "Film look"\n', "utf-8")
    site = start_site(operations=OPERATIONS, presets_file=file)
    schemas = offered(site)
    assert list(schemas) == ["refocus", "faces", "detect", "upscale", "fill", "compare"]
    for name, schema in schemas.items():
        Draft202012Validator.check_schema(schema)
        properties = schema["properties"]
        assert ("prompt" in properties) == (name != "detect")
        if name != "detect":
            assert properties["prompt"]["x-kinds"] == ["diffusion"]
            assert {"name": "film", "title": "Film look", "parameters": {}} in properties["preset"]["x-presets"]
    assert schemas["refocus"]["properties"]["strength"]["default"] == 1
    assert schemas["refocus"]["properties"]["strength"]["x-defaults"] == {"diffusion": 0.5}
    file.write_text("[presets.film]\ntitle = 'Changed'\n", "utf-8")
    assert {"name": "film", "title": "Changed", "parameters": {}} in offered(site)["fill"]["properties"]["preset"][
        "x-presets"
    ]


def test_a_damaged_file_leaves_the_packaged_presets(start_site, tmp_path):
    file = tmp_path / "presets.toml"
    file.write_text("[presets", "utf-8")
    presets = offered(start_site(operations=OPERATIONS, presets_file=file))["refocus"]["properties"]["preset"]
    assert [entry["name"] for entry in presets["x-presets"]][:2] == ["photo", "portrait"]
