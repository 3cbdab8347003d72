"""`foveate models` from end to end: on this machine, and from a hub that HF_ENDPOINT names."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from fakes import headers as made
from fakes.hub import serving
from foveate_server.cli.main import main

LORA = {
    "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight": (4, 16),
    "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_B.weight": (8, 4),
}
TUNE = {
    **made.below("model.diffusion_model.", made.unet(16)),
    **made.below("first_stage_model.", made.vae()),
    **made.below("cond_stage_model.transformer.", {"text_model.embeddings.token_embedding.weight": (60, 16)}),
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CACHE", "DATA", "LOG"):
        monkeypatch.setenv(f"FOVEATE_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("FOVEATE_OFFLINE", "true")
    return tmp_path


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict:
    assert main(["models", *arguments, "--json", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


def test_what_a_lora_s_file_holds_in_vain_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = made.write(home / "style.safetensors", {**LORA, "bundle_emb.sks.clip_l": (2, 768)})
    assert main(["models", "add", str(path)]) == 0
    assert "It leaves out the embedding sks in the same file" in capsys.readouterr().out
    assert main(["models", "inspect", "style"]) == 0
    assert "Leaves out:    the embedding sks" in capsys.readouterr().out


def test_a_file_is_added_inspected_chosen_and_removed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tune = made.write(home / "My Tune.safetensors", TUNE)
    film = made.write(home / "film.safetensors", LORA, metadata={"modelspec.trigger_phrase": "film grain"})
    toy = made.write(home / "toy.safetensors", {"emb_params": (2, 48)})

    added = told(["add", str(tune)], capsys)
    assert (added["name"], added["kind"], added["family"], added["default"]) == ("my-tune", "diffusion", "sd1", True)
    assert "config-sd1" in added["problem"]
    assert "stay offline" in added["problem"]
    assert main(["models", "add", str(film)]) == 0
    assert "--lora film; it listens to: film grain." in capsys.readouterr().out
    told(["add", str(tune), "--name", "second"], capsys)
    told(["default", "second"], capsys)

    listed = {model["name"]: model for model in told(["list"], capsys)["models"]}
    assert [name for name, model in listed.items() if model["default"]] == ["realesrgan-x4plus", "centerface", "second"]
    assert not any(model["kind"] == "config" for model in listed.values())
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("* second") and "checkpoint  sd1" in line and "ready" in line for line in lines)

    found = told(["inspect", "film"], capsys)
    assert (found["facts"]["trigger_words"], found["fits_here"]) == (["film grain"], ["my-tune", "second"])
    told(["add", str(toy)], capsys)
    found = told(["inspect", "my-tune"], capsys)
    assert found["fits_here"] == ["film"]
    assert "48 numbers" in found["misfits"]["toy"]
    assert main(["models", "inspect", "my-tune"]) == 0
    text = capsys.readouterr().out
    for words in ("Stable Diffusion 1.x", "float16", "Fits:          film", "Not: The embedding toy does not fit"):
        assert words in text

    assert told(["remove", "second"], capsys) == {"removed": True}
    assert told(["inspect", "my-tune"], capsys)["default"]


def test_a_file_is_inspected_without_being_added(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = made.write(home / "film.safetensors", LORA)
    found = told(["inspect", str(film)], capsys)
    assert (found["kind"], found["facts"]["rank"], found["available"]) == ("lora", 4, False)
    assert not (home / "cache" / "film").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "nonesuch.safetensors"], "There is no file or folder"),
        (["inspect", "nonesuch"], "no model called"),
        (["default", "nonesuch"], "no model called"),
        (["default", "open-nsfw"], "by itself"),
        (["add", "org/name"], "stay offline"),
    ],
)
def test_what_cannot_be_is_one_line(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", *arguments]) in (1, 2)
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said


def test_from_the_hub_that_the_environment_names(home: Path) -> None:
    data = made.write(home / "film.safetensors", LORA).read_bytes()
    with serving() as hub:
        hub.add(
            "org/film", {"film.safetensors": data, "README.md": b"# Film"}, license="mit", gated=True, readers=("t",)
        )
        environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(home / "hf"), "FOVEATE_OFFLINE": "false"}
        environment.pop("HF_TOKEN", None)
        command = [sys.executable, "-m", "foveate_server", "models", "add", "org/film"]
        refused = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
        environment["HF_TOKEN"] = "t"
        taken = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert refused.returncode == 1
    assert f"Open {hub.url}/org/film, accept them there, run `hf auth login`" in refused.stderr
    assert taken.returncode == 0, taken.stderr
    assert "Its licence: mit." in taken.stdout
    assert "Adding film" in taken.stderr
    assert (home / "cache" / "film" / "film.safetensors").read_bytes() == data


def test_the_readme_works_word_for_word(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Bring a checkpoint")[2].partition("\n## ")[0]
    commands = [shlex.split(line, comments=True) for line in re.findall(r"(?m)^ {4}(foveate .*)$", section)]
    assert [command[2] for command in commands] == ["add", "add", "add", "list", "inspect"]
    monkeypatch.chdir(home)
    made.write(home / "my-checkpoint.safetensors", TUNE)
    write_pipeline(home / "my-folder")
    with serving() as hub:
        files = {
            path.relative_to(home / "my-folder"): path for path in (home / "my-folder").rglob("*") if path.is_file()
        }
        hub.add("org/name", {relative.as_posix(): path.read_bytes() for relative, path in files.items()})
        environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(home / "hf"), "FOVEATE_OFFLINE": "false"}
        for command in commands:
            if command[3:] == ["org/name"]:
                run = [sys.executable, "-m", "foveate_server", *command[1:]]
                subprocess.run(run, env=environment, check=True, capture_output=True, timeout=200)
            else:
                assert main(command[1:]) == 0
    listed = [path.parent.name for path in sorted((home / "cache").glob("*/entry.json"))]
    assert listed == ["my-checkpoint", "my-folder", "name"]


def write_pipeline(folder: Path) -> None:
    """A pipeline as diffusers writes it, of the narrowest widths."""
    parts = {
        "unet": {
            "conv_in.weight": (8, 4, 3, 3), "conv_out.weight": (4, 8, 3, 3), "up_blocks.0.x": (1,),
            "down_blocks.0.attentions.0.proj_in.weight": (8, 8, 1, 1),
            "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight": (8, 16),
        },
        "vae": {"decoder.conv_in.weight": (8, 4, 3, 3)},
        "text_encoder": {"text_model.embeddings.token_embedding.weight": (60, 16)},
    }  # fmt: skip
    for name, shapes in parts.items():
        stem = "model" if name == "text_encoder" else "diffusion_pytorch_model"
        made.write(folder / name / f"{stem}.safetensors", shapes)
        (folder / name / "config.json").write_text("{}")
    (folder / "model_index.json").write_text(json.dumps({name: ["library", "Class"] for name in parts}))
