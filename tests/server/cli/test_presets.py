"""`foveate presets`: what is packaged, what a person wrote, and what another machine's server tells."""

import json

import pytest

from foveate_server.cli.main import main
from foveate_server.presets import PACKAGED
from foveate_shared.connection.running_server import read_runtime_file

OWN = """
[subjects]
face = "film"
[presets.film]
title = "Film look"
prompt = "{prompt}, on film"
loras = ["film-look:0.8", "grain"]
parameters = { strength = 0.45, num_inference_steps = 30 }
[presets.hand]
negative_prompt = "gloves"
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    file = tmp_path / "mine.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("FOVEATE_PRESETS_FILE", str(file))
    return file


def said(capsys, *arguments):
    assert main(["presets", *arguments]) == 0
    return capsys.readouterr().out


def test_packaged_ones_are_listed_with_where_to_write_ones_own(own, capsys):
    text = said(capsys)
    assert "portrait      Portrait  (taken for a face where the prompt is empty)\n" in text
    assert "sets:     strength 0.4\n" in text
    assert f"Write your own into {own}, which is not there yet" in text
    assert str(PACKAGED) in text
    told = json.loads(said(capsys, "--json"))
    assert (told["file"], told["file_exists"], told["packaged_file"]) == (str(own), False, str(PACKAGED))
    assert {preset["file"] for preset in told["presets"]} == {str(PACKAGED)}


def test_ones_own_say_where_they_stand_and_what_they_set(own, capsys):
    own.write_text(OWN)
    lines = said(capsys).splitlines()
    at = lines.index("film          Film look  (taken for a face where the prompt is empty)")
    assert [line.strip() for line in lines[at + 1 : at + 4]] == [
        "prompt:   {prompt}, on film",
        "sets:     strength 0.45, num_inference_steps 30, loras film-look:0.8 + grain:1",
        f"file:     {own}",
    ]
    told = {preset["name"]: preset for preset in json.loads(said(capsys, "--json"))["presets"]}
    assert (told["hand"]["file"], told["hand"]["negative_prompt"]) == (str(own), "gloves")
    assert told["film"]["empty_prompt_for"] == ["face"]
    assert told["portrait"]["file"] == str(PACKAGED)


def test_a_damaged_file_is_one_sentence(own, capsys):
    own.write_text("[presets.x]\nprompts = 'a'")
    assert main(["presets"]) == 2
    assert f"The presets in {own} cannot be used" in capsys.readouterr().err


def test_another_machine_s_server_tells_names_and_values(server):
    running = read_runtime_file(server.runtime_file)
    assert running is not None
    token = server.folder / "token-of-presets"
    token.write_text(running.address.token)
    told = server.foveate("presets", "--server", running.address.url, "--token-file", token, "--json")
    presets = {preset["name"]: preset for preset in json.loads(told.stdout)["presets"]}
    assert presets["portrait"] == {"name": "portrait", "title": "Portrait", "parameters": {"strength": 0.4}}
    text = server.foveate("presets", "--server", running.address.url, "--token-file", token).stdout
    assert "texture       Texture\n" in text
    assert "file" not in text
