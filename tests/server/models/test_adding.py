from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes import headers as made
from foveate_server.models.adding.from_anything import add
from foveate_server.models.adding.from_path import add_path
from foveate_server.models.adding.make_entry import AddOptions
from foveate_server.models.registry import Registry
from foveate_shared.errors import InputError, ResourceError

NARROW = {
    **made.below("model.diffusion_model.", made.unet(16)),
    **made.below("first_stage_model.", made.vae()),
    **made.below("cond_stage_model.transformer.", {"text_model.embeddings.token_embedding.weight": (600, 16)}),
}


@pytest.fixture
def registry(cache_dir: Path) -> Registry:
    return Registry(cache_dir, offline=True, entries=[])


def write_config(folder: Path) -> None:
    index = {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "U"], "tokenizer": ["transformers", "T"],
             "safety_checker": [None, None], "requires_safety_checker": False}  # fmt: skip
    for path, value in {
        "model_index.json": index,
        "unet/config.json": {"sample_size": 64},
        "scheduler/scheduler_config.json": {"_class_name": "PNDMScheduler", "prediction_type": "v_prediction"},
        "tokenizer/vocab.json": {"a": 1},
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(json.dumps(value))
    (folder / "tokenizer" / "merges.txt").write_text("#version: 0.2\n")


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """A folder as diffusers writes it, with more in it than is needed."""
    folder = tmp_path / "My Model"
    write_config(folder)
    index = json.loads((folder / "model_index.json").read_text())
    index |= {name: ["x", "y"] for name in ("vae", "text_encoder", "scheduler")}
    (folder / "model_index.json").write_text(json.dumps(index))
    shapes = {"conv_in.weight": (8, 4, 3, 3), "conv_out.weight": (4, 8, 3, 3), "up_blocks.0.x": (1,),
              "down_blocks.0.attentions.0.proj_in.weight": (8, 8, 1, 1),
              "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight": (8, 16)}  # fmt: skip
    made.write(folder / "unet" / "diffusion_pytorch_model.fp16.safetensors", shapes)
    made.write(folder / "unet" / "diffusion_pytorch_model.safetensors", shapes, "F32")
    made.write(folder / "vae" / "diffusion_pytorch_model.safetensors", {"decoder.conv_in.weight": (8, 4, 3, 3)}, "F32")
    made.write(folder / "text_encoder" / "model.safetensors", {"embeddings.token_embedding.weight": (60, 16)})
    for name in ("unet/diffusion_pytorch_model.bin", "unet/flax_model.msgpack", "model.ckpt", "image.png", ".git/x"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def test_a_folder_brings_what_it_needs_and_nothing_twice(registry: Registry, pipeline: Path) -> None:
    entry = add_path(registry, pipeline)
    assert (entry.name, entry.kind, entry.family) == ("my-model", "diffusion", "sd1")
    assert sorted(file.name for file in entry.files) == [
        "model_index.json",
        "scheduler/scheduler_config.json",
        "text_encoder/model.safetensors",
        "tokenizer/merges.txt",
        "tokenizer/vocab.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
    ]
    assert entry.facts["prediction"] == "v"
    assert entry.facts["components"]["unet"]["variant"] == "fp16"  # type: ignore[call-overload,index]
    folder = registry.folder(entry.name)
    assert registry.config_folder(entry.name) == folder
    for file in entry.files:
        assert (folder / file.name).read_bytes() == (pipeline / file.name).read_bytes()
    assert registry.find(entry.sha256) == entry
    assert registry.default("diffusion") == entry


def test_files_are_linked_where_the_disk_allows_it(registry: Registry, pipeline: Path) -> None:
    entry = add_path(registry, pipeline)
    weights = "unet/diffusion_pytorch_model.fp16.safetensors"
    assert (registry.folder(entry.name) / weights).samefile(pipeline / weights)
    registry.remove(entry.name)
    assert (pipeline / weights).exists()


def test_a_single_file_with_its_configuration(registry: Registry, tmp_path: Path) -> None:
    path = made.write(tmp_path / "tune.safetensors", NARROW)
    write_config(tmp_path / "conf")
    entry = add_path(registry, path, AddOptions(reference=str(tmp_path / "conf")))
    assert (entry.family, entry.reference, entry.sha256) == ("sd1", "", entry.files[0].sha256)
    assert registry.path(entry.name).name == "tune.safetensors"
    config = registry.config_folder(entry.name)
    assert config is not None
    assert (config / "tokenizer" / "vocab.json").is_file()
    assert (config / "model_index.json").is_file()


@pytest.mark.parametrize("pasted", ["'{path}'", "{uri}"])
def test_a_path_is_taken_as_clipboards_give_it(registry: Registry, tmp_path: Path, pasted: str) -> None:
    path = made.write(tmp_path / "my tune.safetensors", NARROW)
    write_config(tmp_path / "config")
    options = AddOptions(reference=str(tmp_path / "config"))
    assert add(registry, pasted.format(path=path, uri=path.as_uri()), options).name == "my-tune"


def test_a_single_file_refers_to_the_configuration_of_its_family(registry: Registry, tmp_path: Path) -> None:
    entry = add_path(registry, made.write(tmp_path / "tune.safetensors", NARROW), AddOptions("t"))
    assert (entry.name, entry.reference, entry.title) == (
        "t",
        "config-sd1",
        "tune.safetensors (Stable Diffusion 1.x, float16)",
    )


def test_what_a_part_of_a_checkpoint_lacks_is_said(registry: Registry, pipeline: Path, tmp_path: Path) -> None:
    bare = made.write(tmp_path / "unet only.safetensors", made.unet(16))
    with pytest.raises(InputError, match="lacks the VAE and the text encoder") as caught:
        add_path(registry, bare)
    assert "--config" in caught.value.info.remedy
    whole = add_path(registry, pipeline)
    entry = add_path(registry, bare, AddOptions(reference=whole.name))
    assert entry.reference == whole.name
    assert registry.config_folder(entry.name) == registry.folder(whole.name)


def test_a_reference_of_another_family(registry: Registry, pipeline: Path, tmp_path: Path) -> None:
    whole = add_path(registry, pipeline)
    other = made.write(tmp_path / "x.safetensors", made.below("model.diffusion_model.", made.unet(32, linear=True)))
    with pytest.raises(InputError, match=r"does not configure a checkpoint of Stable Diffusion 2\.x"):
        add_path(registry, other, AddOptions(reference=whole.name))


def test_a_reference_that_is_nothing(registry: Registry, tmp_path: Path) -> None:
    tune = made.write(tmp_path / "tune.safetensors", NARROW)
    with pytest.raises(InputError, match=r"/nowhere is no folder as diffusers writes it"):
        add_path(registry, tune, AddOptions(reference=str(tmp_path / "nowhere")))
    with pytest.raises(InputError, match="no model called 'nowhere'"):
        add_path(registry, tune, AddOptions(reference="nowhere"))


@pytest.mark.parametrize(
    ("config", "facts"),
    [
        ('{"peft_type": "LORA", "r": 8, "lora_alpha": 16, "use_rslora": true}', {"lora_alpha": 16, "use_rslora": True}),
        ("{}", None),
        ("[", None),
    ],
)
def test_peft_s_configuration_beside_a_lora_says_its_scale(registry: Registry, tmp_path: Path, config, facts) -> None:
    layer = "base_model.model.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"
    folder = tmp_path / "Film"
    folder.mkdir()
    shapes = {f"{layer}.lora_A.weight": (8, 768), f"{layer}.lora_B.weight": (320, 8)}
    made.write(folder / "adapter_model.safetensors", shapes)
    (folder / "adapter_config.json").write_text(config)
    entry = add_path(registry, folder)
    assert (entry.name, entry.kind, entry.facts.get("adapter")) == ("film", "lora", facts)


def test_what_a_person_knows_better(registry: Registry, tmp_path: Path) -> None:
    path = made.write(tmp_path / "vae.safetensors", {
        "encoder.conv_in.weight": (8, 3, 3, 3), "decoder.conv_in.weight": (8, 4, 3, 3), "decoder.up.0.x": (1,),
    })  # fmt: skip
    assert add_path(registry, path).family == ""
    assert add_path(registry, path, AddOptions(family="sdxl")).family == "sdxl"
    tune = made.write(tmp_path / "tune.safetensors", NARROW)
    entry = add_path(registry, tune, AddOptions(variant="turbo", prediction="v"))
    assert (entry.facts["variant"], entry.facts["prediction"]) == ("turbo", "v")
    with pytest.raises(InputError, match="its shapes say so"):
        add_path(registry, tune, AddOptions(family="sdxl"))


class Code:
    def __reduce__(self):
        return (print, ("code from a pickle must never run",))


@pytest.mark.usefixtures("probed_here")
def test_pickles_only_on_request(registry: Registry, tmp_path: Path) -> None:
    import torch

    path = tmp_path / "toy.pt"
    torch.save({"string_to_param": {"*": torch.ones(3, 768)}, "name": "toy", "step": 5}, path)
    with pytest.raises(InputError) as caught:
        add_path(registry, path)
    assert "--allow-pickle" in caught.value.info.remedy
    entry = add_path(registry, path, AddOptions(allow_pickle=True))
    assert (entry.kind, entry.family, entry.files[0].name) == ("embedding", "sd1", "toy.safetensors")
    assert entry.source.options["original"] == str(path)
    assert registry.path("toy").name == "toy.safetensors"
    weights = {key: torch.zeros(shape, dtype=torch.float16) for key, shape in NARROW.items()}
    torch.save({"state_dict": weights, "global_step": 7, "epoch": 1}, tmp_path / "old.ckpt")
    entry = add_path(registry, tmp_path / "old.ckpt", AddOptions(allow_pickle=True))
    assert (entry.kind, entry.family, entry.facts["precision"]) == ("diffusion", "sd1", "float16")


def test_of_pickles_only_weights(registry: Registry, tmp_path: Path, capfd) -> None:
    import torch

    torch.save({"string_to_param": {"*": torch.ones(3, 768)}, "code": Code()}, tmp_path / "evil.pt")
    with pytest.raises(InputError, match="more than weights"):
        add_path(registry, tmp_path / "evil.pt", AddOptions(allow_pickle=True))
    assert "must never run" not in "".join(capfd.readouterr())


def test_folders_that_are_no_model(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"neither a model_index\.json nor"):
        add_path(registry, tmp_path)
    made.write(tmp_path / "toy.safetensors", {"emb_params": (2, 768)})
    assert add_path(registry, tmp_path).kind == "embedding"
    made.write(tmp_path / "b.safetensors", {"emb_params": (2, 768)})
    with pytest.raises(InputError, match="several checkpoints"):
        add_path(registry, tmp_path)


def test_a_component_with_pickles_only(registry: Registry, pipeline: Path) -> None:
    (pipeline / "text_encoder" / "model.safetensors").rename(pipeline / "text_encoder" / "pytorch_model.bin")
    with pytest.raises(InputError, match="text_encoder has its weights only as pickles"):
        add_path(registry, pipeline)


def test_the_default_is_the_user_s_choice(registry: Registry, pipeline: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no checkpoint to render with") as caught:
        registry.default("diffusion")
    assert "foveate models add" in caught.value.info.remedy
    first, second = add_path(registry, pipeline, AddOptions("a")), add_path(registry, pipeline, AddOptions("b"))
    assert registry.default("diffusion") == first
    registry.set_default("b")
    assert Registry(registry.cache_dir, entries=[]).default("diffusion") == second
    registry.remove("b")
    assert registry.default("diffusion") == first
    add_path(registry, made.write(tmp_path / "toy.safetensors", {"emb_params": (2, 768)}))
    with pytest.raises(InputError, match="by itself"):
        registry.set_default("toy")


def test_a_checkpoint_that_was_changed_in_place_is_refused(registry: Registry, tmp_path: Path) -> None:
    path = made.write(tmp_path / "toy.safetensors", {"emb_params": (2, 768)})
    add_path(registry, path)
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"x")
    with pytest.raises(ResourceError, match="SHA-256 differs"):
        registry.path("toy")


def test_no_model_takes_the_place_of_another(registry: Registry, tmp_path: Path) -> None:
    first = made.write(tmp_path / "a" / "toy.safetensors", {"emb_params": (2, 768)})
    second = made.write(tmp_path / "b" / "toy.safetensors", {"emb_params": (3, 768)})
    entry = add_path(registry, first)
    with pytest.raises(InputError, match="already another model called toy") as caught:
        add_path(registry, second)
    assert "--name" in caught.value.info.remedy
    assert registry.entry("toy") == entry
    made.write(first, {"emb_params": (4, 768)})  # the same file, made anew
    assert add_path(registry, first).facts["vectors"] == 4


def test_a_file_with_everybody_s_name_takes_its_folder_s(registry: Registry, tmp_path: Path) -> None:
    path = made.write(tmp_path / "Film Grain" / "pytorch_lora_weights.safetensors", {"emb_params": (2, 768)})
    assert add_path(registry, path).name == "film-grain"


def test_an_autoencoder_brings_its_configuration(registry: Registry, tmp_path: Path) -> None:
    shapes = {
        "encoder.conv_in.weight": (8, 3, 3, 3),
        "decoder.conv_in.weight": (8, 4, 3, 3),
        "decoder.up_blocks.0.x": (1,),
    }
    path = made.write(tmp_path / "xl-vae" / "diffusion_pytorch_model.safetensors", shapes)
    (path.parent / "config.json").write_text('{"_class_name": "AutoencoderKL", "scaling_factor": 0.13025}')
    entry = add_path(registry, path.parent)
    assert (entry.name, entry.kind, entry.family) == ("xl-vae", "vae", "sdxl")
    assert entry.sha256 == entry.files[0].sha256
    assert (registry.folder(entry.name) / "config.json").is_file()


def test_someone_else_s_configuration_is_no_hindrance(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("no json")
    assert add_path(registry, made.write(tmp_path / "tune.safetensors", NARROW)).kind == "diffusion"


def test_of_a_small_autoencoder_s_folder_the_described_file_is_taken(registry: Registry, tmp_path: Path) -> None:
    folder = tmp_path / "taesdxl"
    made.write(folder / "diffusion_pytorch_model.safetensors", made.below("decoder.layers.", made.tiny_decoder()))
    made.write(folder / "taesdxl_decoder.safetensors", made.tiny_decoder(first=1))
    with pytest.raises(InputError, match="several checkpoints"):
        add_path(registry, folder)
    (folder / "config.json").write_text('{"_class_name": "AutoencoderTiny"}')
    entry = add_path(registry, folder, AddOptions(family="sdxl"))
    assert (entry.name, entry.kind, entry.family) == ("taesdxl", "preview", "sdxl")
    assert (registry.folder(entry.name) / "config.json").is_file()
